import Core
package import Hummingbird
import Logging
package import Service

/// The routes of the API; one file a noun.
package enum APIRouter {
    /// The whole router of a server.
    package static func make(backend: Backend, token: String?) -> Router<BasicRequestContext> {
        make(backend: backend, bodies: EventBody(backend: backend), token: token)
    }

    /// The router of a server that reads bodies of events elsewhere, too.
    static func make(
        backend: Backend,
        bodies: EventBody,
        token: String?
    ) -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: ErrorAnswers())
        if let token { router.add(middleware: TokenCheck(token: token)) }
        router.add(middleware: PooledRequests(exceptions: EventPost.paths))
        let silent = SilentCount(backend)
        HealthRoutes(backend: backend, silent: silent).add(to: router)
        EventRoutes(backend: backend, bodies: bodies).add(to: router)
        InfluxRoutes(backend: backend, bodies: bodies).add(to: router)
        SendRoutes(backend: backend).add(to: router)
        DeadLetterRoutes(backend: backend).add(to: router)
        RegistryRoutes(backend: backend).add(to: router)
        FleetRoutes(backend: backend).add(to: router)
        PipelineRoutes(backend: backend).add(to: router)
        RunRoutes(backend: backend).add(to: router)
        SeriesRoutes(backend: backend).add(to: router)
        WindowRoutes(backend: backend).add(to: router)
        StatusPage(backend: backend, silent: silent).add(to: router)
        return router
    }
}

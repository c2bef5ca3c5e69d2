/// Names a version of a fleet: `plant@production` by alias, or `plant@3` by number.
package struct FleetReference: Sendable, Hashable, CustomStringConvertible {
    /// How the version is named.
    package enum Target: Sendable, Hashable {
        case alias(String)
        case version(Int)
    }

    package static let defaultAlias = "production"

    package let name: String
    package let target: Target

    package init(name: String, target: Target) {
        self.name = name
        self.target = target
    }

    /// Reads `name`, `name@alias` or `name@number`.
    init(_ text: String) throws(ScalarProblem) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, parts.count <= 2, Scalar.isName(name) else {
            throw ScalarProblem(
                "\"\(text.prefix(80))\" is not a fleet; write name, name@alias or name@version"
            )
        }
        self.name = name
        guard parts.count == 2 else {
            target = .alias(Self.defaultAlias)
            return
        }
        if let version = Int(parts[1]), version >= 1 {
            target = .version(version)
        } else if Scalar.isName(parts[1]), parts[1].contains(where: \.isLetter) {
            target = .alias(parts[1])
        } else {
            throw ScalarProblem(
                "\"\(parts[1].prefix(40))\" is neither an alias nor a version number from 1 up"
            )
        }
    }

    package var description: String {
        switch target {
        case .alias(let alias): "\(name)@\(alias)"
        case .version(let version): "\(name)@\(version)"
        }
    }
}

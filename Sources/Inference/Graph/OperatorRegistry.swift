/// Every operator that can be evaluated, found by domain, name and imported version.
package enum OperatorRegistry {
    /// The newest versions of the domains whose rules are known.
    package static let knownVersions = ["": 27, "ai.onnx.ml": 5, "com.microsoft": 1]

    private static let table: [String: [String: any GraphOperator.Type]] = {
        var table: [String: [String: any GraphOperator.Type]] = [:]
        for type in TensorOperators.all + MLOperators.all {
            table[type.domain, default: [:]][type.name] = type
        }
        return table
    }()

    /// All operators as `domain.Name`, sorted, for messages and documentation.
    package static var names: [String] {
        table.flatMap { domain, operators in
            operators.keys.map { "\(domain.isEmpty ? "ai.onnx" : domain).\($0)" }
        }.sorted()
    }

    /// The operator, whatever the version.
    package static func find(domain: String, name: String) -> (any GraphOperator.Type)? {
        table[domain]?[name]
    }

    /// The operator and the since-version that a file's import of the domain means.
    ///
    /// - Throws: `GraphError` naming operator, domain and version, and what there is instead.
    package static func resolve(
        domain: String,
        name: String,
        imported: Int
    ) throws(GraphError) -> (operator: any GraphOperator.Type, version: Int) {
        let domainText = domain.isEmpty ? "ai.onnx" : domain
        guard let known = knownVersions[domain], let operators = table[domain] else {
            throw GraphError(
                .unsupported,
                "operator \(name) of domain \(domainText) is not supported; supported domains are "
                    + knownVersions.keys.map { $0.isEmpty ? "ai.onnx" : $0 }.sorted()
                    .joined(separator: ", ")
            )
        }
        guard let type = operators[name] else {
            throw GraphError(
                .unsupported,
                "operator \(name) of domain \(domainText) version \(imported) is not supported; "
                    + "supported are " + operators.keys.sorted().joined(separator: ", ")
            )
        }
        guard imported <= known else {
            throw GraphError(
                .unsupported,
                "operator \(name): version \(imported) of domain \(domainText) is not supported; "
                    + "export for version \(known) or older"
            )
        }
        guard let version = type.versions.last(where: { $0 <= imported }) else {
            throw GraphError(
                .unsupported,
                "operator \(name) of domain \(domainText) version \(imported) is not supported; "
                    + "supported from version \(type.versions.first ?? 1) on"
            )
        }
        return (type, version)
    }
}

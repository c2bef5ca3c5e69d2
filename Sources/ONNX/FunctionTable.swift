/// The functions a file defines itself, by domain, name and overload.
struct FunctionTable {
    private var functions: [String: Onnx_FunctionProto] = [:]

    init(_ functions: [Onnx_FunctionProto]) {
        for function in functions {
            let key = Self.key(function.domain, function.name, function.overload)
            self.functions[key] = function
        }
    }

    /// The function a node calls, if it calls one.
    func find(_ node: Onnx_NodeProto) -> Onnx_FunctionProto? {
        functions.isEmpty ? nil : functions[Self.key(node.domain, node.opType, node.overload)]
    }

    /// Imported versions by domain.
    static func imports(_ messages: [Onnx_OperatorSetIdProto]) -> [String: Int] {
        var imports: [String: Int] = [:]
        for message in messages {
            let domain = message.domain == "ai.onnx" ? "" : message.domain
            imports[domain] = max(imports[domain] ?? 0, Int(message.version))
        }
        return imports
    }

    /// An operator or function for messages: `ai.onnx.Add`.
    static func text(_ domain: String, _ name: String) -> String {
        "\(domain.isEmpty ? "ai.onnx" : domain).\(name)"
    }

    private static func key(_ domain: String, _ name: String, _ overload: String) -> String {
        "\(domain == "ai.onnx" ? "" : domain)\u{0}\(name)\u{0}\(overload)"
    }
}

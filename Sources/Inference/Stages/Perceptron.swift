internal import CVector

/// The layers of a network: linear maps with activations, one after another.
///
/// The same numbers as ``Linear`` stages in a row, without writing down what is between them.
public struct Perceptron: Stage {
    public static let code: UInt16 = 42
    public static let name = "network"
    /// Layers of one network.
    public static let layerCountMax = 64

    public var layers: [Linear]

    public init(layers: [Linear]) {
        self.layers = layers
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        guard (1...Self.layerCountMax).contains(layers.count) else {
            throw .invalid("\(layers.count) layers are not within 1...\(Self.layerCountMax)")
        }
        var width = inputCount
        for layer in layers { width = try layer.outputCount(inputCount: width) }
        return width
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt64(layers.count))
        for layer in layers { layer.encode(into: &writer) }
    }

    public func reference(_ row: [Double]) -> [Double] {
        layers.reduce(row) { $1.reference($0) }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let inputCount: Int
        private let layerCount: Int
        private let widest: Int
        private let reader: StageReader

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let count = try reader.integer(UInt64.self)
            guard (1...UInt64(layerCountMax)).contains(count) else {
                throw reader.corrupt("there are \(count) layers")
            }
            self.reader = reader
            self.inputCount = inputCount
            layerCount = Int(count)
            var (width, widest) = (inputCount, inputCount)
            for _ in 0..<layerCount {
                width = try Linear.View(&reader, inputCount: width).outputCount
                guard width > 0 else { throw reader.corrupt("a layer is empty") }
                widest = max(widest, width)
            }
            outputCount = width
            self.widest = widest
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            withUnsafeTemporaryAllocation(of: CVectorAffine.self, capacity: layerCount) { layers in
                guard let start = layers.baseAddress else { return }
                var (reader, width, count) = (reader, inputCount, 0)
                while count < layerCount {
                    // They were read before, so they are read again.
                    guard let layer = layer(&reader, width) else { return }
                    (start + count).initialize(to: layer)
                    width = layer.outputCount
                    count += 1
                }
                LinearScratch.with(2 * widest) { scratch in
                    _ = cvector_network_as(
                        cvector_best_form(),
                        start,
                        count,
                        widest,
                        rows.values,
                        rows.count,
                        scratch,
                        outputs
                    )
                }
            }
        }

        public var facts: [ModelFact] { [ModelFact("layers", "\(layerCount)")] }

        private func layer(_ reader: inout StageReader, _ width: Int) -> CVectorAffine? {
            do {
                return try Linear.View(&reader, inputCount: width).native
            } catch {
                return nil
            }
        }
    }
}

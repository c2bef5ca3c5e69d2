import Testing

@testable import Inference

@Suite("tensor operators")
struct TensorOperatorTests {
    @Test("16-bit numbers round to the nearest and come back")
    func halves() {
        for bits in UInt16.min...UInt16.max {
            let half = Half(bits: bits)
            if !half.float.isNaN { #expect(Half(half.float) == half) }
            let brain = BFloat16(bits: bits)
            if !brain.float.isNaN { #expect(BFloat16(brain.float) == brain) }
        }
        #expect(Half(65_519).float == 65_504)
        #expect(Half(65_520).float == .infinity)
        #expect(Half(Float(bitPattern: 0x3300_0000)).float == 0)
        #expect(Half(Float.nan).float.isNaN)
    }

    @Test("integers wrap, and are divided by zero with an error")
    func integers() throws {
        let most = Tensor.ints([.max])
        #expect(try OperatorRun.one("Add", 14, [most, .ints([1])]) == .ints([.min]))
        #expect(try OperatorRun.one("Div", 14, [.ints([.min]), .ints([-1])]) == .ints([.min]))
        #expect(try OperatorRun.one("Div", 14, [.ints([-7]), .ints([2])]) == .ints([-3]))
        #expect(try OperatorRun.one("Neg", 13, [.ints([.min])]) == .ints([.min]))
        #expect(try OperatorRun.one("Abs", 13, [.ints([.min])]) == .ints([.min]))
        #expect(throws: GraphError.self) {
            try OperatorRun.one("Div", 14, [.ints([1]), .ints([0])])
        }
    }

    @Test("a cast never traps: NaN and what is out of range become the smallest number")
    func casts() throws {
        let wild = Tensor(.float([.nan, .infinity, -1e30, 2.9, -2.9]))
        let to64 = try OperatorRun.one("Cast", 13, [wild], ["to": .int(7)])
        #expect(to64 == .ints([.min, .min, .min, 2, -2]))
        let to32 = try OperatorRun.one("Cast", 13, [wild], ["to": .int(6)])
        #expect(to32 == Tensor(.int32([.min, .min, .min, 2, -2])))
        let text = try OperatorRun.one(
            "Cast",
            13,
            [Tensor(.string(["1.5", "-INF"]))],
            ["to": .int(1)]
        )
        #expect(text == Tensor(.float([1.5, -.infinity])))
        #expect(throws: GraphError.self) {
            try OperatorRun.one("Cast", 13, [Tensor(.string(["x"]))], ["to": .int(1)])
        }
        #expect(throws: GraphError.self) {
            try OperatorRun.one("Cast", 13, [wild], ["to": .int(99)])
        }
    }

    @Test("32-bit numbers stay 32-bit numbers")
    func types() throws {
        let tenth = Tensor(.float([0.1]))
        let sum = try OperatorRun.one("Add", 14, [tenth, Tensor(.float([0.2]))])
        #expect(sum == Tensor(.float([Float(0.1) + Float(0.2)])))
        #expect(throws: GraphError.self) {
            try OperatorRun.one("Add", 14, [tenth, Tensor(.double([0.2]))])
        }
    }

    @Test("NaN wins in extremes; the first one is the position of the largest")
    func nan() throws {
        let values = Tensor(.float([1, .nan, 3, .nan]))
        let top = try OperatorRun.one("ReduceMax", 18, [values], ["keepdims": .int(0)])
        #expect(try top.floats()[0].isNaN)
        let position = try OperatorRun.one("ArgMax", 13, [values])
        #expect(position == .ints([1]))
        let last = try OperatorRun.one("ArgMax", 13, [values], ["select_last_index": .int(1)])
        #expect(last == .ints([3]))
        let larger = try OperatorRun.one("Max", 13, [values, Tensor(.float([2]))])
        #expect(try larger.floats()[1].isNaN)
        #expect(try larger.floats()[2] == 3)
    }

    @Test("equal elements stay in order among the largest, few and many")
    func ties() throws {
        let values = Tensor(.float((0..<100).map { Float($0 % 7) }))
        for count in [10, 60] {
            let outputs = try OperatorRun.all(
                "TopK",
                11,
                [values, .ints([Int64(count)])],
                outputs: 2
            )
            let order = (0..<100).sorted { ($1 % 7, $0) < ($0 % 7, $1) }
            #expect(try outputs[1].integers() == Array(order[..<count]))
        }
    }

    @Test("older versions take their attributes")
    func attributes() throws {
        let matrix = try Tensor.floats([1, 2, 3], [1, 2, 3, 4, 5, 6])
        let axes = ["axes": GraphAttribute.ints([0])]
        #expect(try OperatorRun.one("Squeeze", 11, [matrix], axes).shape == [2, 3])
        #expect(try OperatorRun.one("Unsqueeze", 11, [matrix], axes).shape == [1, 1, 2, 3])
        let sum = try OperatorRun.one("ReduceSum", 11, [matrix], ["axes": .ints([-1])])
        #expect(try sum == .floats([1, 2, 1], [6, 15]))
        let mean = try OperatorRun.one(
            "ReduceMean",
            13,
            [matrix],
            ["axes": .ints([1]), "keepdims": .int(0)]
        )
        #expect(try mean == .floats([1, 3], [2.5, 3.5, 4.5]))
        let clip = try OperatorRun.one("Clip", 6, [matrix], ["min": .float(2), "max": .float(5)])
        #expect(try clip == .floats([1, 2, 3], [2, 2, 3, 4, 5, 5]))
        let top = try OperatorRun.all("TopK", 1, [matrix], ["k": .int(1)], outputs: 2)
        #expect(try top[0] == .floats([1, 2, 1], [3, 6]))
        let slice = try OperatorRun.one(
            "Slice",
            1,
            [matrix],
            ["axes": .ints([2]), "starts": .ints([-2]), "ends": .ints([100])]
        )
        #expect(try slice == .floats([1, 2, 2], [2, 3, 5, 6]))
        let reshape = try OperatorRun.one("Reshape", 1, [matrix], ["shape": .ints([3, -1])])
        #expect(reshape.shape == [3, 2])
        let split = try OperatorRun.all(
            "Split",
            2,
            [matrix],
            ["axis": .int(2), "split": .ints([1, 2])],
            outputs: 2
        )
        #expect(split.map(\.shape) == [[1, 2, 1], [1, 2, 2]])
    }

    @Test("before version 13 the softmax takes everything from its axis on as one row")
    func softmax() throws {
        let zeros = try Tensor.floats([1, 2, 2], [0, 0, 0, 0])
        let old = try OperatorRun.one("Softmax", 11, [zeros])
        #expect(try old.floats() == [0.25, 0.25, 0.25, 0.25])
        let new = try OperatorRun.one("Softmax", 13, [zeros])
        #expect(try new.floats() == [0.5, 0.5, 0.5, 0.5])
    }

    @Test("distances in one call, for both metrics")
    func distances() throws {
        let a = try Tensor.floats([2, 2], [0, 0, 3, 4])
        let b = try Tensor.floats([1, 2], [0, 0])
        for (metric, expected) in [("euclidean", Float(5)), ("sqeuclidean", 25)] {
            let result = try OperatorRun.all(
                "CDist",
                1,
                [a, b],
                ["metric": .string(metric)],
                domain: "com.microsoft"
            )
            #expect(try result == [.floats([2, 1], [0, expected])])
        }
    }

    @Test("a training dropout is refused")
    func training() throws {
        #expect(throws: GraphError.self) {
            try OperatorRun.one(
                "Dropout",
                13,
                [Tensor(.float([1])), Tensor(.float([0.5])), Tensor(.bool([true]))]
            )
        }
    }
}

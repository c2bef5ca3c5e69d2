internal import Inference

/// What a `module.name` in a pickle may stand for; it is never imported or called.
enum PickleGlobal: Equatable, BitwiseCopyable {
    // numpy and the standard library.
    case arrayReconstruct
    case arrayFromBuffer
    case arrayType
    case dtype
    case scalar
    case encode
    case bytesType
    case setType
    case objectType
    case orderedDict
    case objectReconstructor
    case sliceType
    /// A numpy function of one number, and how old versions write one: by module and name.
    case function(ElementFunction)
    case ufuncReconstruct
    // joblib.
    case arrayWrapper
    case separateFileWrapper
    case pipeline
    /// An estimator with a rule, by its index in ``EstimatorRegistry``.
    case estimator(UInt16)
    /// A sparse matrix, decoded only to be named in an error.
    case sparseMatrix
    /// A harmless part of an estimator (random state, scalar type), kept unread.
    case opaque
    /// Any other `sklearn.*` name: a part of an estimator that its rule reads, or to be named.
    case otherSklearn

    /// Whether the name stands for a class whose instances are kept as objects.
    var isClass: Bool {
        switch self {
        case .arrayWrapper, .pipeline, .estimator, .sparseMatrix, .opaque, .otherSklearn,
            .sliceType:
            true
        default: false
        }
    }

    /// Looks a name up in the allow-list; nil when it is not on it.
    static func find(module: String, name: String) -> PickleGlobal? {
        if let known = known["\(module).\(name)"] { return known }
        if isNumpy(module), let function = ElementFunction(numpyName: name) {
            return .function(function)
        }
        // How scikit-learn 1.1 to 1.5 write the compiled half of a loss.
        if module == "_loss", isIdentifier(name),
            name.hasPrefix("Cy") || name.hasPrefix("__pyx_unpickle_Cy")
        {
            return .opaque
        }
        guard module.hasPrefix("sklearn."), !module.hasPrefix("sklearn.externals."),
            isIdentifier(name), module.split(separator: ".").allSatisfy({ isIdentifier($0) })
        else { return nil }
        if let index = EstimatorRegistry.find(module: module, name: name) {
            return .estimator(UInt16(index))
        }
        return .otherSklearn
    }

    /// Whether a module is one where pickle finds numpy's functions, which differs by version.
    private static func isNumpy(_ module: String) -> Bool {
        module == "numpy"
            || ["numpy.core.", "numpy._core.", "numpy.lib."].contains { module.hasPrefix($0) }
    }

    private static func isIdentifier(_ text: some StringProtocol) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte == 0x5F || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte)
            }
    }

    private static let known: [String: PickleGlobal] = {
        var table: [String: PickleGlobal] = [:]
        func add(_ global: PickleGlobal, _ modules: [String], _ names: [String]) {
            for module in modules {
                for name in names { table["\(module).\(name)"] = global }
            }
        }
        let builtins = ["builtins", "__builtin__"]
        let multiarray = ["numpy.core.multiarray", "numpy._core.multiarray"]
        add(.arrayReconstruct, multiarray, ["_reconstruct"])
        add(.scalar, multiarray, ["scalar"])
        add(.arrayFromBuffer, ["numpy.core.numeric", "numpy._core.numeric"], ["_frombuffer"])
        add(.arrayType, ["numpy"], ["ndarray", "memmap", "matrix"])
        add(.dtype, ["numpy"], ["dtype"])
        add(.encode, ["_codecs", "codecs"], ["encode"])
        add(.bytesType, builtins, ["bytes", "bytearray"])
        add(.setType, builtins, ["set", "frozenset"])
        add(.objectType, builtins, ["object"])
        add(.sliceType, builtins, ["slice"])
        add(.ufuncReconstruct, ["numpy.core", "numpy._core"], ["_ufunc_reconstruct"])
        add(.orderedDict, ["collections"], ["OrderedDict"])
        add(.objectReconstructor, ["copyreg", "copy_reg"], ["_reconstructor"])
        let joblib = ["joblib", "sklearn.externals.joblib"]
        let pickles = joblib.flatMap { ["\($0).numpy_pickle", "\($0).numpy_pickle_compat"] }
        add(.arrayWrapper, pickles, ["NumpyArrayWrapper"])
        add(.separateFileWrapper, pickles, ["NDArrayWrapper", "ZNDArrayWrapper"])
        add(.pipeline, ["sklearn.pipeline"], ["Pipeline"])
        add(
            .sparseMatrix,
            ["scipy.sparse", "scipy.sparse.csr", "scipy.sparse._csr"],
            ["csr_matrix", "csr_array"]
        )
        addOpaque(to: &table)
        return table
    }()

    private static func addOpaque(to table: inout [String: PickleGlobal]) {
        let names = [
            "functools.partial",
            "numpy.float64", "numpy.float32", "numpy.int64", "numpy.int32", "numpy.bool_",
            "numpy.bool", "numpy.str_", "numpy.object_", "numpy.nan",
            "numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__generator_ctor",
            "numpy.random._pickle.__bit_generator_ctor", "numpy.random.__RandomState_ctor",
            "numpy.random._mt19937.MT19937", "numpy.random._pcg64.PCG64",
            "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
            "numpy.random.bit_generator.SeedSequence", "numpy.random._generator.Generator",
            "numpy.random.mtrand.RandomState",
        ]
        for name in names { table[name] = .opaque }
    }
}

/// What a `module.name` in a pickle may stand for; it is never imported or called.
enum PickleGlobal: UInt8 {
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
    // joblib.
    case arrayWrapper
    case separateFileWrapper
    // Estimators with a native form.
    case pipeline
    case standardScaler
    case minMaxScaler
    case robustScaler
    case pca
    case oneClassSVM
    /// A sparse matrix, decoded only to be named in an error.
    case sparseMatrix
    /// A harmless part of an estimator (random state, scalar type), kept unread.
    case opaque
    /// Any other `sklearn.*` name, decoded only to be named in an error.
    case otherSklearn

    /// Whether the name stands for a class whose instances are kept as objects.
    var isClass: Bool {
        switch self {
        case .arrayWrapper, .pipeline, .standardScaler, .minMaxScaler, .robustScaler, .pca,
            .oneClassSVM, .sparseMatrix, .opaque, .otherSklearn:
            true
        default: false
        }
    }

    /// Looks a name up in the allow-list; nil when it is not on it.
    static func find(module: String, name: String) -> PickleGlobal? {
        if let known = known["\(module).\(name)"] { return known }
        guard module.hasPrefix("sklearn."), !module.hasPrefix("sklearn.externals."),
            isIdentifier(name), module.split(separator: ".").allSatisfy({ isIdentifier($0) })
        else { return nil }
        return .otherSklearn
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
        add(.orderedDict, ["collections"], ["OrderedDict"])
        add(.objectReconstructor, ["copyreg", "copy_reg"], ["_reconstructor"])
        let joblib = ["joblib", "sklearn.externals.joblib"]
        let pickles = joblib.flatMap { ["\($0).numpy_pickle", "\($0).numpy_pickle_compat"] }
        add(.arrayWrapper, pickles, ["NumpyArrayWrapper"])
        add(.separateFileWrapper, pickles, ["NDArrayWrapper", "ZNDArrayWrapper"])
        add(.pipeline, ["sklearn.pipeline"], ["Pipeline"])
        let preprocessing = [
            "sklearn.preprocessing", "sklearn.preprocessing.data", "sklearn.preprocessing._data",
        ]
        add(.standardScaler, preprocessing, ["StandardScaler"])
        add(.minMaxScaler, preprocessing, ["MinMaxScaler"])
        add(.robustScaler, preprocessing, ["RobustScaler"])
        let decomposition = ["sklearn.decomposition"]
        add(.pca, decomposition + decomposition.flatMap { ["\($0).pca", "\($0)._pca"] }, ["PCA"])
        add(
            .oneClassSVM,
            ["sklearn.svm", "sklearn.svm.classes", "sklearn.svm._classes"],
            ["OneClassSVM"]
        )
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

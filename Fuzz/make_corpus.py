"""Writes small scikit-learn and ONNX files into Fuzz/corpus; see docs/fuzzing.md.

    python Fuzz/make_corpus.py          with scikit-learn, skl2onnx and lz4 installed
"""

import pathlib
import pickle
import pickletools
import string

import joblib
import numpy as np
import onnx
import onnx.helper as oh
from skl2onnx import to_onnx
from sklearn import (
    cluster,
    compose,
    covariance,
    decomposition,
    discriminant_analysis,
    ensemble,
    impute,
    kernel_approximation,
    linear_model,
    mixture,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

CORPUS = pathlib.Path(__file__).parent / "corpus"
BYTES_MAX = 8_000
WORD = string.ascii_letters + string.digits + "_."

rng = np.random.default_rng(1)
X = rng.standard_normal((12, 2)).round(2)
Y = X[:, 0] + 2 * X[:, 1]
C = np.digitize(Y, [-0.5, 0.5])
B = (Y > 0).astype(int)
T = np.array(["low", "high"])[B]


def after(*steps):
    return pipeline.make_pipeline(*steps)


def models():
    scaler = preprocessing.StandardScaler()
    few = {"n_estimators": 2, "random_state": 0}
    yield "svm-rbf", after(scaler, svm.OneClassSVM()), None
    yield "svm-poly", svm.OneClassSVM(kernel="poly", degree=2), None
    yield "svc-text", svm.SVC(probability=False), T
    yield "svc-three", svm.SVC(decision_function_shape="ovr"), C
    yield "svr", svm.NuSVR(), Y
    yield "linear-svc", svm.LinearSVC(), B
    yield "isolation-forest", ensemble.IsolationForest(max_samples=6, **few), None
    yield "tree", tree.DecisionTreeRegressor(max_depth=2), Y
    yield "forest", ensemble.RandomForestClassifier(max_depth=2, **few), T
    yield "boosting", ensemble.GradientBoostingClassifier(max_depth=1, **few), B
    yield "hist", ensemble.HistGradientBoostingRegressor(
        max_iter=2, max_bins=4, min_samples_leaf=2
    ), Y
    yield "ridge", after(preprocessing.PolynomialFeatures(2), linear_model.Ridge()), Y
    yield "logistic", after(preprocessing.MinMaxScaler(), linear_model.LogisticRegression()), C
    yield "sgd", linear_model.SGDOneClassSVM(random_state=0), None
    yield "nystroem", after(
        kernel_approximation.Nystroem(n_components=3, random_state=0),
        linear_model.SGDOneClassSVM(random_state=0),
    ), None
    yield "mixture", mixture.GaussianMixture(2, random_state=0), None
    yield "envelope", covariance.EllipticEnvelope(random_state=0), None
    yield "kmeans", cluster.KMeans(2, n_init=1, random_state=0), None
    yield "lda", discriminant_analysis.LinearDiscriminantAnalysis(), C
    yield "bayes", naive_bayes.GaussianNB(), T
    yield "categories", after(
        preprocessing.KBinsDiscretizer(
            3, encode="ordinal", quantile_method="averaged_inverted_cdf"
        ),
        naive_bayes.CategoricalNB(),
    ), B
    yield "outlier-factor", neighbors.LocalOutlierFactor(3, novelty=True), None
    yield "neighbours", neighbors.KNeighborsRegressor(2), Y
    yield "density", neighbors.KernelDensity(), None
    yield "perceptron", neural_network.MLPRegressor(
        hidden_layer_sizes=(2,), max_iter=3, random_state=0
    ), Y
    yield "pca", after(
        impute.SimpleImputer(),
        preprocessing.RobustScaler(),
        decomposition.PCA(1),
        svm.OneClassSVM(),
    ), None
    yield "quantiles", after(
        preprocessing.QuantileTransformer(n_quantiles=4, output_distribution="normal"),
        preprocessing.Normalizer(),
        linear_model.LinearRegression(),
    ), Y
    yield "power", after(preprocessing.PowerTransformer(), svm.OneClassSVM()), None
    yield "function", after(preprocessing.FunctionTransformer(np.tanh), svm.OneClassSVM()), None
    yield "columns", after(
        compose.ColumnTransformer(
            [("a", scaler, [0]), ("b", preprocessing.Binarizer(), [1])], remainder="passthrough"
        ),
        svm.OneClassSVM(),
    ), None


def fitted():
    for name, model, target in models():
        model.fit(X) if target is None else model.fit(X, target)
        yield name, model


def write(folder, name, data):
    if len(data) > BYTES_MAX:
        print(f"left out {folder}/{name}: {len(data)} bytes")
        return
    path = CORPUS / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / name).write_bytes(data)


def pickles():
    for index, (name, model) in enumerate(fitted()):
        # Each model in one protocol, so that all of them are there.
        data = pickle.dumps(model, protocol=(4, 5, 2, 3)[index % 4])
        write("pickle", name, data)
    small = svm.OneClassSVM().fit(X[:4])
    for protocol in range(6):
        write("pickle", f"protocol-{protocol}", pickle.dumps(small, protocol=protocol))
    write("pickle", "optimized", pickletools.optimize(pickle.dumps(small, protocol=4)))


def joblibs():
    forms = [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3), ("lz4", 3)]
    small = svm.OneClassSVM().fit(X[:4])
    chain = after(preprocessing.StandardScaler(), svm.OneClassSVM()).fit(X[:5])
    path = CORPUS / "scratch.joblib"
    CORPUS.mkdir(exist_ok=True)
    for form in forms:
        name = form[0] if form else "raw"
        joblib.dump(small, path, compress=form)
        write("joblib", name, path.read_bytes())
        joblib.dump(chain, path, compress=form, protocol=2)
        write("joblib", f"chain-{name}", path.read_bytes())
    plain = {"forest", "svc-text", "hist", "neighbours", "columns", "mixture"}
    for name, model in fitted():
        if name in plain:
            joblib.dump(model, path)
            write("joblib", name, path.read_bytes())
    joblib.dump(svm.OneClassSVM().fit(np.asfortranarray(X)), path)
    write("joblib", "fortran", path.read_bytes())
    path.unlink()


def operators():
    """Graphs of a few nodes each, for operators that converters seldom write."""
    f, i = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64

    def ints(name, values):
        return oh.make_tensor(name, i, [len(values)], values)

    def graph(name, nodes, constants=(), shape=("n", 2), kind=f):
        out = oh.make_empty_tensor_value_info("y")
        entry = oh.make_tensor_value_info("x", kind, list(shape))
        made = oh.make_graph(nodes, "g", [entry], [out], list(constants))
        imports = [oh.make_opsetid("", 18), oh.make_opsetid("ai.onnx.ml", 3)]
        return name, oh.make_model(made, opset_imports=imports, ir_version=9)

    def node(kind, inputs, outputs=("y",), **attributes):
        return oh.make_node(kind, list(inputs), list(outputs), **attributes)

    yield graph("gather", [node("Gather", ["x", "k"], axis=1)], [ints("k", [0, -1])])
    yield graph(
        "slice", [node("Slice", ["x", "s", "e", "a", "t"])],
        [ints("s", [-1]), ints("e", [-9]), ints("a", [1]), ints("t", [-1])],
    )
    yield graph("reshape", [node("Reshape", ["x", "k"])], [ints("k", [0, -1, 1])])
    yield graph("einsum", [node("Einsum", ["x", "x"], equation="ij,kj->ik")])
    yield graph("topk", [node("TopK", ["x", "k"], ["y", "p"], axis=1)], [ints("k", [1])])
    yield graph("split", [node("Split", ["x", "k"], ["y", "z"], axis=1)], [ints("k", [1, 1])])
    yield graph("expand", [node("Expand", ["x", "k"])], [ints("k", [2, 1, 2])])
    yield graph("tile", [node("Tile", ["x", "k"])], [ints("k", [1, 3])])
    yield graph("reduce", [node("ReduceLogSumExp", ["x", "k"], keepdims=0)], [ints("k", [-1])])
    yield graph("shape", [
        node("Shape", ["x"], ["s"]), node("ConstantOfShape", ["s"], ["z"]),
        node("Where", ["m", "x", "z"]),
    ], [oh.make_tensor("m", onnx.TensorProto.BOOL, [1], [True])])
    yield graph("cumsum", [node("CumSum", ["x", "k"], reverse=1)], [ints("k", [1])])
    yield graph("labels", [
        node("LabelEncoder", ["x"], keys_int64s=[1, 2], values_strings=["a", "b"],
             domain="ai.onnx.ml"),
    ], kind=i)
    body = oh.make_graph(
        [node("Add", ["s", "v"], ["t"]), node("Identity", ["t"], ["u"])], "body",
        [oh.make_tensor_value_info("s", f, []), oh.make_tensor_value_info("v", f, [])],
        [oh.make_tensor_value_info("t", f, []), oh.make_tensor_value_info("u", f, [])],
    )
    yield graph("scan", [
        node("Scan", ["z", "x"], ["last", "y"], body=body, num_scan_inputs=1),
    ], [oh.make_tensor("z", f, [], [0.0])], shape=(3,))


def onnxes():
    wanted = {
        "svm-rbf", "svc-text", "svc-three", "svr", "isolation-forest", "tree", "forest",
        "boosting", "hist", "ridge", "logistic", "kmeans", "mixture", "neighbours", "perceptron",
        "pca", "outlier-factor", "bayes",
    }
    for name, model in fitted():
        if name not in wanted:
            continue
        try:
            proto = to_onnx(model, X[:1].astype(np.float32), target_opset={"": 18, "ai.onnx.ml": 3})
        except Exception as problem:  # whatever a converter does not know
            print(f"left out onnx/{name}: {problem!r}"[:150])
            continue
        write("onnx", name, proto.SerializeToString())
    for name, proto in operators():
        write("onnx", name, proto.SerializeToString())


def quoted(data):
    plain = (chr(byte) if chr(byte) in WORD else f"\\x{byte:02x}" for byte in data)
    return '"' + "".join(plain) + '"'


def dictionaries():
    """Words of the formats, which libFuzzer puts into its inputs."""
    texts, globals_ = set(), set()
    for path in (CORPUS / "pickle").iterdir():
        for code, value, _ in pickletools.genops(path.read_bytes()):
            if code.name == "GLOBAL":
                globals_.add(b"c" + value.replace(" ", "\n").encode() + b"\n")
            elif isinstance(value, str) and len(value) < 60 and value.isascii():
                texts.add(b"\x8c" + bytes([len(value)]) + value.encode())
    write_words("pickle", globals_ | texts)
    words = set()
    for path in (CORPUS / "onnx").iterdir():
        for node in onnx.load(path).graph.node:
            words |= {node.op_type, node.domain, *(a.name for a in node.attribute)}
    write_words("onnx", {bytes([len(word)]) + word.encode() for word in words if word})


def write_words(name, words):
    folder = CORPUS.parent / "dictionaries"
    folder.mkdir(exist_ok=True)
    lines = [quoted(word) for word in sorted(words)]
    (folder / f"{name}.dict").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    pickles()
    joblibs()
    onnxes()
    dictionaries()

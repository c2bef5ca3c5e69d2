"""Random cases of every ai.onnx.ml operator, answered by onnx.reference and ONNX Runtime."""

import zlib

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

TYPES = {
    np.dtype("float32"): TensorProto.FLOAT,
    np.dtype("float64"): TensorProto.DOUBLE,
    np.dtype("int64"): TensorProto.INT64,
    np.dtype("int32"): TensorProto.INT32,
}
ARITHMETIC = {
    "SVMRegressor", "LinearRegressor", "LinearClassifier", "Scaler", "Normalizer",
    "TreeEnsembleRegressor",
}
NUMBERS = ["float32", "float64", "int64", "int32"]
TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]


def type_of(array):
    return TYPES.get(array.dtype, TensorProto.STRING)


def name_of(array):
    return {1: "float", 11: "double", 7: "int64", 6: "int32", 8: "string"}[type_of(array)]


def described(array):
    return {
        "type": name_of(array),
        "shape": list(array.shape),
        "data": [str(x) for x in array.ravel()] if type_of(array) == 8 else array.ravel(),
    }


def close(left, right):
    if len(left) != len(right):
        return False
    for a, b in zip(left, right):
        if not isinstance(a, np.ndarray) or a.shape != b.shape:
            return False
        if a.dtype.kind in "OUS" or b.dtype.kind in "OUS":
            if [str(x) for x in a.ravel()] != [str(x) for x in b.ravel()]:
                return False
        elif not np.allclose(
            a.astype(float), b.astype(float), rtol=2e-5, atol=2e-6, equal_nan=True
        ):
            return False
    return True


def one_node(op, version, inputs, outputs, attributes):
    names = [f"x{i}" for i in range(len(inputs))]
    outs = [f"y{i}" for i in range(len(outputs))]
    node = helper.make_node(op, names, outs, domain="ai.onnx.ml", **attributes)
    ports = [helper.make_tensor_value_info(n, type_of(a), None) for n, a in zip(names, inputs)]
    graph = helper.make_graph(
        [node],
        "case",
        ports,
        [helper.make_tensor_value_info(n, t, None) for n, t in zip(outs, outputs)],
    )
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", version)]
    return helper.make_model(graph, opset_imports=imports, ir_version=9)


def case(
    op, inputs, outputs, version=1, prefer="reference", expect=None, twin=None, **attributes
):
    """One node; `prefer` names the program whose answer counts when they differ.

    The reference evaluates the node with `twin`'s attributes, when it lacks those of the case.
    """
    model = one_node(op, version, inputs, outputs, attributes)
    known = one_node(op, version, inputs, outputs, twin) if twin else model
    feeds = {f"x{i}": array for i, array in enumerate(inputs)}
    answers = {}
    try:
        # The reference computes in the input's type; integers would cut the coefficients.
        wide = {
            n: a.astype("float32") if a.dtype.kind == "i" and outputs[-1] == 1 else a
            for n, a in feeds.items()
        } if op in ARITHMETIC else feeds
        answers["reference"] = [np.asarray(a) for a in ReferenceEvaluator(known).run(None, wide)]
    except Exception as error:
        reference_error = error
    try:
        runtime = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        answers["runtime"] = [np.asarray(a) for a in runtime.run(None, feeds)]
    except Exception as error:
        runtime_error = error
    if expect is not None:
        answers["standard"] = [np.asarray(a) for a in expect]
        prefer = "standard"
    if not answers:
        raise RuntimeError(f"nobody computes it: {reference_error} / {runtime_error}"[:300])
    chosen = prefer if prefer in answers else next(iter(answers))
    agreeing = [name for name, answer in answers.items() if close(answer, answers[chosen])]
    return {
        "model": model,
        "operator": f"{op}-{version}",
        "oracles": agreeing,
        "others": [name for name in answers if name not in agreeing],
        "inputs": [described(a) for a in inputs],
        "outputs": [described(a) for a in answers[chosen]],
    }


def matrix(rng, rows, columns, dtype, missing=0.0):
    if np.dtype(dtype).kind == "i":
        return rng.integers(-5, 6, size=(rows, columns)).astype(dtype)
    # Halves and quarters are the same numbers in 32 bits.
    values = np.round(rng.normal(0, 2, size=(rows, columns)) * 64) / 64
    values[rng.random(values.shape) < missing] = np.nan
    return values.astype(dtype)


def floats(rng, count, scale=1.0):
    return [float(np.float32(x)) for x in rng.normal(0, scale, size=count)]


def rows_of(rng):
    return int(rng.choice([0, 1, 2, 7, 37]))


def svm_regressor(rng, dtype):
    columns, count = int(rng.integers(1, 6)), int(rng.integers(0, 9))
    kernel = str(rng.choice(["LINEAR", "POLY", "RBF", "SIGMOID"])) if count else "LINEAR"
    x = matrix(rng, rows_of(rng), columns, dtype)
    return case(
        "SVMRegressor",
        [x],
        [TensorProto.FLOAT],
        coefficients=floats(rng, count or columns),
        kernel_params=[0.3, 0.5, float(rng.integers(1, 4))],
        kernel_type=kernel,
        n_supports=count,
        **({"support_vectors": floats(rng, count * columns)} if count else {}),
        one_class=int(rng.random() < 0.2),
        rho=floats(rng, 1),
        post_transform="NONE",
    )


def svm_classifier(rng, dtype):
    columns, classes = int(rng.integers(1, 5)), int(rng.integers(2, 5))
    x = matrix(rng, rows_of(rng), columns, dtype)
    if dtype != "float32":
        x = x.astype("float32")
    per_class = [int(n) for n in rng.integers(1, 4, size=classes)]
    total, pairs = sum(per_class), classes * (classes - 1) // 2
    linear = rng.random() < 0.25
    extra = {}
    if not linear:
        extra = {
            "vectors_per_class": per_class,
            "support_vectors": floats(rng, total * columns),
        }
        if rng.random() < 0.5:
            extra["prob_a"] = [-abs(x) for x in floats(rng, pairs)]
            extra["prob_b"] = floats(rng, pairs, 0.3)
    return case(
        "SVMClassifier",
        [x],
        [TensorProto.INT64, TensorProto.FLOAT],
        classlabels_ints=[int(i) * 3 for i in range(classes)],
        coefficients=floats(rng, classes * columns if linear else (classes - 1) * total),
        kernel_params=[0.3, 0.5, 2.0],
        kernel_type="LINEAR" if linear else str(rng.choice(["LINEAR", "POLY", "RBF", "SIGMOID"])),
        rho=floats(rng, pairs),
        post_transform=str(rng.choice(["NONE", "LOGISTIC", "SOFTMAX"])),
        # The reference multiplies the wrong numbers when it couples three or more classes.
        prefer="runtime" if "prob_a" in extra and classes > 2 else "reference",
        **extra,
    )


def linear_regressor(rng, dtype):
    columns, targets = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    return case(
        "LinearRegressor",
        [matrix(rng, rows_of(rng), columns, dtype)],
        [TensorProto.FLOAT],
        coefficients=floats(rng, targets * columns),
        intercepts=floats(rng, targets),
        targets=targets,
        post_transform="NONE",
    )


def linear_classifier(rng, dtype):
    columns, classes = int(rng.integers(1, 6)), int(rng.integers(2, 5))
    rows = 1 if classes == 2 and rng.random() < 0.5 else classes
    labels = (
        {"classlabels_strings": [f"c{i}" for i in range(classes)]}
        if rng.random() < 0.3
        else {"classlabels_ints": [i * 2 - 1 for i in range(classes)]}
    )
    kind = TensorProto.STRING if "classlabels_strings" in labels else TensorProto.INT64
    return case(
        "LinearClassifier",
        [matrix(rng, max(1, rows_of(rng)), columns, dtype)],
        [kind, TensorProto.FLOAT],
        coefficients=floats(rng, rows * columns),
        intercepts=floats(rng, rows),
        multi_class=0,
        post_transform=str(rng.choice(TRANSFORMS[:4])),
        **labels,
    )


def tree(rng, columns, tree_id, depth, modes):
    """A random tree as lists of node tuples, in depth-first order."""
    nodes = []

    def grow(level):
        index = len(nodes)
        leaf = level == depth or (level > 0 and rng.random() < 0.2)
        nodes.append(None)
        if leaf:
            nodes[index] = (tree_id, index, 0, "LEAF", 0.0, 0, 0, 0)
            return index
        feature = int(rng.integers(0, columns))
        value = float(np.float32(np.round(rng.normal(0, 2) * 64) / 64))
        missing = int(rng.random() < 0.3)
        true = grow(level + 1)
        false = grow(level + 1)
        nodes[index] = (
            tree_id, index, feature, str(rng.choice(modes)), value, true, false, missing,
        )
        return index

    grow(0)
    return nodes


def forest(rng, columns, modes):
    nodes = []
    for tree_id in range(int(rng.integers(1, 6))):
        nodes += tree(rng, columns, tree_id, int(rng.integers(0, 5)), modes)
    names = ["treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids",
             "missing_value_tracks_true"]
    attributes = {f"nodes_{n}": list(v) for n, v in zip(names, zip(*nodes))}
    leaves = [(n[0], n[1]) for n in nodes if n[3] == "LEAF"]
    return attributes, leaves


MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]


def as_tensors(attributes, names):
    """Version 3 takes 64-bit numbers as tensors."""
    for name in names:
        values = attributes.pop(name)
        attributes[name + "_as_tensor"] = helper.make_tensor(
            name, TensorProto.DOUBLE, [len(values)], values
        )


def tree_regressor(rng, dtype, version):
    columns, targets = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    modes = MODES[:1] if rng.random() < 0.5 else MODES
    attributes, leaves = forest(rng, columns, modes)
    votes = []
    for tree_id, node in leaves:
        # Each leaf votes for every target at least, so that the programs agree on what is left out.
        for target in range(targets):
            votes.append((tree_id, node, target))
    attributes.update(
        target_treeids=[v[0] for v in votes],
        target_nodeids=[v[1] for v in votes],
        target_ids=[v[2] for v in votes],
        target_weights=floats(rng, len(votes)),
        n_targets=targets,
        aggregate_function=str(rng.choice(["SUM", "AVERAGE", "MIN", "MAX"])),
        post_transform="NONE",
    )
    if rng.random() < 0.5:
        attributes["base_values"] = floats(rng, targets)
    twin = None
    if version == 3 and dtype == "float64":
        twin = dict(attributes)
        names = ["nodes_values", "target_weights"]
        as_tensors(attributes, names + (["base_values"] if "base_values" in attributes else []))
    x = matrix(rng, max(1, rows_of(rng)), columns, dtype, missing=0.1)
    return case(
        "TreeEnsembleRegressor", [x], [TensorProto.FLOAT], version=version, twin=twin, **attributes
    )


def tree_classifier(rng, dtype, version):
    columns, classes = int(rng.integers(1, 5)), int(rng.integers(2, 5))
    modes = MODES[:1] if rng.random() < 0.5 else MODES
    attributes, leaves = forest(rng, columns, modes)
    one = classes == 2 and rng.random() < 0.5
    votes = [(t, n, c) for t, n in leaves for c in ([0] if one else range(classes))]
    weights = [abs(w) for w in floats(rng, len(votes))]
    if rng.random() < 0.5:
        weights = floats(rng, len(votes))
    attributes.update(
        class_treeids=[v[0] for v in votes],
        class_nodeids=[v[1] for v in votes],
        class_ids=[v[2] for v in votes],
        class_weights=weights,
        post_transform=str(rng.choice(TRANSFORMS[:4])),
    )
    if rng.random() < 0.3:
        attributes["classlabels_strings"] = [f"c{i}" for i in range(classes)]
        kind = TensorProto.STRING
    else:
        attributes["classlabels_int64s"] = [i * 5 for i in range(classes)]
        kind = TensorProto.INT64
    twin = None
    if version == 3 and dtype == "float64":
        twin = dict(attributes)
        as_tensors(attributes, ["nodes_values", "class_weights"])
    x = matrix(rng, max(1, rows_of(rng)), columns, dtype, missing=0.1)
    return case(
        "TreeEnsembleClassifier", [x], [kind, TensorProto.FLOAT], version=version, twin=twin,
        **attributes,
    )


def tree_ensemble(rng, dtype):
    columns, targets = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    nodes, leaves = [], []
    roots = []

    def grow(level):
        index = len(nodes)
        nodes.append(None)
        member = rng.random() < 0.3
        missing = int(rng.random() < 0.3)
        branches = []
        for _ in range(2):
            if level == 3 or rng.random() < 0.3:
                leaves.append((int(rng.integers(0, targets)), float(np.float32(rng.normal()))))
                branches.append((len(leaves) - 1, 1))
            else:
                branches.append((grow(level + 1), 0))
        # NaN follows the standard in every mode but NEQ in the reference; it is left out here.
        mode = 6 if member else int(rng.integers(0, 5))
        value = float(np.float32(np.round(rng.normal(0, 2) * 4) / 4))
        nodes[index] = (int(rng.integers(0, columns)), mode, value, branches, missing)
        return index

    for _ in range(int(rng.integers(1, 4))):
        roots.append(grow(0))
    members = []
    for node in nodes:
        if node[1] == 6:
            members += [float(v) / 4 for v in rng.choice(np.arange(1, 12), 3, replace=False)]
            members.append(float("nan"))
    kind = TensorProto.DOUBLE if dtype == "float64" else TensorProto.FLOAT
    attributes = dict(
        nodes_featureids=[n[0] for n in nodes],
        nodes_modes=helper.make_tensor("m", TensorProto.UINT8, [len(nodes)], [n[1] for n in nodes]),
        nodes_splits=helper.make_tensor("s", kind, [len(nodes)], [n[2] for n in nodes]),
        nodes_truenodeids=[n[3][0][0] for n in nodes],
        nodes_trueleafs=[n[3][0][1] for n in nodes],
        nodes_falsenodeids=[n[3][1][0] for n in nodes],
        nodes_falseleafs=[n[3][1][1] for n in nodes],
        nodes_missing_value_tracks_true=[n[4] for n in nodes],
        leaf_targetids=[leaf[0] for leaf in leaves],
        leaf_weights=helper.make_tensor("w", kind, [len(leaves)], [leaf[1] for leaf in leaves]),
        tree_roots=roots,
        n_targets=targets,
        aggregate_function=1,
        post_transform=0,
    )
    if members:
        attributes["membership_values"] = helper.make_tensor("v", kind, [len(members)], members)
    x = np.round(matrix(rng, max(1, rows_of(rng)), columns, dtype, missing=0.1) * 4) / 4
    return case("TreeEnsemble", [x], [kind], version=5, **attributes)


def scaler(rng, dtype):
    columns = int(rng.integers(1, 6))
    count = 1 if rng.random() < 0.3 else columns
    return case(
        "Scaler",
        [matrix(rng, rows_of(rng), columns, dtype)],
        [TensorProto.FLOAT],
        prefer="runtime",
        offset=floats(rng, count),
        scale=floats(rng, count),
    )


def imputer(rng, dtype):
    columns = int(rng.integers(1, 6))
    count = 1 if rng.random() < 0.3 else columns
    if np.dtype(dtype).kind == "i":
        x = matrix(rng, max(1, rows_of(rng)), columns, dtype)
        return case(
            "Imputer", [x], [type_of(x)],
            imputed_value_int64s=[int(i) for i in rng.integers(10, 20, size=count)],
            replaced_value_int64=2,
        )
    x = matrix(rng, max(1, rows_of(rng)), columns, dtype, missing=0.3)
    x[0, 0] = -1
    replaced = float("nan") if rng.random() < 0.6 else -1.0
    return case(
        "Imputer", [x], [type_of(x)],
        imputed_value_floats=floats(rng, count), replaced_value_float=replaced,
    )


def normalizer(rng, dtype):
    x = matrix(rng, max(1, rows_of(rng)), int(rng.integers(1, 6)), dtype)
    x[0] = 0
    return case("Normalizer", [x], [TensorProto.FLOAT], norm=str(rng.choice(["MAX", "L1", "L2"])))


def binarizer(rng, dtype):
    x = matrix(rng, rows_of(rng), int(rng.integers(1, 6)), dtype)
    return case("Binarizer", [x], [type_of(x)], threshold=0.25)


def label_encoder(rng, version):
    kinds = ["strings", "int64s", "floats"]
    source, target = (str(rng.choice(kinds)) for _ in range(2))
    count = int(rng.integers(1, 6))
    pools = {
        "strings": [f"k{i}" for i in range(10)],
        "int64s": list(range(-3, 7)),
        "floats": [i / 2 for i in range(-3, 7)],
    }
    keys = [pools[source][i] for i in rng.permutation(10)[:count]]
    values = [pools[target][i] for i in rng.integers(0, 10, size=count)]
    defaults = {
        "strings": {"default_string": "none"},
        "int64s": {"default_int64": 99},
        "floats": {"default_float": 0.5},
    }
    shape = (int(rng.integers(1, 5)), int(rng.integers(1, 3)))
    picked = [pools[source][i] for i in rng.integers(0, 10, size=shape[0] * shape[1])]
    dtype = {"strings": object, "int64s": np.int64, "floats": np.float32}[source]
    out = {"strings": 8, "int64s": 7, "floats": 1}[target]
    return case(
        "LabelEncoder", [np.array(picked, dtype=dtype).reshape(shape)], [out], version=version,
        **{f"keys_{source}": keys, f"values_{target}": values}, **defaults[target],
    )


def label_encoder_first(rng):
    classes = [f"c{i}" for i in range(4)]
    if rng.random() < 0.5:
        x = np.array([f"c{i}" for i in rng.integers(0, 6, size=5)], dtype=object)
        expect = [np.array([classes.index(t) if t in classes else -1 for t in x], dtype=np.int64)]
        kind = TensorProto.INT64
    else:
        x = rng.integers(-1, 6, size=5).astype(np.int64)
        expect = [np.array([classes[i] if 0 <= i < 4 else "_Unused" for i in x], dtype=object)]
        kind = TensorProto.STRING
    return case("LabelEncoder", [x], [kind], expect=expect, classes_strings=classes)


def category_mapper(rng):
    texts, numbers = [f"c{i}" for i in range(4)], [int(i) for i in rng.permutation(20)[:4]]
    x = np.array([f"c{i}" for i in rng.integers(0, 6, size=5)], dtype=object)
    table = dict(zip(texts, numbers))
    expect = [np.array([table.get(t, -1) for t in x], dtype=np.int64)]
    return case(
        "CategoryMapper", [x], [TensorProto.INT64],
        expect=expect, cats_strings=texts, cats_int64s=numbers,
    )


def extractor(rng, dtype):
    columns = int(rng.integers(1, 6))
    x = matrix(rng, max(1, rows_of(rng)), columns, dtype)
    if rng.random() < 0.3:
        x = x[0]
    indexes = rng.integers(0, columns, size=int(rng.integers(1, 5))).astype(np.int64)
    return case("ArrayFeatureExtractor", [x, indexes], [type_of(x)])


def vectorizer(rng, dtype):
    rows, widths = max(1, rows_of(rng)), [int(n) for n in rng.integers(1, 4, size=3)]
    return case(
        "FeatureVectorizer", [matrix(rng, rows, n, dtype) for n in widths], [TensorProto.FLOAT],
        inputdimensions=widths,
    )


def one_hot(rng, dtype):
    shape = (int(rng.integers(1, 6)),) if rng.random() < 0.5 else (3, 2)
    if dtype == "string":
        x = np.array([f"c{i}" for i in rng.integers(0, 6, size=shape).ravel()], dtype=object)
        return case(
            "OneHotEncoder", [x.reshape(shape)], [TensorProto.FLOAT],
            cats_strings=[f"c{i}" for i in range(4)], zeros=1,
        )
    x = rng.integers(0, 6, size=shape).astype(dtype)
    return case("OneHotEncoder", [x], [TensorProto.FLOAT], cats_int64s=[1, 2, 4], zeros=1)


def cases(seed):
    """Names, and functions that make the cases."""

    def named(name, function, *arguments):
        number = zlib.crc32(name.encode())
        return name, lambda: function(np.random.default_rng([seed, number]), *arguments)

    typed = {
        "SVMRegressor": svm_regressor, "SVMClassifier": svm_classifier,
        "LinearRegressor": linear_regressor, "LinearClassifier": linear_classifier,
        "Scaler": scaler, "Imputer": imputer, "Normalizer": normalizer, "Binarizer": binarizer,
        "ArrayFeatureExtractor": extractor, "FeatureVectorizer": vectorizer,
    }
    for op, function in typed.items():
        for dtype in NUMBERS:
            for index in range(10):
                yield named(f"{op}/{dtype}/{index}", function, dtype)
    for op, function in [("TreeEnsembleRegressor", tree_regressor),
                         ("TreeEnsembleClassifier", tree_classifier)]:
        for version in (1, 3):
            for dtype in NUMBERS:
                for index in range(8):
                    yield named(f"{op}-{version}/{dtype}/{index}", function, dtype, version)
    for dtype in ("float32", "float64"):
        for index in range(12):
            yield named(f"TreeEnsemble/{dtype}/{index}", tree_ensemble, dtype)
    for version in (2, 4):
        for index in range(12):
            yield named(f"LabelEncoder-{version}/{index}", label_encoder, version)
    for index in range(4):
        yield named(f"LabelEncoder-1/{index}", label_encoder_first)
        yield named(f"CategoryMapper/{index}", category_mapper)
        for dtype in ("int64", "float32", "string"):
            yield named(f"OneHotEncoder/{dtype}/{index}", one_hot, dtype)

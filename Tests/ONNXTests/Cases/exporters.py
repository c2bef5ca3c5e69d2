"""Models of all families as skl2onnx and onnxmltools export them, scored by ONNX Runtime."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

OPSETS = {"": 18, "ai.onnx.ml": 3}
FEATURES = 4


def data(rng, rows=200, offset=0.0, spread=1.0):
    x = rng.normal(offset, spread, size=(rows, FEATURES))
    return x.astype(np.float32).astype(np.float64)


def wider(rng, x):
    """Rows to score: some of the training data's kind, some far from it."""
    rows = x[rng.permutation(len(x))[:30]].copy()
    middle = x.mean(axis=0)
    rows[::3] = middle + (rows[::3] - middle) * 3
    return rows.astype(np.float32).astype(np.float64)


def session(model):
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def feeds(runtime, rows):
    inputs = runtime.get_inputs()
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}
    if len(inputs) == 1:
        return {inputs[0].name: rows.astype(kinds[inputs[0].type])}
    return {
        port.name: rows[:, [index]].astype(kinds[port.type]) for index, port in enumerate(inputs)
    }


def converted(estimator, kind=FloatTensorType, columns=FEATURES, **options):
    """The file of an estimator; node ids of histogram trees are numpy integers that onnx refuses."""
    original = helper.make_attribute

    def make_attribute(key, value, *arguments, **named):
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], np.integer):
            value = [int(item) for item in value]
        elif isinstance(value, np.integer):
            value = int(value)
        return original(key, value, *arguments, **named)

    helper.make_attribute = make_attribute
    try:
        target = OPSETS if kind is FloatTensorType else None
        return convert_sklearn(
            estimator,
            initial_types=[("X", kind([None, columns]))],
            options={id(estimator): options} if options else None,
            target_opset=target,
        )
    finally:
        helper.make_attribute = original


def finished(model, rows, score, *, label=None, rule=None, stages=None, tolerance=1e-5, scale=None,
             kind=None, metadata=None):
    """A case: `score` picks the expected score from what ONNX Runtime gives."""
    runtime = session(model)
    names = [port.name for port in runtime.get_outputs()]
    outputs = dict(zip(names, runtime.run(None, feeds(runtime, rows))))
    scores = np.asarray(score(outputs), dtype=np.float64).ravel()
    allowed = tolerance * np.maximum(1 if scale is None else scale, np.abs(scores))
    case = {"model": model, "rows": rows, "scores": scores, "tolerances": allowed}
    if label:
        case["labels"] = [None if x is None else str(x) for x in label(outputs)]
    if rule:
        flags = {"notAbove": ~(scores > 0), "below": scores < 0}[rule]
        # Near 0 the two may differ by rounding.
        sure = np.abs(scores) > allowed
        case["anomalies"] = [bool(f) if s else None for f, s in zip(flags, sure)]
    if stages:
        case["stages"] = stages
    if kind:
        case["type"] = kind
    if metadata:
        case["metadata"] = metadata
    return case


def probabilities(outputs):
    for name in ("probabilities", "output_probability"):
        if name in outputs:
            values = outputs[name]
            if isinstance(values, list):
                return np.array([[row[key] for key in row] for row in values])
            return np.asarray(values)
    raise RuntimeError(f"no probabilities among {list(outputs)}")


def class_score(outputs):
    values = probabilities(outputs)
    return values[:, 1] if values.shape[1] == 2 else values.max(axis=1)


def class_label(outputs):
    """The label; none where the two best classes are nearly the same."""
    values = np.sort(probabilities(outputs), axis=1)
    found = outputs.get("label", outputs.get("output_label"))
    sure = values[:, -1] - values[:, -2] > 1e-4
    return [x if s else None for x, s in zip(np.asarray(found).ravel(), sure)]


def detector(rule, **options):
    return dict(score=lambda o: o["scores"], rule=rule, **options)


CLASSIFIER = dict(score=class_score, label=class_label, kind="onnx_classifier")
REGRESSOR = dict(score=lambda o: o["variable"], kind="onnx_regressor")


def detectors(rng):
    from sklearn.ensemble import IsolationForest
    from sklearn.linear_model import SGDOneClassSVM
    from sklearn.neighbors import LocalOutlierFactor
    from sklearn.pipeline import make_pipeline
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
    from sklearn.svm import OneClassSVM

    packed = ["float_columns", "support_vectors"]
    for kernel in ("rbf", "linear", "poly", "sigmoid"):
        for offset, spread in ((0, 1), (25, 2)):
            x = data(rng, 120, offset, spread) if kernel != "poly" else data(rng, 120)
            model = OneClassSVM(kernel=kernel, nu=0.1, gamma=0.05, coef0=0.3).fit(x)
            rows = wider(rng, x)
            # Cancellation: rounding counts against what the products add up to.
            size = np.abs(model.dual_coef_).sum() * {
                "rbf": 1, "sigmoid": 1,
                "linear": np.abs(rows @ model.support_vectors_.T).max(),
                "poly": (np.abs(0.05 * rows @ model.support_vectors_.T).max() + 0.3) ** 3,
            }[kernel]
            yield (
                f"one_class_svm/{kernel},offset={offset}", converted, (model,), rows,
                detector("notAbove", stages=packed, kind="one_class_svm", tolerance=1e-6,
                         scale=max(1, size)),
            )
    for scaler in (StandardScaler(), RobustScaler(), MinMaxScaler(), None):
        x = data(rng, 150, 25, 2)
        steps = [scaler] if scaler else [SimpleImputer(), StandardScaler()]
        model = make_pipeline(*steps, OneClassSVM(nu=0.05)).fit(x)
        simple = isinstance(scaler, (StandardScaler, RobustScaler))
        yield (
            f"one_class_svm/{'+'.join(type(s).__name__ for s in steps)}", converted, (model,),
            wider(rng, x),
            detector("notAbove", stages=packed if simple else ["graph", "support_vectors"],
                     kind="one_class_svm", scale=np.abs(model[-1].dual_coef_).sum()),
        )
    for trees, samples, contamination in ((100, 64, "auto"), (20, 128, 0.1), (1, 32, "auto")):
        x = data(rng, 200, 25, 2)
        model = IsolationForest(
            n_estimators=trees, max_samples=samples, contamination=contamination, random_state=1
        ).fit(x)
        yield (
            f"isolation_forest/{trees}x{samples},{contamination}", converted, (model,),
            wider(rng, x),
            detector("below", stages=["trees"], kind="isolation_forest"),
        )
    x = data(rng, 200, 25, 2)
    model = make_pipeline(
        StandardScaler(), IsolationForest(n_estimators=30, random_state=2)
    ).fit(x)
    yield (
        "isolation_forest/StandardScaler", converted, (model,), wider(rng, x),
        detector("below", stages=["float_columns", "trees"],
                 kind="isolation_forest"),
    )
    for kind in (FloatTensorType, DoubleTensorType):
        x = data(rng, 80)
        model = LocalOutlierFactor(novelty=True, n_neighbors=7).fit(x)
        yield (
            f"local_outlier_factor/{kind.__name__}", converted, (model, kind), wider(rng, x),
            detector("below", kind="local_outlier_factor", stages=["graph"]),
        )
        model = SGDOneClassSVM(nu=0.2, random_state=1).fit(x)
        yield (
            f"sgd_one_class_svm/{kind.__name__}", converted, (model, kind), wider(rng, x),
            detector("below", kind="onnx_detector", scale=100),
        )


def clusters(rng):
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.decomposition import PCA
    from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

    for estimator in (KMeans, MiniBatchKMeans):
        x = np.concatenate([data(rng, 60, c) for c in (-4, 0, 5)])
        model = estimator(n_clusters=3, n_init=2, random_state=1).fit(x)
        yield (
            f"{estimator.__name__}", converted, (model,), wider(rng, x),
            dict(score=lambda o: o["scores"].min(axis=1), label=lambda o: o["label"],
                 kind="k_means", tolerance=1e-3),
        )
    for form in ("full", "tied", "diag", "spherical"):
        for kind in (FloatTensorType, DoubleTensorType):
            x = np.concatenate([data(rng, 60, c) for c in (-4, 5)])
            model = GaussianMixture(2, covariance_type=form, random_state=1).fit(x)
            yield (
                f"gaussian_mixture/{form},{kind.__name__}",
                lambda m, k: converted(m, k, score_samples=True), (model, kind), wider(rng, x),
                dict(score=lambda o: o["score_samples"], label=class_label,
                     kind="gaussian_mixture", tolerance=1e-4),
            )
    x = np.concatenate([data(rng, 60, c) for c in (-4, 5)])
    model = BayesianGaussianMixture(n_components=3, random_state=1).fit(x)
    plain = converted(model, score_samples=True)
    hidden = converted(model)
    rows = wider(rng, x)
    runtime = session(plain)
    expected = dict(zip([p.name for p in runtime.get_outputs()], runtime.run(None, feeds(runtime, rows))))
    yield (
        "gaussian_mixture/bayesian,hidden score_samples", lambda: hidden, (), rows,
        dict(score=lambda o: expected["score_samples"], kind="gaussian_mixture", tolerance=1e-4),
    )
    x = data(rng, 200, 25, 2)
    model = PCA(2).fit(x)
    yield (
        "pca/second component", converted, (model,), wider(rng, x),
        dict(score=lambda o: o["variable"][:, 1], kind="onnx_output",
             metadata={"output": "variable[1]"}),
    )


def regressors(rng):
    from sklearn.ensemble import (
        AdaBoostRegressor, ExtraTreesRegressor, GradientBoostingRegressor,
        HistGradientBoostingRegressor, RandomForestRegressor,
    )
    from sklearn.linear_model import BayesianRidge, Lasso, LinearRegression, Ridge
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler
    from sklearn.svm import NuSVR, SVR
    from sklearn.tree import DecisionTreeRegressor

    x = data(rng, 200)
    y = x[:, 0] * 2 - x[:, 1] ** 2 + rng.normal(0, 0.1, len(x))
    packed = ["trees"]
    for model, stages in (
        (LinearRegression(), ["graph"]), (Ridge(), None), (Lasso(0.01), None),
        (BayesianRidge(), None),
        (SVR(), ["float_columns", "support_vectors"]), (NuSVR(gamma=0.1), ["float_columns", "support_vectors"]),
        (DecisionTreeRegressor(max_depth=5), packed),
        (RandomForestRegressor(20, random_state=1), packed),
        (ExtraTreesRegressor(20, random_state=1), packed),
        (GradientBoostingRegressor(random_state=1), packed),
        (HistGradientBoostingRegressor(max_iter=20), packed),
        (AdaBoostRegressor(n_estimators=5, random_state=1), ["graph"]),
        (KNeighborsRegressor(3), ["graph"]),
        (MLPRegressor(hidden_layer_sizes=(8, 4), max_iter=100, random_state=1), ["graph"]),
        (MLPRegressor(hidden_layer_sizes=(8,), activation="tanh", max_iter=100, random_state=1), ["graph"]),
        (make_pipeline(StandardScaler(), PolynomialFeatures(2), Ridge()), ["graph"]),
        (make_pipeline(StandardScaler(), GradientBoostingRegressor(n_estimators=10)),
         ["float_columns", "trees"]),
    ):
        model.fit(x, y)
        last = model[-1] if hasattr(model, "steps") else model
        yield (
            f"regressor/{type(last).__name__}{'/pipeline' if last is not model else ''}",
            converted, (model,), wider(rng, x), dict(REGRESSOR, stages=stages, scale=10),
        )


def classifiers(rng):
    from sklearn.ensemble import (
        AdaBoostClassifier, ExtraTreesClassifier, GradientBoostingClassifier,
        HistGradientBoostingClassifier, RandomForestClassifier,
    )
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    x = data(rng, 240)
    raw = x[:, 0] + x[:, 1] * x[:, 2]
    targets = {
        "2": (raw > 0).astype(int) * 3 + 4,
        "3": np.digitize(raw, [-0.7, 0.7]),
        "text": np.array(["low", "middle", "top"])[np.digitize(raw, [-0.7, 0.7])],
    }
    packed = ["float_trees"]
    for kind, y in targets.items():
        for model, stages in (
            (LogisticRegression(), ["graph"]), (SVC(probability=True, random_state=1), ["graph"]),
            (DecisionTreeClassifier(max_depth=4), packed if kind != "text" else None),
            (RandomForestClassifier(15, random_state=1), packed if kind != "text" else None),
            (ExtraTreesClassifier(15, random_state=1), None),
            (GradientBoostingClassifier(n_estimators=15, random_state=1),
             packed if kind != "text" else None),
            (HistGradientBoostingClassifier(max_iter=15), packed if kind != "text" else None),
            (AdaBoostClassifier(n_estimators=5, random_state=1), None),
            (KNeighborsClassifier(5), ["graph"]), (GaussianNB(), ["graph"]),
            (MLPClassifier(hidden_layer_sizes=(8,), max_iter=80, random_state=1), ["graph"]),
            (SGDClassifier(loss="log_loss", random_state=1), ["graph"]),
            (make_pipeline(StandardScaler(), LogisticRegression()), ["graph"]),
        ):
            model.fit(x, y)
            last = model[-1] if hasattr(model, "steps") else model
            for zipmap in (True, False):
                yield (
                    f"classifier/{type(last).__name__},{kind},zipmap={zipmap}"
                    + ("/pipeline" if last is not model else ""),
                    lambda m, z: converted(m, zipmap=z), (model, zipmap), wider(rng, x),
                    dict(CLASSIFIER, stages=stages, tolerance=2e-5),
                )


def boosted(rng):
    import lightgbm
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType as Type

    x = data(rng, 300)
    y = x[:, 0] * 2 - x[:, 1] ** 2
    x[rng.random(x.shape) < 0.05] = np.nan
    kinds = {"2": (y > 0).astype(int), "3": np.digitize(y, [-1.5, 0.5])}
    initial = [("X", Type([None, FEATURES]))]

    def lightgbm_file(model):
        return onnxmltools.convert_lightgbm(
            model, initial_types=initial, target_opset=15, zipmap=False
        )

    def xgboost_file(model):
        return onnxmltools.convert_xgboost(model, initial_types=initial, target_opset=15)

    rows = x[:40]
    options = dict(n_estimators=20, random_state=1)
    for name, model in (
        ("gbdt", lightgbm.LGBMRegressor(verbose=-1, **options)),
        ("poisson", lightgbm.LGBMRegressor(verbose=-1, objective="poisson", **options)),
    ):
        model.fit(x, np.abs(y) if name == "poisson" else y)
        yield f"lightgbm/{name}", lightgbm_file, (model,), rows, dict(REGRESSOR, scale=10)
    for name, target in kinds.items():
        model = lightgbm.LGBMClassifier(verbose=-1, **options).fit(x, target)
        yield f"lightgbm/classes={name}", lightgbm_file, (model,), rows, dict(CLASSIFIER)
    model = xgboost.XGBRegressor(**options).fit(x, y)
    yield "xgboost/gbtree", xgboost_file, (model,), rows, dict(REGRESSOR, scale=10)
    for name, target in kinds.items():
        model = xgboost.XGBClassifier(**options).fit(x, target)
        yield f"xgboost/classes={name}", xgboost_file, (model,), rows, dict(CLASSIFIER)


def others(rng):
    import pandas
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.linear_model import Ridge
    from sklearn.svm import OneClassSVM

    x = data(rng, 120, 25, 2)
    frame = pandas.DataFrame(x.astype(np.float32), columns=["a b", "c", "d", "e"])
    model = make_pipeline(StandardScaler(), OneClassSVM(nu=0.1)).fit(frame)
    yield (
        "frame/one_class_svm", lambda m, f: to_onnx(m, f[:1], target_opset=OPSETS),
        (model, frame), wider(rng, x),
        detector("notAbove", kind="one_class_svm", scale=np.abs(model[-1].dual_coef_).sum()),
    )

    def network(first):
        """A small network as PyTorch's exporter writes it, for one row or for many."""
        weights = [rng.normal(size=s).astype(np.float32) for s in ((6, 4), (6,), (1, 6), (1,))]
        names = ["w1", "b1", "w2", "b2"]
        nodes = [
            helper.make_node("Gemm", ["input", "w1", "b1"], ["h"], transB=1),
            helper.make_node("Relu", ["h"], ["r"]),
            helper.make_node("Gemm", ["r", "w2", "b2"], ["output"], transB=1),
        ]
        graph = helper.make_graph(
            nodes, "main_graph",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, [first, 4])],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, [first, 1])],
            [numpy_helper.from_array(w, n) for w, n in zip(weights, names)],
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
        )

    rows = data(rng, 20)
    yield (
        "network/any rows", network, ("batch",), rows,
        dict(score=lambda o: o["output"], kind="onnx_regressor", stages=["graph"]),
    )
    x = data(rng, 60)
    model = Ridge().fit(x, x[:, 0])
    yield (
        "ridge/double", converted, (model, DoubleTensorType), wider(rng, x), dict(REGRESSOR),
    )


def cases(seed):
    """Names, and functions that make the cases."""
    for family in (detectors, clusters, regressors, classifiers, boosted, others):
        rng = np.random.default_rng([seed, len(family.__name__)])
        for name, convert, arguments, rows, options in family(rng):
            yield name, lambda: finished(convert(*arguments), rows, **options)

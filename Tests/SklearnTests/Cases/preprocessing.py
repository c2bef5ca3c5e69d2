"""Transformers in front of a linear one-class machine, whose score shows every column."""

import warnings

import numpy as np
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import OneClassSVM

from . import Case

VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
OFFSETS = [(0, 1), (25, 2), (1000, 1), (101325, 5)]


def end():
    # A bounded number of iterations: the machine need not be a good one, only the same one.
    return OneClassSVM(kernel="linear", nu=0.4, max_iter=300)


def scored(name, pipeline, rows):
    """A case whose rows fail where scikit-learn refuses them."""
    score = np.full(len(rows), np.nan)
    scale = np.ones(len(rows))
    machine = pipeline.steps[-1][1]
    weights = np.abs(machine._dual_coef_) @ np.abs(machine.support_vectors_)
    for index, row in enumerate(rows):
        try:
            inner = row[None, :]
            for _, step in pipeline.steps[:-1]:
                if step not in ("passthrough", None):
                    inner = step.transform(inner)
            if hasattr(inner, "toarray"):
                inner = inner.toarray()
            score[index] = pipeline.decision_function(row[None, :])[0]
            scale[index] = (weights @ np.abs(np.asarray(inner, dtype=float).ravel()))[0]
            scale[index] += np.abs(machine._intercept_[0])
        except ValueError:
            pass
    if not np.all(np.isfinite(score[~np.isnan(score)])):
        raise ValueError(f"{name}: a score is not finite")
    return Case(name=name, estimator=pipeline, rows=rows, score=score, scale=np.maximum(scale, 1e-300))


def draw(rng, count, offset, spread, columns=4):
    return rng.normal(offset, spread, size=(count, columns))


def holes(rng, rows, share=0.2, value=np.nan):
    rows = rows.copy()
    rows[rng.random(rows.shape) < share] = value
    return rows


def case(name, steps, train, rows):
    pipeline = make_pipeline(*steps, end())
    pipeline.fit(train)
    return scored(name, pipeline, rows)


def attempt(*arguments):
    """The case, unless this version of scikit-learn cannot fit it."""
    try:
        yield case(*arguments)
    except TypeError:
        return


def scalers(rng):
    for offset, spread in OFFSETS:
        train = draw(rng, 60, offset, spread)
        rows = draw(rng, 37, offset, 2 * spread)
        variants = {
            "standard": StandardScaler(),
            "standard,no mean": StandardScaler(with_mean=False),
            "standard,no std": StandardScaler(with_std=False),
            "standard,neither": StandardScaler(with_mean=False, with_std=False),
            "robust": RobustScaler(),
            "robust,10-90": RobustScaler(quantile_range=(10, 90), with_centering=False),
            "minmax": MinMaxScaler(),
            "minmax,-1..3": MinMaxScaler(feature_range=(-1, 3)),
            "maxabs": MaxAbsScaler(),
        }
        for name, make in {
            "minmax,clip": lambda: MinMaxScaler(clip=True),
            "robust,unit variance": lambda: RobustScaler(unit_variance=True),
            "maxabs,clip": lambda: MaxAbsScaler(clip=True),
        }.items():
            try:
                variants[name] = make()
            except TypeError:
                pass
        for name, scaler in variants.items():
            yield case(f"{name}/offset={offset}", [scaler], train, holes(rng, rows, 0.05))
            again = sklearn.base.clone(scaler)
            yield case(
                f"{name},then imputed/offset={offset}",
                [again, SimpleImputer()],
                holes(rng, train),
                holes(rng, rows),
            )
    train = draw(rng, 40, 25, 2).astype(np.float32)
    for scaler in [StandardScaler(), RobustScaler(), MinMaxScaler(), MaxAbsScaler()]:
        name = type(scaler).__name__
        yield case(f"{name}/float32", [scaler], train, draw(rng, 2, 25, 3))
    constant = draw(rng, 30, 5, 1)
    constant[:, 1] = 7
    for scaler in [StandardScaler(), RobustScaler(), MinMaxScaler(), MaxAbsScaler()]:
        name = type(scaler).__name__
        yield case(f"{name}/constant column", [scaler], constant, draw(rng, 5, 5, 1))


def rowwise(rng):
    for offset, spread in OFFSETS:
        train = draw(rng, 50, offset, spread)
        rows = draw(rng, 12, offset, spread)
        rows[3] = 0
        rows[4] = 1e-17
        rows[5, 1] = np.nan
        for norm in ("l1", "l2", "max"):
            yield case(f"normalizer,{norm}/offset={offset}", [Normalizer(norm=norm)], train, rows)
        yield case(
            f"binarizer/offset={offset}", [Binarizer(threshold=offset)], train, rows
        )


def imputers(rng):
    for offset, spread in OFFSETS:
        train = holes(rng, draw(rng, 60, offset, spread))
        rows = holes(rng, draw(rng, 20, offset, spread), 0.4)
        for strategy in ("mean", "median", "most_frequent"):
            yield case(
                f"imputer,{strategy}/offset={offset}",
                [SimpleImputer(strategy=strategy)],
                train,
                rows,
            )
        yield case(
            f"imputer,constant/offset={offset}",
            [SimpleImputer(strategy="constant", fill_value=-3.5)],
            train,
            rows,
        )
        yield case(
            f"imputer,indicator/offset={offset}",
            [SimpleImputer(add_indicator=True), StandardScaler()],
            train,
            rows,
        )
    whole = holes(rng, draw(rng, 40, 3, 1), 0.2, -1)
    rows = holes(rng, holes(rng, draw(rng, 20, 3, 1), 0.3, -1), 0.05)
    yield case("imputer,missing=-1", [SimpleImputer(missing_values=-1)], whole, rows)
    yield case(
        "imputer,missing=-1,indicator",
        [SimpleImputer(missing_values=-1, strategy="median", add_indicator=True)],
        whole,
        rows,
    )
    empty = holes(rng, draw(rng, 40, 3, 1))
    empty[:, 2] = np.nan
    rows = holes(rng, draw(rng, 9, 3, 1), 0.3)
    yield case("imputer,empty column", [SimpleImputer()], empty, rows)
    yield case(
        "imputer,empty column,constant",
        [SimpleImputer(strategy="constant", fill_value=2)],
        empty,
        rows,
    )
    yield case(
        "imputer,empty column,indicator", [SimpleImputer(add_indicator=True)], empty, rows
    )
    for strategy in ("mean", "constant"):
        try:
            imputer = SimpleImputer(strategy=strategy, keep_empty_features=True)
        except TypeError:
            continue
        yield case(f"imputer,kept empty column,{strategy}", [imputer], empty, rows)


def polynomials(rng):
    for offset, spread in [(0, 1), (25, 2), (1000, 1)]:
        train = draw(rng, 50, offset, spread, 3)
        rows = draw(rng, 7, offset, spread, 3)
        for degree in (1, 2, 3, 5):
            for interaction in (False, True):
                for bias in (False, True):
                    yield case(
                        f"polynomial,{degree},{interaction},{bias}/offset={offset}",
                        [
                            PolynomialFeatures(
                                degree, interaction_only=interaction, include_bias=bias
                            ),
                            MaxAbsScaler(),
                        ],
                        train,
                        rows,
                    )
        for degree in ((2, 3), (0, 2), (3, 3)):
            try:
                polynomial = PolynomialFeatures(degree).fit(train)
            except (TypeError, ValueError):
                continue
            yield case(f"polynomial,{degree}/offset={offset}", [polynomial], train, rows)
    rows = draw(rng, 5, 0, 1, 3)
    rows[1, 1] = np.nan
    yield case("polynomial,nan", [PolynomialFeatures(2)], draw(rng, 50, 0, 1, 3), rows)


def quantiles(rng):
    for offset, spread in OFFSETS:
        train = draw(rng, 120, offset, spread)
        repeated = np.round(train)
        for output in ("uniform", "normal"):
            for count, data, kind in ((10, train, "few"), (120, train, "all"), (50, repeated, "repeated")):
                rows = np.vstack(
                    [
                        draw(rng, 30, offset, 2 * spread),
                        data[:4],
                        data.min(axis=0),
                        data.max(axis=0),
                        np.round(draw(rng, 5, offset, spread)),
                    ]
                )
                steps = [QuantileTransformer(n_quantiles=count, output_distribution=output)]
                yield case(f"quantile,{output},{kind}/offset={offset}", steps, data, rows)
        steps = [QuantileTransformer(n_quantiles=20), SimpleImputer()]
        yield case(
            f"quantile,nan/offset={offset}", steps, holes(rng, train), holes(rng, train[:9])
        )
    yield case(
        "quantile,constant",
        [QuantileTransformer(n_quantiles=5)],
        np.ones((20, 2)),
        np.array([[1.0, 1.0], [0.5, 2.0]]),
    )


def powers(rng):
    for offset, spread in [(0, 1), (0, 30), (25, 2), (-4, 3), (1000, 200)]:
        train = draw(rng, 80, offset, spread)
        rows = draw(rng, 30, offset, spread)
        for standardize in (True, False):
            yield case(
                f"power,yeo-johnson,{standardize}/offset={offset},{spread}",
                [PowerTransformer(standardize=standardize)],
                train,
                rows,
            )
        if offset > 0:
            # A row that is not positive has to fail.
            rows = np.vstack([rows, [[1.0, 0.0, 2.0, 3.0], [1.0, -2.0, 2.0, 3.0]]])
            for standardize in (True, False):
                yield case(
                    f"power,box-cox,{standardize}/offset={offset},{spread}",
                    [PowerTransformer("box-cox", standardize=standardize)],
                    np.abs(train) + 0.1,
                    rows,
                )
        yield case(
            f"power,nan/offset={offset},{spread}",
            [PowerTransformer(), SimpleImputer()],
            holes(rng, train),
            holes(rng, rows[:9]),
        )
    train = draw(rng, 40, 0, 1)
    rows = draw(rng, 20, 0, 2)
    for power in (0.0, 1.0, 2.0):
        fixed = make_pipeline(PowerTransformer(standardize=False), end()).fit(train)
        fixed.steps[0][1].lambdas_[:] = power
        yield scored(f"power,lambda={power}", fixed, rows)


def functions(rng):
    train = rng.uniform(0.1, 0.9, size=(40, 3))
    rows = rng.uniform(0.05, 0.95, size=(11, 3))
    names = """log log1p log2 log10 exp exp2 expm1 sqrt cbrt square absolute abs fabs sign reciprocal
    negative positive sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arctanh floor ceil trunc
    rint degrees radians rad2deg deg2rad nan_to_num""".split()
    for name in names:
        yield case(f"function,{name}", [FunctionTransformer(getattr(np, name))], train, rows)
    yield case(
        "function,arccosh", [FunctionTransformer(np.arccosh)], train + 1, rows + 1
    )
    yield case("function,none", [FunctionTransformer()], train, holes(rng, rows))
    yield case(
        "function,validate",
        [FunctionTransformer(np.log1p, validate=True), SimpleImputer()],
        train,
        holes(rng, rows),
    )
    yield case(
        "function,nan",
        [FunctionTransformer(np.log1p, inverse_func=np.expm1), SimpleImputer()],
        holes(rng, train),
        holes(rng, rows),
    )
    rows = rows.copy()
    rows[2, 0] = 0
    yield case("function,log of 0", [FunctionTransformer(np.log)], train, rows)
    yield case("function,nan_to_num of nan", [FunctionTransformer(np.nan_to_num)], train, holes(rng, rows))


def others(rng):
    train = draw(rng, 60, 5, 1, 5)
    train[:, 3] = 4
    rows = draw(rng, 9, 5, 1, 5)
    yield case("variance", [VarianceThreshold()], train, rows)
    yield case("variance,0.9", [VarianceThreshold(0.9)], train, rows)
    yield case("variance,nan", [VarianceThreshold(), SimpleImputer()], train, holes(rng, rows))
    train = draw(rng, 80, 0, 1)
    rows = draw(rng, 40, 0, 1.5)
    for strategy in ("uniform", "quantile", "kmeans"):
        for encode in ("onehot", "onehot-dense", "ordinal"):
            bins = KBinsDiscretizer(n_bins=4, encode=encode, strategy=strategy).fit(train)
            edges = np.array([bins.bin_edges_[column][1:5] for column in range(4)]).T
            bins = sklearn.base.clone(bins)
            if encode == "onehot":
                # Made dense, since a machine fitted on a sparse matrix is refused.
                bins = ColumnTransformer([("bins", bins, [0, 1, 2, 3])], sparse_threshold=0)
            steps = [bins]
            yield case(f"bins,{strategy},{encode}", steps, train, np.vstack([rows, edges]))


def columns(rng):
    train = draw(rng, 70, 10, 2, 6)
    rows = draw(rng, 8, 10, 2, 6)
    nested = ColumnTransformer([("in", MinMaxScaler(), [1]), ("rest", "passthrough", [0])])
    variants = {
        "int list": [("a", StandardScaler(), [0, 2]), ("b", MinMaxScaler(), [5, 1, 1])],
        "negative": [("a", StandardScaler(), [-1, -6])],
        "slice": [("a", StandardScaler(), slice(1, 4)), ("b", "passthrough", slice(0, None, 2))],
        "slice back": [("a", StandardScaler(), slice(-1, 0, -2)), ("b", "drop", slice(0, 1))],
        "mask": [("a", RobustScaler(), np.array([True, False, True, False, False, True]))],
        "mask list": [("a", RobustScaler(), [False, True, True, False, False, False])],
        "array": [("a", RobustScaler(), np.array([3, 1]))],
        "tuple of pipelines": [
            ("a", make_pipeline(StandardScaler(), PolynomialFeatures(2)), [0, 1]),
            ("b", Pipeline([("x", MinMaxScaler()), ("y", "passthrough")]), [2, 3]),
        ],
        "nothing": [("a", StandardScaler(), []), ("b", MinMaxScaler(), [4])],
        "nested": [("a", nested, [2, 4]), ("b", FunctionTransformer(np.log1p), [0])],
    }
    for name, transformers in variants.items():
        for remainder in ("drop", "passthrough", MaxAbsScaler()):
            kind = remainder if isinstance(remainder, str) else "scaled"
            transformer = ColumnTransformer(
                [
                    (key, part if isinstance(part, str) else sklearn.base.clone(part), columns)
                    for key, part, columns in transformers
                ],
                remainder=remainder,
            )
            yield from attempt(f"columns,{name},{kind}", [transformer], train, rows)
    weighted = ColumnTransformer(
        [("a", StandardScaler(), [0, 2]), ("b", "passthrough", [1])],
        transformer_weights={"a": 2.5, "b": -0.5},
    )
    yield from attempt("columns,weights", [weighted], train, rows)
    imputed = ColumnTransformer(
        [
            ("a", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), [0, 1, 2]),
            ("b", QuantileTransformer(n_quantiles=20), [3]),
        ],
        remainder="drop",
    )
    yield from attempt(
        "columns,imputed", [imputed, SimpleImputer()], holes(rng, train), holes(rng, rows)
    )
    twice = make_pipeline(ColumnTransformer([("a", StandardScaler(), [1, 0])], remainder="passthrough"))
    yield from attempt("columns,in a pipeline,scaled before", [StandardScaler(), twice], train, rows)
    yield from attempt("columns,then passthrough", [StandardScaler(), "passthrough"], train, rows)
    union = FeatureUnion(
        [("a", StandardScaler()), ("b", make_pipeline(MinMaxScaler(), PolynomialFeatures(2)))],
        transformer_weights={"b": 3},
    )
    yield from attempt("union", [union], train, rows)
    yield from attempt("union,second", [StandardScaler(), sklearn.base.clone(union)], train, rows)
    dropped = FeatureUnion([("a", StandardScaler()), ("b", "drop")])
    yield from attempt("union,drop", [dropped], train, rows)
    if VERSION >= (1, 1):
        passed = FeatureUnion([("a", StandardScaler()), ("b", "passthrough")])
        yield from attempt("union,passthrough", [passed], train, rows)
    yield from named_columns(rng, train, rows)


def named_columns(rng, train, rows):
    try:
        import pandas
    except ImportError:
        return
    names = ["temperature", "pressure", "flow", "level", "speed", "current"]
    frame = pandas.DataFrame(train, columns=names)
    for remainder in ("drop", "passthrough", StandardScaler()):
        transformer = ColumnTransformer(
            [
                ("a", StandardScaler(), ["flow", "temperature"]),
                ("b", MinMaxScaler(), slice("level", "speed")),
                ("c", "drop", ["current"]),
            ],
            remainder=remainder,
        )
        pipeline = make_pipeline(transformer, end()).fit(frame)
        score = pipeline.decision_function(pandas.DataFrame(rows, columns=names))
        machine = pipeline.steps[-1][1]
        inner = transformer.transform(pandas.DataFrame(rows, columns=names))
        weights = np.abs(machine._dual_coef_) @ np.abs(machine.support_vectors_)
        scale = (np.abs(inner) @ weights.T).ravel() + np.abs(machine._intercept_)
        kind = remainder if isinstance(remainder, str) else "scaled"
        yield Case(f"columns,names,{kind}", pipeline, rows, score, scale=scale)


def cases(rng):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for group in (
            scalers, rowwise, imputers, polynomials, quantiles, powers, functions, others, columns,
        ):
            yield from group(rng)

"""Models that keep their training rows: neighbours, local outlier factors, kernel densities."""

import warnings

import numpy as np
import sklearn
from sklearn.neighbors import (
    KernelDensity,
    KNeighborsClassifier,
    KNeighborsRegressor,
    LocalOutlierFactor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from . import Case

VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
OFFSETS = [(0, 1), (25, 2), (1000, 1), (101325, 5)]
METRICS = [
    {},
    {"metric": "manhattan"},
    {"metric": "chebyshev"},
    {"p": 1},
    {"p": 3},
    {"p": 1.5},
    {"metric": "l2"},
]


def draw(rng, count, offset, spread, columns=3):
    return rng.normal(offset, spread, size=(count, columns))


def text(options):
    return ",".join(f"{key}={value}" for key, value in options.items()) or "default"


def outliers(rng):
    def case(name, model, train, rows):
        model.fit(train)
        score = model.decision_function(rows)
        return Case(name, model, rows, score, anomaly=score < 0)

    for offset, spread in OFFSETS:
        train = draw(rng, 150, offset, spread)
        for count in (1, 2, 37):
            rows = draw(rng, count, offset, 2 * spread)
            for options in [{}] if count < 37 else METRICS + [
                {"n_neighbors": 5},
                {"n_neighbors": 1},
                {"algorithm": "ball_tree"},
                {"leaf_size": 3},
                {"contamination": 0.1},
                {"contamination": 0.3, "n_neighbors": 40},
            ]:
                yield case(
                    f"lof,{text(options)}/offset={offset},rows={count}",
                    LocalOutlierFactor(novelty=True, **options),
                    train,
                    rows,
                )
    # scikit-learn's brute force computes |x|^2 - 2xy + |y|^2, which only small numbers survive.
    for columns, options in ((3, {"algorithm": "brute"}), (20, {}), (20, {"metric": "manhattan"})):
        yield case(
            f"lof,{text(options)},columns={columns}",
            LocalOutlierFactor(novelty=True, **options),
            draw(rng, 90, 0, 1, columns),
            draw(rng, 11, 0, 1.5, columns),
        )
    train = draw(rng, 100, 25, 2).astype(np.float32)
    yield case(
        "lof,float32", LocalOutlierFactor(novelty=True), train, draw(rng, 9, 25, 3)
    )
    train = np.round(draw(rng, 120, 0, 1.5, 2))
    rows = np.round(draw(rng, 30, 0, 1.5, 2))
    yield case("lof,duplicates", LocalOutlierFactor(novelty=True, n_neighbors=4), train, rows)
    train, rows = draw(rng, 60, 0, 1), draw(rng, 5, 0, 1)
    pipeline = make_pipeline(StandardScaler(), LocalOutlierFactor(novelty=True, n_neighbors=8))
    yield case("lof,pipeline", pipeline, train, rows)
    gaps = draw(rng, 5, 0, 1)
    gaps[2, 1] = np.nan
    model = LocalOutlierFactor(novelty=True).fit(train)
    score = np.full(5, np.nan)
    whole = ~np.isnan(gaps).any(axis=1)
    score[whole] = model.decision_function(gaps[whole])
    yield Case("lof,nan", model, gaps, score)


def classifiers(rng):
    def case(name, model, train, target, rows):
        model.fit(train, target)
        chance = model.predict_proba(rows)
        score = chance[:, 1] if len(model.classes_) == 2 else chance.max(axis=1)
        return Case(name, model, rows, score, label=list(model.predict(rows)))

    for offset, spread in OFFSETS:
        train = draw(rng, 150, offset, spread)
        rows = draw(rng, 37, offset, spread)
        for classes in (2, 3):
            target = rng.integers(0, classes, size=150)
            for weights in ("uniform", "distance"):
                for options in METRICS + [
                    {"n_neighbors": 1}, {"n_neighbors": 12}, {"algorithm": "ball_tree"},
                    {"leaf_size": 4},
                ]:
                    yield case(
                        f"classifier,{weights},{text(options)}/offset={offset},classes={classes}",
                        KNeighborsClassifier(weights=weights, **options),
                        train,
                        target,
                        rows,
                    )
    # Whole numbers: many equal distances and votes, at the last neighbour too.
    algorithms = ["kd_tree"] + (["brute"] if VERSION >= (1, 1) else [])
    for algorithm in algorithms:
        for neighbours in (1, 2, 4, 5, 9, 16):
            for weights in ("uniform", "distance"):
                for leaf in (2, 30):
                    train = rng.integers(0, 4, size=(200, 2)).astype(float)
                    rows = rng.integers(0, 4, size=(60, 2)) + rng.choice([0, 0.5], size=(60, 2))
                    target = rng.choice(["cold", "hot", "warm"], size=200)
                    yield case(
                        f"classifier,ties,{algorithm},{neighbours},{weights},leaf={leaf}",
                        KNeighborsClassifier(
                            neighbours, weights=weights, algorithm=algorithm, leaf_size=leaf
                        ),
                        train,
                        target,
                        rows,
                    )
    train = draw(rng, 80, 0, 1)
    rows = np.vstack([train[:5], draw(rng, 5, 0, 1)])
    for target in (
        rng.integers(5, 8, size=80),
        rng.choice([-1, 1], size=80),
        rng.choice([False, True], size=80),
        rng.choice(["a", "b"], size=80).astype(object),
    ):
        yield case(
            f"classifier,classes {target.dtype}",
            KNeighborsClassifier(weights="distance"),
            train,
            target,
            rows,
        )


def regressors(rng):
    def case(name, model, train, target, rows):
        model.fit(train, target)
        score = model.predict(rows).ravel()
        scale = np.maximum(np.abs(target).max(), 1)
        return Case(name, model, rows, score, scale=scale)

    for offset, spread in OFFSETS:
        train = draw(rng, 150, offset, spread)
        target = rng.normal(offset, spread, size=150)
        rows = np.vstack([draw(rng, 15, offset, spread), train[:5]])
        for weights in ("uniform", "distance"):
            for options in METRICS + [
                {"n_neighbors": 1}, {"n_neighbors": 20}, {"algorithm": "ball_tree"}, {"leaf_size": 5},
            ]:
                yield case(
                    f"regressor,{weights},{text(options)}/offset={offset}",
                    KNeighborsRegressor(weights=weights, **options),
                    train,
                    target,
                    rows,
                )
    yield case(
        "regressor,brute",
        KNeighborsRegressor(algorithm="brute"),
        draw(rng, 70, 0, 1),
        rng.normal(size=70),
        draw(rng, 9, 0, 1),
    )
    yield case(
        "regressor,column",
        KNeighborsRegressor(),
        draw(rng, 70, 0, 1),
        rng.normal(size=(70, 1)),
        draw(rng, 9, 0, 1),
    )
    yield case(
        "regressor,whole numbers",
        KNeighborsRegressor(),
        draw(rng, 70, 0, 1).astype(np.float32),
        rng.integers(0, 9, size=70),
        draw(rng, 9, 0, 1),
    )


def plain_density(model, train, rows, weights):
    """The logarithms of the densities, and of that of one row at its own training row."""
    metric, power = model.metric, (model.metric_params or {}).get("p", 2)
    power = {"euclidean": 2, "manhattan": 1, "chebyshev": np.inf}.get(metric, power)
    differences = np.abs(rows[:, None, :] - train[None, :, :])
    distances = np.linalg.norm(differences, ord=power, axis=2)
    width = getattr(model, "bandwidth_", model.bandwidth)
    ratio = distances / width
    inside = ratio < 1
    bounded = np.where(inside, ratio, 0)
    with np.errstate(divide="ignore"):
        terms = {
            "gaussian": lambda: -0.5 * ratio**2,
            "exponential": lambda: -ratio,
            "tophat": lambda: np.where(inside, 0, -np.inf),
            "epanechnikov": lambda: np.where(inside, np.log(1 - bounded**2), -np.inf),
            "linear": lambda: np.where(inside, np.log(1 - bounded), -np.inf),
            "cosine": lambda: np.where(inside, np.log(np.cos(0.5 * np.pi * bounded)), -np.inf),
        }[model.kernel]()
        weights = np.ones(len(train)) if weights is None else weights
        terms = np.logaddexp.reduce(terms + np.log(weights / weights.sum()), axis=1)
    one = KernelDensity(kernel=model.kernel, bandwidth=width).fit(np.zeros((1, train.shape[1])))
    peak = one.score_samples(np.zeros((1, train.shape[1])))[0]
    return terms + peak, peak


def densities(rng):
    def case(name, model, train, rows, sample_weight=None):
        options = {} if sample_weight is None else {"sample_weight": sample_weight}
        model.fit(train, **options)
        score = model.score_samples(rows)
        # scikit-learn subtracts bounds of the density from each other, which leaves an error of
        # about 1e-16 of the kernels' peak: rows far below it are compared with the plain sum.
        direct, peak = plain_density(model, train, rows, sample_weight)
        noise = np.exp(np.logaddexp(score, -1e9) - peak) - np.exp(np.logaddexp(direct, -1e9) - peak)
        if np.abs(noise).max() > 1e-12:
            raise ValueError(f"{name}: the plain sum differs by {np.abs(noise).max()}")
        score = np.where(direct > peak + np.log(1e-3), score, direct)
        # A density of zero is the smallest number here, since minus infinity is no score.
        score = np.where(np.isneginf(score), -np.finfo(float).max, score)
        return Case(name, model, rows, score)

    kernels = ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine")
    for offset, spread in OFFSETS:
        for columns in (1, 2, 5):
            train = draw(rng, 140, offset, spread, columns)
            rows = np.vstack(
                [draw(rng, 20, offset, 1.5 * spread, columns), np.full((1, columns), 9 * offset + 99.0)]
            )
            for kernel in kernels:
                for bandwidth in (0.3 * spread, 2 * spread):
                    if kernel == "cosine" and columns == 5:
                        continue
                    yield case(
                        f"density,{kernel},{bandwidth}/offset={offset},columns={columns}",
                        KernelDensity(kernel=kernel, bandwidth=bandwidth),
                        train,
                        rows,
                    )
            for kernel in ("gaussian", "tophat", "exponential"):
                yield case(
                    f"density,{kernel},weights/offset={offset},columns={columns}",
                    KernelDensity(kernel=kernel, bandwidth=spread),
                    train,
                    rows,
                    sample_weight=rng.uniform(0.1, 3, size=140),
                )
    train, rows = draw(rng, 90, 0, 1), draw(rng, 12, 0, 2)
    for options in (
        {"bandwidth": "scott"},
        {"bandwidth": "silverman"},
        {"metric": "manhattan"},
        {"metric": "chebyshev", "kernel": "linear"},
        {"metric": "minkowski", "metric_params": {"p": 3}},
        {"algorithm": "ball_tree"},
        {"leaf_size": 3},
        {"breadth_first": False},
    ):
        try:
            model = KernelDensity(**options).fit(train)
        except (TypeError, ValueError):
            continue
        yield case(f"density,{text(options)}", model, train, rows)


def cases(rng):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for group in (outliers, classifiers, regressors, densities):
            yield from group(rng)

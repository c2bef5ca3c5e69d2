"""Support-vector machines and kernel maps."""

import numpy as np
from sklearn import linear_model
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from . import Case
from ._dense import COUNTS, EPS, PLACES, binary, named, probes, several, table, texts

KERNELS = [
    {"kernel": "rbf"},
    {"kernel": "rbf", "gamma": 0.7},
    {"kernel": "linear"},
    {"kernel": "poly", "degree": 2, "coef0": 1.0},
    {"kernel": "poly", "degree": 3, "gamma": "auto"},
    {"kernel": "sigmoid", "gamma": 0.1, "coef0": -0.5},
]


def machine_scale(estimator, rows):
    """The sum of the coefficients times the largest kernel, and the intercepts."""
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    X = estimator[:-1].transform(rows) if hasattr(estimator, "steps") else rows
    product = np.abs(X) @ np.abs(last.support_vectors_).T
    largest = np.ones(len(X))
    if last.kernel == "linear":
        largest = product.max(axis=1)
    if last.kernel == "poly":
        largest = (last._gamma * product.max(axis=1) + abs(last.coef0)) ** last.degree
    return np.maximum(1.0, np.abs(last.dual_coef_).sum() * largest + np.abs(last.intercept_).sum())


def regressors(rng):
    for index, kernel in enumerate(KERNELS):
        for variant, (offset, scale) in enumerate(PLACES):
            factory = [SVR, NuSVR][(index + variant) % 2]
            d = [1, 2, 3, 8][(index + variant) % 4]
            X = table(rng, 90, d, offset, scale)
            y = np.sin((X - offset) / scale).sum(axis=1)
            estimator = make_pipeline(StandardScaler(), factory(**kernel)).fit(X, y)
            rows = probes(rng, X, COUNTS[variant % 3])
            yield Case(
                name=f"{factory.__name__}/{kernel},d={d},place={offset}", estimator=estimator,
                rows=rows, score=estimator.predict(rows), scale=machine_scale(estimator, rows),
            )


def classifiers(rng):
    for index, kernel in enumerate(KERNELS):
        for variant in range(8):
            offset, scale = PLACES[(index + variant) % 4]
            k = [2, 3, 2, 4][variant % 4]
            d = [1, 2, 3, 8, 5][(index + variant) % 5]
            X = table(rng, 120, d, offset, scale)
            y = binary(rng, X) if k == 2 else several(rng, X, k)
            y = named(y) if variant % 3 == 0 else y * 2 - 1 if variant % 3 == 1 else y.astype(float)
            options = dict(kernel)
            options["decision_function_shape"] = ["ovr", "ovo"][variant // 4]
            if variant == 3:
                options["break_ties"] = True
            factory = SVC if variant % 2 else NuSVC
            if factory is NuSVC:
                options["nu"] = 0.1
            if variant == 5:
                options["probability"] = True
            try:
                estimator = make_pipeline(StandardScaler(), factory(**options)).fit(X, y)
            except ValueError:
                continue
            rows = probes(rng, X, COUNTS[variant % 3] + 10)
            score = estimator.decision_function(rows)
            if k > 2:
                score = score.max(axis=1)
            label = estimator.predict(rows)
            if label.dtype == float:
                label = label.astype(int)
            yield Case(
                name=f"{factory.__name__}/{options},d={d},k={k},place={offset}",
                estimator=estimator, rows=rows, score=score, label=texts(label),
                scale=machine_scale(estimator, rows),
            )


def symmetric(rng):
    """Mirrored training rows: on the axis decisions are 0 up to rounding, or exactly."""
    half = rng.standard_normal((30, 2)) + [2.0, 0.0]
    X = np.concatenate([half, half * [-1.0, 1.0]])
    axis = np.column_stack([np.zeros(20), rng.standard_normal(20)])
    for kernel in ({"kernel": "rbf", "gamma": 0.5}, {"kernel": "linear"}):
        two = SVC(C=1.0, **kernel).fit(X, np.repeat([0, 1], 30))
        decision = two.decision_function(axis)
        known = np.abs(decision) > 1e-13
        rows = np.concatenate([axis[known], X])
        yield Case(
            name=f"SVC/mirrored,{kernel}", estimator=two, rows=rows,
            score=two.decision_function(rows), label=texts(two.predict(rows)),
            scale=machine_scale(two, rows),
        )
    X = np.array([[0.0], [2.0], [4.0], [6.0]])
    exact = SVC(kernel="linear", C=10.0).fit(X, [0, 0, 1, 1])
    rows = np.array([[3.0], [2.0], [4.0], [-1.0]])
    if abs(exact.decision_function(rows[:1])[0]) == 0:
        yield Case(
            name="SVC/exact zero", estimator=exact, rows=rows,
            score=exact.decision_function(rows), label=texts(exact.predict(rows)),
        )


def one_class(rng):
    for index, kernel in enumerate(KERNELS):
        for variant, (offset, scale) in enumerate(PLACES):
            d = [1, 2, 3, 8][(index + variant) % 4]
            X = table(rng, 100, d, offset, scale)
            estimator = make_pipeline(StandardScaler(), OneClassSVM(nu=0.1, **kernel)).fit(X)
            rows = probes(rng, X, COUNTS[variant % 3])
            yield Case(
                name=f"OneClassSVM/{kernel},d={d},place={offset}", estimator=estimator, rows=rows,
                score=estimator.decision_function(rows), anomaly=estimator.predict(rows) == -1,
                scale=machine_scale(estimator, rows),
            )


def kernel_maps(rng):
    """Kernel approximations in front of a linear model.

    scikit-learn takes squared distances from |x|^2 - 2xy + |y|^2 and loses |x|^2 * eps there,
    which the normalization and the coefficients magnify: that loss is in the tolerance.
    """
    options = [
        {"kernel": "rbf", "gamma": 0.3}, {"kernel": "rbf"}, {"kernel": "laplacian", "gamma": 0.2},
        {"kernel": "linear"}, {"kernel": "poly", "degree": 2}, {"kernel": "polynomial", "coef0": 2},
        {"kernel": "sigmoid", "gamma": 0.05}, {"kernel": "cosine"},
    ]
    for index, option in enumerate(options):
        for variant, (offset, scale) in enumerate(PLACES):
            d = [2, 1, 3, 8][(index + variant) % 4]
            X = table(rng, 100, d, offset, scale)
            y = np.sin((X - offset) / scale).sum(axis=1)
            sampler = Nystroem(n_components=12, random_state=index, **option)
            sgd = getattr(linear_model, "SGDOneClassSVM", None)
            tail = sgd(random_state=0) if sgd and variant % 2 else Ridge(alpha=1.0)
            estimator = make_pipeline(StandardScaler(), sampler, tail).fit(X, y)
            rows = probes(rng, X, COUNTS[variant % 3])
            Z = estimator[0].transform(rows)
            weights = np.abs(tail.coef_.reshape(1, -1) @ sampler.normalization_).sum()
            norms = (Z ** 2).sum(axis=1) + (sampler.components_ ** 2).sum(axis=1).max()
            values = np.maximum(1.0, norms) ** (3 if "poly" in option["kernel"] else 1)
            scale_of = weights * (1 + 64 * EPS / 1e-9 * values) + np.abs(tail.coef_).sum()
            if hasattr(tail, "decision_function"):
                score, anomaly = estimator.decision_function(rows), estimator.predict(rows) == -1
            else:
                score, anomaly = estimator.predict(rows), None
            yield Case(
                name=f"Nystroem/{option},d={d},place={offset}", estimator=estimator, rows=rows,
                score=np.asarray(score).reshape(-1), anomaly=anomaly, scale=scale_of,
            )
    for variant, (offset, scale) in enumerate(PLACES * 2):
        d = [2, 1, 3, 8][variant % 4]
        X = table(rng, 100, d, offset, scale)
        y = binary(rng, X)
        sampler = RBFSampler(gamma=[0.5, 0.01][variant // 4], n_components=20, random_state=variant)
        steps = [StandardScaler()] if variant < 4 else []
        estimator = make_pipeline(*steps, sampler, LogisticRegression()).fit(X, y)
        rows = probes(rng, X, COUNTS[variant % 3])
        Z = estimator[0].transform(rows) if steps else rows
        angle = (np.abs(Z) @ np.abs(sampler.random_weights_)).max(axis=1)
        yield Case(
            name=f"RBFSampler/d={d},place={offset},{variant}", estimator=estimator, rows=rows,
            score=estimator.decision_function(rows), label=texts(estimator.predict(rows)),
            scale=1 + np.abs(estimator[-1].coef_).sum() * (1 + 64 * EPS / 1e-9 * angle),
        )


def cases(rng):
    yield from regressors(rng)
    yield from classifiers(rng)
    yield from symmetric(rng)
    yield from one_class(rng)
    yield from kernel_maps(rng)

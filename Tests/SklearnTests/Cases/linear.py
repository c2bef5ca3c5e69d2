"""Linear models, generalised ones, networks and discriminants."""

import numpy as np
from sklearn import linear_model
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC, LinearSVR

from . import Case
from ._dense import COUNTS, EPS, PLACES, binary, named, probes, several, table, texts


def made(factory, **parameters):
    """The estimator, or nothing where this scikit-learn lacks the class or a parameter."""
    try:
        return factory(**parameters)
    except (TypeError, AttributeError):
        return None


def fitted(estimator, X, y):
    try:
        return estimator.fit(X, y)
    except (ValueError, TypeError):
        return None


def final(estimator):
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator


def prepared(estimator, rows):
    return estimator[:-1].transform(rows) if hasattr(estimator, "steps") else rows


def linear_scale(estimator, rows, score):
    """The sum of the absolute terms; what float64 can say about a decision."""
    last = final(estimator)
    X = np.abs(prepared(estimator, rows))
    coef = np.abs(np.atleast_2d(last.coef_))
    bias = np.abs(np.atleast_1d(getattr(last, "intercept_", 0.0))).max()
    if hasattr(last, "offset_"):
        bias = np.abs(last.offset_).max()
    sums = coef.sum(axis=1).max() + bias
    # scikit-learn's own rounding of large terms
    own = 64 * EPS / 1e-9 * ((X @ coef.T).max(axis=1) + bias)
    return np.maximum(1.0, sums) + own


REGRESSORS = [
    ("LinearRegression", {}),
    ("LinearRegression", {"fit_intercept": False}),
    ("Ridge", {"alpha": 0.5}),
    ("Ridge", {"alpha": 0.5, "solver": "lsqr"}),
    ("RidgeCV", {}),
    ("Lasso", {"alpha": 0.01}),
    ("LassoCV", {"cv": 3}),
    ("ElasticNet", {"alpha": 0.01}),
    ("ElasticNetCV", {"cv": 3}),
    ("Lars", {}),
    ("LassoLars", {"alpha": 0.01}),
    ("LassoLarsIC", {}),
    ("OrthogonalMatchingPursuit", {}),
    ("BayesianRidge", {}),
    ("ARDRegression", {}),
    ("HuberRegressor", {"max_iter": 1000}),
    ("TheilSenRegressor", {"random_state": 0}),
    ("QuantileRegressor", {"alpha": 0.01, "solver": "highs"}),
    ("SGDRegressor", {"random_state": 0}),
    ("SGDRegressor", {"random_state": 0, "average": True}),
    ("PassiveAggressiveRegressor", {"random_state": 0}),
    ("PoissonRegressor", {}),
    ("GammaRegressor", {}),
    ("TweedieRegressor", {"power": 1.5}),
    ("TweedieRegressor", {"power": 0}),
    ("TweedieRegressor", {"power": 2, "link": "log"}),
    ("TweedieRegressor", {"power": 0, "link": "log"}),
]
SCALED = {"SGDRegressor", "PassiveAggressiveRegressor", "HuberRegressor", "PoissonRegressor",
          "GammaRegressor", "TweedieRegressor", "QuantileRegressor"}


def regressors(rng):
    for index, (name, parameters) in enumerate(REGRESSORS):
        factory = getattr(linear_model, name, None)
        for place, (offset, scale) in enumerate(PLACES):
            d = [1, 2, 3, 8, 17][(index + place) % 5]
            if name == "OrthogonalMatchingPursuit":
                d = max(d, 3)
            estimator = made(factory, **parameters) if factory else None
            if estimator is None:
                continue
            X = table(rng, 80, d, offset, scale)
            z = (X - offset) / scale
            y = np.exp(0.3 * z[:, 0] + 0.1 * rng.standard_normal(len(X)))
            if name in SCALED:
                estimator = make_pipeline(StandardScaler(), estimator)
            if place == 2:
                X = X.astype(np.float32)
            estimator = fitted(estimator, X, y)
            if estimator is None:
                continue
            rows = probes(rng, X, COUNTS[(index + place) % 3])
            score = estimator.predict(rows).reshape(-1)
            exponent = name in ("PoissonRegressor", "GammaRegressor", "TweedieRegressor")
            tolerance = linear_scale(estimator, rows, score)
            if exponent:
                tolerance = tolerance * np.maximum(1, np.abs(score))
            yield Case(
                name=f"{name}/{parameters},d={d},place={offset}",
                estimator=estimator, rows=rows, score=score, scale=tolerance,
            )
    for offset, scale in PLACES:
        X = table(rng, 60, 3, offset, scale)
        y = ((X - offset) / scale).sum(axis=1)
        one = linear_model.LinearRegression().fit(X, y[:, None])
        rows = probes(rng, X, 5)
        yield Case(
            name=f"LinearRegression/one target of a matrix,place={offset}",
            estimator=one, rows=rows, score=one.predict(rows)[:, 0],
            scale=linear_scale(one, rows, None),
        )
        svr = make_pipeline(StandardScaler(), LinearSVR(random_state=0, max_iter=5000)).fit(X, y)
        yield Case(
            name=f"LinearSVR/place={offset}", estimator=svr, rows=rows, score=svr.predict(rows),
            scale=linear_scale(svr, rows, None),
        )


def sgd_one_class(rng):
    factory = getattr(linear_model, "SGDOneClassSVM", None)
    if factory is None:
        return
    for index, (offset, scale) in enumerate(PLACES * 2):
        d = [1, 2, 3, 8][index % 4]
        X = table(rng, 120, d, offset, scale)
        estimator = factory(nu=[0.05, 0.5][index % 2], random_state=index, average=index % 3 == 0)
        if index >= 2:
            estimator = make_pipeline(MinMaxScaler() if index % 2 else StandardScaler(), estimator)
        estimator.fit(X)
        rows = probes(rng, X, COUNTS[index % 3])
        yield Case(
            name=f"SGDOneClassSVM/{index},d={d},place={offset}", estimator=estimator, rows=rows,
            score=estimator.decision_function(rows).reshape(-1),
            anomaly=estimator.predict(rows) == -1, scale=linear_scale(estimator, rows, None),
        )
    # decisions of exactly 0 are normal
    flat = factory(random_state=0).fit(table(rng, 50, 2, 0, 1))
    flat.coef_ = np.array([1.0, -1.0])
    flat.offset_ = np.array([0.0])
    rows = np.array([[3.0, 3.0], [1.0, 2.0], [2.0, 1.0], [0.0, 0.0]])
    yield Case(
        name="SGDOneClassSVM/exact zeros", estimator=flat, rows=rows,
        score=flat.decision_function(rows).reshape(-1), anomaly=flat.predict(rows) == -1,
    )


def classifier_score(estimator, rows, classes):
    """The decision of two classes, else the largest probability or decision."""
    if classes == 2:
        return estimator.decision_function(rows).reshape(-1)
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(rows).max(axis=1)
    return estimator.decision_function(rows).max(axis=1)


CLASSIFIERS = [
    (LogisticRegression, {}),
    (LogisticRegression, {"solver": "liblinear"}),
    (LogisticRegression, {"multi_class": "ovr"}),
    (LogisticRegression, {"multi_class": "multinomial"}),
    (LogisticRegression, {"C": 100.0, "fit_intercept": False}),
    (linear_model.LogisticRegressionCV, {"Cs": 3, "cv": 3}),
    (linear_model.RidgeClassifier, {}),
    (linear_model.RidgeClassifierCV, {}),
    (LinearSVC, {"random_state": 0}),
    (LinearSVC, {"random_state": 0, "multi_class": "crammer_singer"}),
    (SGDClassifier, {"random_state": 0}),
    (SGDClassifier, {"random_state": 0, "loss": "log_loss"}),
    (SGDClassifier, {"random_state": 0, "loss": "log"}),
    (SGDClassifier, {"random_state": 0, "loss": "modified_huber"}),
    (linear_model.Perceptron, {"random_state": 0}),
    (linear_model.PassiveAggressiveClassifier, {"random_state": 0}),
    (LinearDiscriminantAnalysis, {}),
    (LinearDiscriminantAnalysis, {"solver": "lsqr", "shrinkage": "auto"}),
    (LinearDiscriminantAnalysis, {"solver": "eigen"}),
]


def classifiers(rng):
    for index, (factory, parameters) in enumerate(CLASSIFIERS):
        for variant in range(6):
            offset, scale = PLACES[(index + variant) % 4]
            k = [2, 3, 5][variant % 3]
            d = [1, 2, 3, 8, 17][(index + variant) % 5]
            X = table(rng, 150, d, offset, scale)
            y = binary(rng, X) if k == 2 else several(rng, X, k)
            y = named(y) if variant % 2 else y if variant < 4 else y == 1
            if y.dtype == bool:
                k = 2
            estimator = made(factory, **parameters)
            if estimator is None:
                continue
            lda = factory is LinearDiscriminantAnalysis
            if not lda or variant == 3:
                estimator = make_pipeline(StandardScaler(), estimator)
            estimator = fitted(estimator, X, y)
            if estimator is None:
                continue
            rows = probes(rng, X, COUNTS[variant % 3])
            yield Case(
                name=f"{factory.__name__}/{parameters},d={d},k={k},place={offset},{variant}",
                estimator=estimator, rows=rows, score=classifier_score(estimator, rows, k),
                label=texts(estimator.predict(rows)), scale=linear_scale(estimator, rows, None),
            )


def integers(rng):
    """Whole numbers, whose decisions are exact: many are 0 or tied."""
    X = rng.integers(-3, 4, (200, 2)).astype(float)
    two = LogisticRegression().fit(X, X[:, 0] > 0)
    two.coef_ = np.array([[1.0, -2.0]])
    two.intercept_ = np.array([0.0])
    yield Case(
        name="LogisticRegression/exact zeros", estimator=two, rows=X,
        score=two.decision_function(X), label=texts(two.predict(X)),
    )
    for factory in (LogisticRegression, linear_model.Perceptron, LinearSVC):
        three = factory().fit(X, several(rng, X, 3))
        three.coef_ = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        three.intercept_ = np.array([0.0, 0.0, 0.0])
        yield Case(
            name=f"{factory.__name__}/exact ties", estimator=three, rows=X,
            score=classifier_score(three, X, 3), label=texts(three.predict(X)),
        )


def networks(rng):
    for index, activation in enumerate(["identity", "logistic", "tanh", "relu"] * 3):
        offset, scale = PLACES[index % 4]
        d = [1, 3, 8][index % 3]
        hidden = [(5,), (9, 4), (20, 8, 3)][index % 3]
        X = table(rng, 100, d, offset, scale)
        if index % 4 == 3:
            X = X.astype(np.float32)
        y = ((X - offset) / scale).sum(axis=1)
        rows = probes(rng, X, COUNTS[index % 3])
        options = {"hidden_layer_sizes": hidden, "activation": activation, "max_iter": 60,
                   "random_state": index}
        scaler = StandardScaler()
        model = make_pipeline(scaler, MLPRegressor(**options)).fit(X, y)
        yield Case(
            name=f"MLPRegressor/{activation},{hidden},d={d},place={offset}",
            estimator=model, rows=rows, score=model.predict(rows).reshape(-1),
            scale=network_scale(model, rows),
        )
        for k in (2, 4):
            target = named(several(rng, X, k))
            model = make_pipeline(StandardScaler(), MLPClassifier(**options)).fit(X, target)
            proba = model.predict_proba(rows)
            yield Case(
                name=f"MLPClassifier/{activation},{hidden},d={d},k={k},place={offset}",
                estimator=model, rows=rows, score=proba[:, 1] if k == 2 else proba.max(axis=1),
                label=texts(model.predict(rows)), scale=network_scale(model, rows),
            )
    for solver in ("lbfgs", "sgd"):
        X = table(rng, 60, 2, 0, 1)
        model = MLPRegressor(
            hidden_layer_sizes=(6,), solver=solver, random_state=1, max_iter=50
        ).fit(X, X[:, 0])
        yield Case(
            name=f"MLPRegressor/solver={solver}", estimator=model, rows=X, score=model.predict(X)
        )
    options = {"hidden_layer_sizes": (4,), "random_state": 0, "max_iter": 50}
    poisson = made(MLPRegressor, loss="poisson", **options)
    if poisson is not None:
        X = table(rng, 60, 2, 0, 1)
        poisson.fit(X, np.exp(0.2 * X[:, 0]))
        score = poisson.predict(X)
        yield Case(name="MLPRegressor/poisson", estimator=poisson, rows=X, score=score)


def network_scale(model, rows):
    """A bound of the sums in the layers."""
    value = np.abs(prepared(model, rows)).max(axis=1)
    last = final(model)
    for weights, bias in zip(last.coefs_, last.intercepts_):
        value = value * np.abs(weights).sum(axis=0).max() + np.abs(bias).max()
        if last.activation in ("logistic", "tanh"):
            value = np.maximum(1.0, np.minimum(value, 1e6))
    return np.maximum(1.0, value)


def discriminants(rng):
    for index, (offset, scale) in enumerate(PLACES * 2):
        d = [1, 2, 4, 8][index % 4]
        k = [2, 3][index % 2]
        X = table(rng, 200, d, offset, scale)
        y = several(rng, X, k)
        X = X + scale * 0.3 * y[:, None]
        estimator = QuadraticDiscriminantAnalysis(reg_param=[0.0, 0.1][index // 4]).fit(X, y)
        rows = probes(rng, X, COUNTS[index % 3])
        yield Case(
            name=f"QuadraticDiscriminantAnalysis/d={d},k={k},place={offset},{index}",
            estimator=estimator, rows=rows, score=classifier_score(estimator, rows, k),
            label=texts(estimator.predict(rows)),
            scale=10 * np.maximum(
                1.0, np.abs(estimator.decision_function(rows)).reshape(len(rows), -1).max(axis=1)
            ),
        )
        reducer = LinearDiscriminantAnalysis(solver=["svd", "eigen"][index % 2])
        reducer.fit(X, several(rng, X, 4))
        chain = make_pipeline(reducer, LogisticRegression()).fit(X, y)
        yield Case(
            name=f"LinearDiscriminantAnalysis/transformer,d={d},k={k},place={offset},{index}",
            estimator=chain, rows=rows, score=classifier_score(chain, rows, k),
            label=texts(chain.predict(rows)),
            scale=linear_scale(chain, rows, None),
        )


def cases(rng):
    yield from regressors(rng)
    yield from sgd_one_class(rng)
    yield from classifiers(rng)
    yield from integers(rng)
    yield from networks(rng)
    yield from discriminants(rng)

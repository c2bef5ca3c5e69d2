"""Mixtures, ellipses, clusters, naive Bayes and PCA as a detector.

scikit-learn takes many of these distances from products of uncentred numbers and loses digits when
the data is far from 0; the tolerances hold that loss, and rows whose label hangs on it are left
out (`clear`).
"""

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from . import Case
from ._dense import COUNTS, EPS, PLACES, binary, clear, named, probes, several, table, texts

try:
    from sklearn.naive_bayes import CategoricalNB
except ImportError:
    CategoricalNB = None


def mixture_error(model, X):
    """What scikit-learn's own formula may lose of a row's log probabilities."""
    factors = model.precisions_cholesky_
    k, d = model.means_.shape
    kind = model.covariance_type
    worst = np.zeros(len(X))
    # fitted on float32, scikit-learn multiplies means and precisions in float32
    EPS = np.finfo(model.means_.dtype).eps
    for index in range(k):
        mean = model.means_[index]
        if kind in ("full", "tied"):
            factor = factors[index] if kind == "full" else factors
            size = np.abs(X) @ np.abs(factor) + np.abs(mean) @ np.abs(factor)
            y = (X - mean) @ factor
            lost = (2 * np.abs(y) * size * EPS * 8 * d + (size * EPS * 8 * d) ** 2).sum(axis=1)
        else:
            precision = np.broadcast_to(np.asarray(factors[index]) ** 2, (d,))
            lost = 16 * d * EPS * ((X ** 2 + mean ** 2) * precision).sum(axis=1)
        worst = np.maximum(worst, lost)
    return worst


def mixtures(rng):
    kinds = ["full", "tied", "diag", "spherical"]
    for index in range(40):
        kind = kinds[index % 4]
        bayesian = index >= 20
        offset, scale = PLACES[(index // 4) % 4]
        d = [1, 2, 3, 8, 6][index % 5]
        k = [1, 2, 3, 9][(index // 2) % 4]
        X = table(rng, 150, d, offset, scale)
        X = X + scale * 4 * rng.integers(0, 3, (len(X), 1))
        if index % 7 == 6:
            X = X.astype(np.float32)
        options = {"n_components": k, "covariance_type": kind, "random_state": index}
        if bayesian:
            options["weight_concentration_prior_type"] = [
                "dirichlet_process", "dirichlet_distribution"][index // 4 % 2]
        model = (BayesianGaussianMixture if bayesian else GaussianMixture)(**options)
        chain = index % 3 == 2
        estimator = make_pipeline(StandardScaler(), model) if chain else model
        try:
            estimator.fit(X)
        except ValueError:
            # float32 far from 0 has no covariance left
            continue
        rows = probes(rng, X, COUNTS[index % 3])
        Z = estimator[0].transform(rows) if chain else rows
        error = mixture_error(model, Z)
        keep = clear(model._estimate_weighted_log_prob(Z), 2 * error)
        if not keep.any():
            continue
        rows, error = rows[keep], error[keep]
        score = estimator.score_samples(rows)
        yield Case(
            name=f"{type(model).__name__}/{kind},d={d},k={k},place={offset},{index}",
            estimator=estimator, rows=rows, score=score, label=texts(estimator.predict(rows)),
            scale=np.maximum(1.0, np.abs(score)) + error / 1e-9,
        )


def ellipses(rng):
    for index in range(16):
        offset, scale = PLACES[index % 4]
        d = [1, 2, 3, 8][(index // 4) % 4]
        X = table(rng, [60, 97][index % 2], d, offset, scale)
        model = EllipticEnvelope(
            contamination=[0.1, 0.01, 0.25][index % 3], random_state=index,
            assume_centered=index == 5, support_fraction=0.9 if index % 4 == 1 else None,
        )
        estimator = make_pipeline(StandardScaler(), model) if index % 5 == 4 else model
        estimator.fit(X)
        # the training rows too: some of them lie on the threshold, where the decision is exactly 0
        rows = np.concatenate([X, probes(rng, X, COUNTS[index % 3])])
        score = estimator.decision_function(rows)
        Z = estimator[0].transform(rows) if index % 5 == 4 else rows
        away = np.abs(Z - model.location_)
        size = (away @ np.abs(model.precision_) * away).sum(axis=1)
        yield Case(
            name=f"EllipticEnvelope/d={d},place={offset},{index}", estimator=estimator, rows=rows,
            score=score, anomaly=estimator.predict(rows) == -1, scale=np.maximum(1.0, size),
        )


def distance_scale(rows, centers, score):
    lost = 16 * EPS * ((rows ** 2).sum(axis=1) + (centers ** 2).sum(axis=1).max())
    return np.maximum(1.0, score) + lost / np.maximum(score, np.sqrt(lost)) / 1e-9


def clusters(rng):
    for index in range(24):
        offset, scale = PLACES[index % 4]
        d = [1, 2, 3, 8, 17][index % 5]
        k = [1, 2, 5, 11][(index // 3) % 4]
        factory = [KMeans, MiniBatchKMeans][index % 2]
        X = table(rng, 150, d, offset, scale)
        if index % 6 == 5:
            X = X.astype(np.float32)
        model = factory(n_clusters=k, random_state=index, n_init=2).fit(X)
        rows = probes(rng, X, COUNTS[index % 3])
        try:
            label = model.predict(rows)
            score = model.transform(rows).min(axis=1)
        except ValueError:
            continue
        yield Case(
            name=f"{factory.__name__}/d={d},k={k},place={offset},{index}", estimator=model,
            rows=rows, score=score, label=texts(label),
            scale=distance_scale(rows, model.cluster_centers_.astype(float), score),
        )
    # whole numbers half way between centres: ties go to the first
    model = KMeans(n_clusters=3, n_init=1, init=np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]))
    model.fit(np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]))
    rows = np.array([[2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [3.0, 3.0], [4.0, 4.0], [1.0, 0.0]])
    yield Case(
        name="KMeans/exact ties", estimator=model, rows=rows,
        score=model.transform(rows).min(axis=1), label=texts(model.predict(rows)),
    )
    # centres so far away that rounding decides the label
    X = 1e7 + rng.standard_normal((200, 2))
    model = KMeans(n_clusters=8, random_state=0, n_init=2).fit(X)
    score = model.transform(X).min(axis=1)
    yield Case(
        name="KMeans/far away", estimator=model, rows=X, score=score,
        label=texts(model.predict(X)), scale=distance_scale(X, model.cluster_centers_, score),
    )
    X = table(rng, 100, 3, 25, 2)
    chain = make_pipeline(StandardScaler(), KMeans(n_clusters=4, n_init=2, random_state=0),
                          LogisticRegression()).fit(X, binary(rng, X))
    yield Case(
        name="KMeans/transformer", estimator=chain, rows=X, score=chain.decision_function(X),
        label=texts(chain.predict(X)), scale=10.0,
    )


def reconstructions(rng):
    for index in range(24):
        offset, scale = PLACES[index % 4]
        d = [2, 3, 8, 17][(index // 4) % 4]
        m = [1, d - 1, max(1, d // 2)][index % 3]
        X = table(rng, 120, d, offset, scale)
        if index % 6 == 5:
            X = X.astype(np.float32)
        if index % 4 == 3 and m < d:
            model = TruncatedSVD(n_components=m, random_state=0)
        elif index % 4 == 2:
            model = IncrementalPCA(n_components=m, whiten=index % 2 == 0)
        else:
            model = PCA(n_components=m, whiten=index % 5 == 1)
        estimator = make_pipeline(StandardScaler(), model) if index % 2 else model
        estimator.fit(X)
        rows = probes(rng, X, COUNTS[index % 3])
        Z = np.asarray(estimator[0].transform(rows) if index % 2 else rows, dtype=np.float64)
        lost = Z - model.inverse_transform(model.transform(Z))
        score = (lost ** 2).sum(axis=1)
        # components of float32 are orthonormal only to their own precision
        single = 1e-6 if model.components_.dtype == np.float32 else 0
        size = np.sqrt((Z ** 2).sum(axis=1)) * (EPS * 32 * d + single)
        yield Case(
            name=f"{type(model).__name__}/d={d},m={m},place={offset},{index}",
            estimator=estimator, rows=rows, score=score,
            scale=np.maximum(1.0, score) + (2 * np.sqrt(score) * size + size ** 2) / 1e-9,
        )
    for whiten in (False, True):
        X = table(rng, 100, 8, 25, 2)
        chain = make_pipeline(StandardScaler(), PCA(3, whiten=whiten), OneClassSVM(nu=0.1)).fit(X)
        yield Case(
            name=f"PCA/transformer,whiten={whiten}", estimator=chain, rows=X,
            score=chain.decision_function(X), anomaly=chain.predict(X) == -1,
            scale=np.abs(chain[-1].dual_coef_).sum() * 10 + 1,
        )


def naive_bayes(rng):
    for index in range(24):
        k = [2, 3, 4][index % 3]
        kind = index // 3 % 4
        d = [5 if kind == 3 else 1, 2, 3, 8, 17][index % 5]
        offset, scale = PLACES[index % 4]
        if kind == 0:
            X = table(rng, 150, d, offset, scale)
            model = GaussianNB()
        elif kind == 1:
            X = table(rng, 150, d, 0.2, 1)
            model = BernoulliNB(binarize=0.3 if index % 2 else 0.0, alpha=[1.0, 0.1][index % 2])
        else:
            X = rng.poisson(3, (150, d)).astype(float)
            model = MultinomialNB() if kind == 2 else ComplementNB(norm=index % 2 == 0)
        y = named(several(rng, X, k))
        model.fit(X, y)
        rows = probes(rng, X, COUNTS[index % 3])
        if kind >= 2:
            rows = np.abs(np.round(rows))
        proba = model.predict_proba(rows)
        yield Case(
            name=f"{type(model).__name__}/d={d},k={k},{index}", estimator=model, rows=rows,
            score=proba[:, 1] if k == 2 else proba.max(axis=1), label=texts(model.predict(rows)),
            scale=np.maximum(1.0, np.abs(model._joint_log_likelihood(rows)).max(axis=1)),
        )
    if CategoricalNB is None:
        return
    for k in (2, 3):
        X = rng.integers(0, 4, (120, 3)).astype(float)
        model = CategoricalNB().fit(X, several(rng, X, k))
        rows = np.array(
            [[0, 1, 2], [3, 3, 3], [0.9, 1.5, 2.0], [1, 1, 9], [-1, 0, 0], [2, 2, 0]], float
        )
        known = [0, 1, 2, 5]
        proba = model.predict_proba(rows[known])
        score = np.full(len(rows), np.nan)
        score[known] = proba[:, 1] if k == 2 else proba.max(axis=1)
        label = [""] * len(rows)
        for row, text in zip(known, texts(model.predict(rows[known]))):
            label[row] = text
        yield Case(
            name=f"CategoricalNB/k={k}", estimator=model, rows=rows, score=score, label=label,
        )


def missing(rng):
    """None of these takes a missing value."""
    X = table(rng, 60, 2, 0, 1)
    rows = np.array([[0.1, np.nan], [0.3, 0.2], [np.nan, np.nan]])
    for model in (GaussianMixture(2), KMeans(2, n_init=1), EllipticEnvelope(random_state=0)):
        model.fit(X)
        method = getattr(model, "decision_function", None) or getattr(model, "score_samples", None)
        score = np.full(3, np.nan)
        score[1] = method(rows[1:2])[0] if method else model.transform(rows[1:2]).min()
        yield Case(name=f"{type(model).__name__}/missing", estimator=model, rows=rows, score=score)


def cases(rng):
    yield from mixtures(rng)
    yield from ellipses(rng)
    yield from clusters(rng)
    yield from reconstructions(rng)
    yield from naive_bayes(rng)
    yield from missing(rng)

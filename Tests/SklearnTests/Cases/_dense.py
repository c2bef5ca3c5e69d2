"""Data and tolerances that the dense families share."""

import numpy as np

EPS = np.finfo(np.float64).eps
# what the columns look like: around 0, a temperature, a pressure in hectopascal and in pascal
PLACES = [(0.0, 1.0), (25.0, 2.0), (1000.0, 1.0), (101325.0, 5.0)]
COUNTS = [1, 2, 37]


def table(rng, n, d, offset, scale):
    """n rows of d columns that depend on each other a little."""
    base = rng.standard_normal((n, d))
    if d > 1:
        base = base @ (np.eye(d) + 0.3 * rng.standard_normal((d, d)) / np.sqrt(d))
    return offset + scale * base


def probes(rng, X, n):
    """Rows to ask about: training rows, rows between them and rows far away."""
    X = np.asarray(X, dtype=np.float64)
    known = X[rng.integers(0, len(X), n)]
    spread = X.std(axis=0) + 1e-12
    rows = known + spread * rng.standard_normal(known.shape) * rng.choice([0, 0.3, 3], (n, 1))
    return np.ascontiguousarray(rows)


def binary(rng, X):
    z = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-12)
    y = (z.sum(axis=1) + 0.7 * rng.standard_normal(len(X)) > 0).astype(int)
    y[:2] = [0, 1]
    return y


def several(rng, X, k):
    z = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-12)
    share = np.arctan(z[:, 0] + 0.3 * rng.standard_normal(len(X))) / np.pi + 0.5
    y = np.clip(np.floor(share * k).astype(int), 0, k - 1)
    y[:k] = np.arange(k)
    return y


def named(y):
    return np.array(["normal", "worn", "broken", "missing", "störung"])[y]


def texts(values):
    return [str(value) for value in np.asarray(values).tolist()]


def clear(values, error):
    """Rows whose largest value is further from the second than scikit-learn's own rounding."""
    ordered = np.sort(values, axis=1)
    if values.shape[1] < 2:
        return np.ones(len(values), dtype=bool)
    return ordered[:, -1] - ordered[:, -2] > error

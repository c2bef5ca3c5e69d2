"""Models fitted by scikit-learn itself, with the answers it gives, for the decoder's exactness tests."""

from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np


@dataclass
class Case:
    """A fitted estimator, rows, and what scikit-learn says of them."""

    # family/parameters, unique within its module
    name: str
    estimator: Any
    # [n, d] float64; NaN is a missing value
    rows: np.ndarray
    # [n]; NaN where the row has to fail
    score: np.ndarray
    label: Optional[list] = None
    anomaly: Optional[np.ndarray] = None
    # the tolerance of a row is 1e-9 * scale
    scale: Any = field(default=None)

    def expected(self):
        score = np.asarray(self.score, dtype=np.float64).reshape(-1)
        rows = np.asarray(self.rows, dtype=np.float64)
        if rows.ndim != 2 or len(score) != len(rows):
            raise ValueError(f"{self.name}: {rows.shape} rows, {score.shape} scores")
        scale = np.maximum(1.0, np.abs(score)) if self.scale is None else self.scale
        scale = np.broadcast_to(np.asarray(scale, dtype=np.float64), score.shape)
        return {
            "name": self.name,
            "columns": int(rows.shape[1]),
            # NaN and infinities are no JSON: numbers travel as the bits of a double, in hex
            "rows": bits(rows),
            "scores": bits(score),
            "scales": bits(np.nan_to_num(scale, nan=1.0)),
            "labels": None if self.label is None else [str(text) for text in self.label],
            "anomalies": None if self.anomaly is None else [bool(flag) for flag in self.anomaly],
        }


def bits(values):
    """The big-endian bits of float64 numbers, 16 hexadecimal digits each."""
    return np.ascontiguousarray(values, dtype=">f8").tobytes().hex()

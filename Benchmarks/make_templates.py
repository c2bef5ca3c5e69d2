#!/usr/bin/env python3
"""Fit template models for make-fleet.

    python make_templates.py --out templates.bin [--count 200] [--features 2] [--seed 7]

Each template is a pickle of a OneClassSVM (rbf, gamma="scale", nu 0.01 to 0.1, a thousand training
rows, 18 to 132 support vectors) with the places of its numbers, so that make-fleet writes many
models of different parameters without fitting each. Needs scikit-learn.

File, little-endian: "FSTPL1\\0\\0", u32 templates, u32 features, u32 rows; for each template u32
pickle bytes, u32 places; for each place u32 offset, u32 doubles, u32 kind (0 support vectors, 1
coefficients, 2 intercept, 3 offset); f64 rows [rows, features]; the pickle.
"""
import argparse, pickle, struct, warnings

import numpy as np
from sklearn.svm import OneClassSVM

warnings.filterwarnings("ignore")


def signal(rng, count, features, offset, spread, phase):
    """A slow wave with noise, as windows of one sensor are."""
    time = np.arange(count)[:, None]
    wave = np.sin(time / rng.uniform(10, 40) + phase + np.arange(features))
    return offset + spread * (wave + 0.3 * rng.standard_normal((count, features)))


def places(data, estimator):
    """Every place of the model's arrays in its pickle, by their bytes."""
    arrays = [
        (np.ascontiguousarray(estimator.support_vectors_), 0),
        (np.ascontiguousarray(estimator.dual_coef_), 1),
        (np.ascontiguousarray(estimator.intercept_), 2),
        (np.ascontiguousarray(estimator.offset_), 3),
    ]
    found = []
    for array, kind in arrays:
        raw = array.tobytes()
        at = data.find(raw)
        if at < 0:
            raise SystemExit(f"array {kind} is not in the pickle as plain bytes")
        while at >= 0:
            found.append((at, array.size, kind))
            at = data.find(raw, at + len(raw))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--features", type=int, default=2)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    made = 0
    with open(options.out, "wb") as out:
        out.write(b"FSTPL1\0\0")
        out.write(struct.pack("<III", options.count, options.features, options.rows))
        while made < options.count:
            offset, spread, phase = rng.uniform(-5, 30), rng.uniform(0.5, 3), rng.uniform(0, 6)
            nu = float(rng.uniform(0.01, 0.1))
            train = signal(rng, 1000, options.features, offset, spread, phase)
            estimator = OneClassSVM(nu=nu, gamma="scale").fit(train)
            if not 18 <= len(estimator.support_vectors_) <= 132:
                continue
            window = signal(rng, options.rows, options.features, offset, 1.2 * spread, phase)
            data = pickle.dumps(estimator, protocol=4)
            found = places(data, estimator)
            out.write(struct.pack("<II", len(data), len(found)))
            for place in found:
                out.write(struct.pack("<III", *place))
            out.write(np.ascontiguousarray(window, dtype="<f8").tobytes())
            out.write(data)
            made += 1


main()

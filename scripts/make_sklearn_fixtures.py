#!/usr/bin/env python3
"""Writes small scikit-learn models and their decision values for Tests/SklearnTests/Fixtures.

Run it once per scikit-learn version, each in its own virtual environment:

    python scripts/make_sklearn_fixtures.py Tests/SklearnTests/Fixtures

It fills the folder sklearn-<version>: <model>.<format> files and expected.csv with the columns
model, label (predict), decision (decision_function), x0, x1, ... of a few rows a model.
Needs scikit-learn, joblib and pandas.
"""

import csv
import gzip
import pathlib
import pickle
import sys

import joblib
import numpy as np
import pandas as pd
import scipy.sparse
import sklearn
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import OneClassSVM

ALL_FORMATS = ["p2", "p3", "p4", "p5", "joblib", "zlib", "gz"]
FEW_FORMATS = ["p2", "p5", "joblib"]
NAMES = ["temperature", "vibration rms", "Dr\u00fcck"]


def training_rows(columns):
    generator = np.random.default_rng(7 + columns)
    return generator.normal(size=(22, columns)) * [3, 0.5, 20][:columns] + [20, 1, 400][:columns]


def svm(kernel, **options):
    defaults = {"rbf": {"gamma": "scale"}, "linear": {}, "poly": {"coef0": 0.5, "degree": 2},
                "sigmoid": {"gamma": 0.05, "coef0": 0.1}}[kernel]
    return OneClassSVM(kernel=kernel, nu=0.2, **{**defaults, **options})


def models():
    """Yields name, fitted model, formats."""
    x1, x2, x3 = (training_rows(n) for n in (1, 2, 3))
    yield "rbf_standard", make_pipeline(StandardScaler(), svm("rbf")).fit(x1), ALL_FORMATS
    yield "linear_minmax", make_pipeline(MinMaxScaler((-1, 2), clip=True), svm("linear")).fit(x2), \
        ALL_FORMATS
    yield "poly_robust", make_pipeline(RobustScaler(), svm("poly")).fit(x3), ALL_FORMATS
    yield "sigmoid_pca", make_pipeline(StandardScaler(), PCA(2), svm("sigmoid")).fit(x3), \
        ALL_FORMATS
    yield "rbf_bare", svm("rbf").fit(x2), ["p0"] + FEW_FORMATS
    yield "rbf_auto", svm("rbf", gamma="auto").fit(x1), FEW_FORMATS
    yield "poly_cubic", make_pipeline(StandardScaler(), svm("poly", degree=3)).fit(x2), ["p4"]
    chain = make_pipeline(
        StandardScaler(), RobustScaler(unit_variance=True), MinMaxScaler(),
        PCA(2, whiten=True), svm("rbf"))
    yield "rbf_chain", chain.fit(x3), ["p2", "p4", "joblib"]
    random = make_pipeline(PCA(1, random_state=np.random.RandomState(3)), svm("rbf"))
    yield "rbf_random_state", random.fit(x2), ["p4"]
    yield "rbf_uncentered", make_pipeline(
        StandardScaler(with_mean=False), RobustScaler(with_scaling=False),
        StandardScaler(with_mean=False, with_std=False), svm("rbf")).fit(x2), ["p5"]
    nested = Pipeline([
        ("nothing", "passthrough"),
        ("inner", Pipeline([("scale", StandardScaler()), ("skip", None)])),
        ("score", svm("rbf"))])
    yield "rbf_nested", nested.fit(x2), FEW_FORMATS
    frame = pd.DataFrame(x3, columns=NAMES)
    yield "rbf_names", make_pipeline(StandardScaler(), svm("rbf")).fit(frame), \
        ["p0", "p2", "p4", "p5", "joblib", "zlib"]
    # A float32 frame leaves float32 parameters in some versions.
    yield "rbf_single", make_pipeline(PCA(1), svm("rbf")).fit(x2.astype(np.float32)), ["p5"]
    fortran = make_pipeline(StandardScaler(), PCA(2), svm("rbf")).fit(x3)
    fortran[1].components_ = np.asfortranarray(fortran[1].components_)
    yield "rbf_fortran", fortran, ["p2", "p5", "joblib"]


def column_count(model):
    steps = [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    return next(step.n_features_in_ for step in steps if not isinstance(step, str))


def save(model, path, form):
    if form.startswith("p"):
        path.write_bytes(pickle.dumps(model, int(form[1:])))
    elif form == "joblib":
        joblib.dump(model, path)
    elif form == "zlib":
        joblib.dump(model, path, compress=3)
    else:
        joblib.dump(model, path, compress=("gzip", 3))


def write_big_endian(folder):
    """The same numbers in the other byte order; scikit-learn itself would not score them."""
    model = make_pipeline(StandardScaler(), svm("rbf")).fit(training_rows(1))
    for step, names in ((model[0], ["mean_", "scale_"]),
                        (model[1], ["support_vectors_", "_dual_coef_", "_intercept_"])):
        for name in names:
            value = getattr(step, name)
            setattr(step, name, value.astype(value.dtype.newbyteorder(">")))
    for form in ("p2", "p5", "joblib"):
        save(model, folder / f"big_endian.{form}", form)


def write_refused(folder):
    """Files that have to end in an error that names what is wrong."""
    x2 = training_rows(2)
    save(svm("rbf").fit(scipy.sparse.csr_matrix(x2)), folder / "refused_sparse.p4", "p4")
    save(make_pipeline(StandardScaler(), svm("rbf")), folder / "refused_unfitted.p4", "p4")
    save(OneClassSVM(kernel="precomputed").fit(x2 @ x2.T), folder / "refused_precomputed.p4", "p4")
    save({"model": svm("rbf").fit(x2)}, folder / "refused_dict.p4", "p4")
    mixed = Pipeline([("scaler", StandardScaler().fit(x2)), ("svm", svm("rbf").fit(x2[:, :1]))])
    save(mixed, folder / "refused_dimensions.p4", "p4")
    infinite = svm("rbf").fit(x2)
    infinite._intercept_ = np.array([np.nan])
    save(infinite, folder / "refused_nan.p4", "p4")


def write_compressed(folder):
    """One model in every compression of joblib that needs no other package."""
    for form in ("xz", "bz2", "lzma"):
        joblib.dump(svm("rbf").fit(training_rows(2)), folder / f"compressed.{form}",
                    compress=(form, 3))


def main():
    folder = pathlib.Path(sys.argv[1]) / f"sklearn-{sklearn.__version__}"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    with open(folder / "expected.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["model", "label", "decision", "x"])
        for name, model, formats in models():
            columns = column_count(model)
            train = training_rows(columns)
            rows = np.vstack([train[:3], train.mean(axis=0, keepdims=True),
                              train[:1] + 4 * train.std(axis=0), train[1:2] * 0.5])
            frame = rows
            if hasattr(model, "feature_names_in_"):
                frame = pd.DataFrame(rows, columns=NAMES)
            decisions, labels = model.decision_function(frame), model.predict(frame)
            for row, decision, label in zip(rows, decisions, labels):
                writer.writerow([name, int(label), repr(float(decision))]
                                + [repr(float(v)) for v in row])
            if name == "rbf_fortran":
                # Only now: scikit-learn itself does not score such vectors.
                model[2].support_vectors_ = np.asfortranarray(model[2].support_vectors_)
            for form in formats:
                save(model, folder / f"{name}.{form}", form)
    write_big_endian(folder)
    write_refused(folder)
    write_compressed(folder)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Train the demo fleet: one small one-class SVM per series, packed into one archive.

Reads one-minute means of normal operation (CSV with the columns time, device, sensor, value),
trains a Pipeline(StandardScaler, OneClassSVM(rbf)) per series and writes each as
model_{device}_{sensor}.pkl (pickle protocol 4) into a .tar.gz. The same CSV and the same
scikit-learn give the same archive, byte for byte.

    fleetscore simulate --seed 1001 --every 20s --hours 48 --means 1m --out train.csv
    python3 scripts/make_demo_fleet.py train.csv Demo/demo-fleet.tar.gz

Needs numpy and scikit-learn. Nothing is removed from the models: they load in scikit-learn.
"""

import argparse
import csv
import gzip
import io
import pickle
import sys
import tarfile

import numpy
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM


def read_series(path):
    """Return {(device, sensor): float64 array in file order}."""
    series = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            value = float(row["value"])
            if numpy.isfinite(value):
                series.setdefault((row["device"], row["sensor"]), []).append(value)
    return {key: numpy.array(values) for key, values in series.items()}


def train(values, rows, nu, gamma, seed):
    """Train the model of one series on at most `rows` values, always with both extremes."""
    if len(values) > rows:
        picks = numpy.random.default_rng(seed).choice(len(values), rows, replace=False)
        picks = numpy.union1d(picks, [values.argmin(), values.argmax()])
        values = values[picks]
    # With so small a nu the solver's default tolerance of 1e-3 would flag ten times too many.
    svm = OneClassSVM(nu=nu, gamma=gamma, tol=1e-8)
    return Pipeline([("scaler", StandardScaler()), ("svm", svm)]).fit(values.reshape(-1, 1))


def write_archive(path, files):
    """Write (name, bytes) pairs in name order, without times, owners or a file name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mtime = 0
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(data))
    with open(path, "wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=9, mtime=0) as out:
            out.write(buffer.getvalue())
        return raw.tell()


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("training", help="CSV of one-minute means: time,device,sensor,value")
    parser.add_argument("archive", help="the .tar.gz to write")
    parser.add_argument("--nu", type=float, default=0.002, help="default: %(default)s")
    parser.add_argument("--gamma", type=float, default=0.03, help="default: %(default)s")
    parser.add_argument(
        "--rows", type=int, default=2000,
        help="training values a series, drawn at random; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of the draw; default: %(default)s")
    parser.add_argument(
        "--max-bytes", type=int, default=2_000_000,
        help="refuse a larger archive; default: %(default)s")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    series = read_series(arguments.training)
    if not series:
        sys.exit(f"{arguments.training}: no values; the columns are time,device,sensor,value")
    files = []
    vectors = []
    for (device, sensor), values in sorted(series.items()):
        if arguments.nu * min(len(values), arguments.rows) < 1:
            sys.exit(f"{device}/{sensor}: nu times rows is below 1; give more rows or a larger nu")
        model = train(values, arguments.rows, arguments.nu, arguments.gamma, arguments.seed)
        vectors.append(len(model["svm"].support_))
        files.append((f"model_{device}_{sensor}.pkl", pickle.dumps(model, protocol=4)))
    size = write_archive(arguments.archive, files)
    print(
        f"{arguments.archive}: {len(files)} models, {size} bytes, support vectors"
        f" {min(vectors)} to {max(vectors)}, mean {sum(vectors) / len(vectors):.1f}")
    if size > arguments.max_bytes:
        sys.exit(f"{arguments.archive}: {size} bytes is more than {arguments.max_bytes}")


if __name__ == "__main__":
    main()

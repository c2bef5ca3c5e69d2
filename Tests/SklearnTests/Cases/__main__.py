"""Writes the cases of every module for the scikit-learn that is installed.

    python -m Cases OUT [--only FAMILY] [--seed N]

gives OUT/VERSION/NUMBER.pkl (pickle or joblib, all protocols and compressions in turn) and
OUT/VERSION/cases.jsonl, one line a case.
"""

import argparse
import importlib
import json
import pathlib
import pickle
import pkgutil
import sys
import warnings

import joblib
import numpy as np
import sklearn

import Cases


def write(estimator, path, number):
    """One of the ways in which people save models."""
    kind = number % 10
    if kind < 4:
        with open(path, "wb") as file:
            pickle.dump(estimator, file, protocol=2 + kind)
        return f"pickle protocol {2 + kind}"
    forms = [0, 0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3)]
    compress = forms[kind - 4]
    joblib.dump(estimator, path, compress=compress, protocol=2 if kind == 4 else None)
    return f"joblib {compress or 'plain'}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only", default=None)
    parser.add_argument("--seed", type=int, default=20180828)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    folder = options.out / sklearn.__version__
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    with open(folder / "cases.jsonl", "w") as lines:
        for info in sorted(pkgutil.iter_modules(Cases.__path__), key=lambda info: info.name):
            if info.name.startswith("_") or (options.only and info.name != options.only):
                continue
            module = importlib.import_module(f"Cases.{info.name}")
            rng = np.random.default_rng([options.seed, len(info.name)])
            for case in module.cases(rng):
                record = case.expected()
                record["family"] = info.name
                record["seed"] = options.seed
                record["file"] = f"{number:05d}.pkl"
                record["saved"] = write(case.estimator, folder / record["file"], number)
                lines.write(json.dumps(record) + "\n")
                number += 1
    print(f"{number} cases of scikit-learn {sklearn.__version__} in {folder}", file=sys.stderr)


main()

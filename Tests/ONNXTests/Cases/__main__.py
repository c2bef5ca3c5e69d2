"""Writes cases: python -m Cases OUT [--seed N]; run in Tests/ONNXTests with skl2onnx installed."""

import argparse
import json
import math
import os
import sys
import warnings

import numpy as np

from . import exporters, operators


def plain(value):
    """Numbers as JSON has them; what is no number becomes a text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if math.isnan(number):
            return "nan"
        if math.isinf(number):
            return "inf" if number > 0 else "-inf"
        return number
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    return value


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=20181)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    os.makedirs(options.out, exist_ok=True)
    kinds = {"operators": operators.cases, "models": exporters.cases}
    for kind, generate in kinds.items():
        if "/" in options.only and not options.only.startswith(kind + "/"):
            continue
        listed = []
        skipped = []
        for name, make in generate(options.seed):
            if options.only not in f"{kind}/{name}":
                continue
            try:
                case = make()
            except Exception as error:  # an exporter that lacks something
                skipped.append({"name": name, "reason": f"{type(error).__name__}: {error}"[:300]})
                continue
            model = case.pop("model")
            file = f"{kind}_{len(listed):04d}.onnx"
            with open(os.path.join(options.out, file), "wb") as stream:
                stream.write(model.SerializeToString())
            listed.append(plain({"name": name, "file": file, "seed": options.seed, **case}))
        with open(os.path.join(options.out, f"{kind}.json"), "w") as stream:
            json.dump({"cases": listed, "skipped": skipped}, stream)
        print(f"{kind}: {len(listed)} cases, {len(skipped)} skipped")
        for item in skipped:
            print(f"  skipped {item['name']}: {item['reason']}", file=sys.stderr)


main()

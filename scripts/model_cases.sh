#!/usr/bin/env bash
# Lets scikit-learn and the ONNX exporters write models and their answers for the tests, once for
# each version and change.
#
#   scripts/model_cases.sh     into .model-cases/sklearn and .model-cases/onnx
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cases=$PWD/.model-cases/sklearn
sources=Tests/SklearnTests/Cases

for venv in .venv-test .venv-sklearn-1.5 .venv-sklearn-1.2; do
    [ -x "$venv/bin/python" ] || {
        echo "model_cases: $venv is missing; run scripts/setup.sh --tests" >&2
        exit 1
    }
    version=$("$venv/bin/python" -c 'import importlib.metadata as m; print(m.version("scikit-learn"))')
    stamp=$(cat "$sources"/*.py "$venv/stamp" | sha256sum | cut -d ' ' -f 1)
    [ "$(cat "$cases/$version.stamp" 2>/dev/null)" != "$stamp" ] || continue
    rm -rf "${cases:?}/$version"
    mkdir -p "$cases"
    (
        cd Tests/SklearnTests
        OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 \
            "../../$venv/bin/python" -m Cases "$cases" </dev/null
    )
    echo "$stamp" >"$cases/$version.stamp"
done

cases=$PWD/.model-cases/onnx
sources=Tests/ONNXTests/Cases
stamp=$(cat "$sources"/*.py .venv-onnx/stamp | sha256sum | cut -d ' ' -f 1)
if [ "$(cat .model-cases/onnx.stamp 2>/dev/null)" != "$stamp" ]; then
    rm -rf "$cases"
    (
        cd Tests/ONNXTests
        OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 \
            ../../.venv-onnx/bin/python -m Cases "$cases" </dev/null
    )
    echo "$stamp" >.model-cases/onnx.stamp
fi

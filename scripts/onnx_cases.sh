#!/usr/bin/env bash
# Puts the ONNX standard's conformance cases into a folder of the test environment, once.
#
#   scripts/onnx_cases.sh      .venv-test/onnx-cases holds the cases afterwards
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The newest release whose wheel holds the single-node cases.
version=1.22.0
venv=.venv-test
cases=$venv/onnx-cases

if [ "$(cat "$cases/version" 2>/dev/null)" = "$version" ]; then exit 0; fi

echo "setup: unpacking the cases of onnx $version into $cases"
rm -rf "$cases" "$cases.new"
mkdir -p "$cases.new"
trap 'rm -rf "$cases.new"' EXIT
"$venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps \
    --only-binary=:all: --dest "$cases.new" "onnx==$version" </dev/null || {
    echo "setup: pip could not download onnx $version; see above" >&2
    exit 1
}
"$venv/bin/python" - "$cases.new" <<'PYTHON'
import pathlib
import sys
import zipfile

folder = pathlib.Path(sys.argv[1])
wheel = next(folder.glob("onnx-*.whl"))
prefix = "onnx/backend/test/data/node/"
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith(prefix) and not name.endswith("/"):
            target = folder / name.removeprefix(prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))
wheel.unlink()
PYTHON
echo "$version" >"$cases.new/version"
mv "$cases.new" "$cases"

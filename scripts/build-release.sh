#!/usr/bin/env bash
# Builds the release binary, which needs no Swift runtime where it runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
echo "building the release binary; the first time this takes several minutes" >&2
swift build -c release --product fleetscore --static-swift-stdlib --quiet

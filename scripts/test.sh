#!/usr/bin/env bash
# Everything that a change must pass: set-up, format, build, tests. Says what each phase took.
#
# Arguments go to `swift test`, for example: scripts/test.sh --filter Windowing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

phases=()

phase() {
    local name=$1 start=$SECONDS
    shift
    echo "== $name"
    "$@"
    phases+=("$name $((SECONDS - start)) s")
}

run_tests() {
    local folder
    folder=$(swift build --show-bin-path)
    export FLEETSCORE_PYTHON="$PWD/.venv-test/bin/python"
    export FLEETSCORE_MODEL_CASES="$PWD/.model-cases/sklearn"
    export FLEETSCORE_ONNX_MODEL_CASES="$PWD/.model-cases/onnx"
    export FLEETSCORE_ONNX_CASES="$PWD/.venv-test/onnx-cases"
    export FLEETSCORE_KAFKA_VENV="$PWD/.venv-kafka"
    export FLEETSCORE_BINARY=${FLEETSCORE_BINARY:-$folder/fleetscore}
    # Many at once wait for each other longer than their time limits.
    export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${TEST_WIDTH:-$(($(nproc) + 1))}
    swift test --skip-build "$@"
}

report() {
    local text
    text=$(printf '%s, ' ${phases[@]+"${phases[@]}"})
    echo "== took: ${text%, }"
}
trap report EXIT

phase "set-up" scripts/setup.sh --tests
phase "format" make --no-print-directory lint
phase "model cases" scripts/model_cases.sh
phase "build" swift build --build-tests
# Tests share the threads of one pool, and one that computes for seconds keeps a thread for itself:
# those that wait, with time limits, run apart from those that compute. Those that start servers have
# the machine for themselves.
waiting='^(API|Blobs|Compute|Disk|EventLog|KafkaLog|MQTTSource|SQLiteStore|Service|Store)Tests\.'
servers='^ProcessTests\.'
if [ $# -gt 0 ]; then
    phase "tests" run_tests "$@"
else
    phase "tests that compute" run_tests --skip "$waiting" --skip "$servers"
    phase "tests that wait" run_tests --filter "$waiting"
    phase "tests of the built binary" run_tests --filter "$servers"
fi

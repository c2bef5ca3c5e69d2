#!/usr/bin/env bash
# Fuzzes the readers of untrusted files and bodies for a bounded time; a crash fails and names its input.
#
#   scripts/fuzz.sh                     20 seconds a target, after the corpus and old crashes
#   scripts/fuzz.sh SECONDS [TARGET…]   another time, 0 for old crashes and corpus only
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    echo "fuzz: $1" >&2
    exit 1
}

seconds=${1-20}
[[ $seconds =~ ^[0-9]+$ ]] || fail "'$seconds' is no number of seconds"
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || \
    targets=(pickle joblib onnx pack model json ndjson csv line parquet body payload mqtt)
for target in "${targets[@]}"; do
    [ -d "Fuzz/corpus/$target" ] || fail "there is no target '$target'; Fuzz/corpus has them"
done

build=${FLEETSCORE_FUZZ_BUILD:-.build-fuzz}
limits=(-timeout=10 -rss_limit_mb=2048 -max_len=16384)

echo "== build"
swift build -c release --package-path Fuzz --scratch-path "$build" --quiet
binary=$build/release/fuzz
# Leaks are looked for by way of ptrace, which containers do not have.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
# The sanitizer tells where it crashed; Swift's own backtrace would crash it once more.
export SWIFT_BACKTRACE=enable=no

# fuzz TARGET ARGUMENTS…: the output is shown only on failure, the numbers always.
fuzz() {
    local target=$1 log=$build/$1.log input
    shift
    mkdir -p "$build/found"
    "$binary" "$target" "$@" "${limits[@]}" -artifact_prefix="$build/found/$target-" \
        </dev/null >"$log" 2>&1 || {
        tail -n 60 "$log" >&2
        input=$(sed -n 's/^Running: //p; s/.*Test unit written to //p' "$log" | tail -n 1)
        fail "$target failed as above; run the input again with: $binary $target $input"
    }
}

# Files of a target that must not crash: one argument each.
inputs() {
    find "Fuzz/corpus/$1" "Fuzz/regressions/$1" -type f 2>/dev/null | sort
}

for target in "${targets[@]}"; do
    mapfile -t files < <(inputs "$target")
    [ ${#files[@]} -gt 0 ] || fail "Fuzz/corpus/$target is empty; see docs/fuzzing.md"
    fuzz "$target" "${files[@]}"
    echo "== $target: ${#files[@]} files hold"
    [ "$seconds" -gt 0 ] || continue
    dictionary=()
    case $target in
        pickle | joblib) dictionary=(-dict=Fuzz/dictionaries/pickle.dict) ;;
        onnx) dictionary=(-dict=Fuzz/dictionaries/onnx.dict) ;;
        json | ndjson | csv | line | payload) dictionary=(-dict=Fuzz/dictionaries/events.dict) ;;
    esac
    # What is new goes to the build folder, never into the committed corpus.
    mkdir -p "$build/corpus/$target" "Fuzz/regressions/$target"
    fuzz "$target" "$build/corpus/$target" "Fuzz/corpus/$target" "Fuzz/regressions/$target" \
        -max_total_time="$seconds" -print_final_stats=1 "${dictionary[@]}"
    awk -v target="$target" '
        /^#.*DONE/ { coverage = $4 }
        /number_of_executed_units/ { runs = $2 }
        /average_exec_per_sec/ { rate = $2 }
        END { print "== " target ": " runs " inputs, " rate " a second, " coverage " edges" }
    ' "$build/$target.log"
done

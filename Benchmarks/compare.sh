#!/bin/sh
# Compares the product with the plain C programs on the same models, on one core.
#
#   Benchmarks/compare.sh [PEERS]        PEERS: a folder with svm_packed.c and gen_fleet.py,
#                                        else $FLEETSCORE_PEERS, else ../shared/bench/peers
# Environment: PYTHON  an interpreter with scikit-learn, numpy and joblib (python3)
#              RATE    a built model-rate (else it is built here)
#              CORE    the core to pin to (the last one); ROUNDS  runs of each program (7)
#              BOUND   the lowest ratio that passes (1.0); WORK  where the fleet is kept
# Prints a line for each row count and ends with 1 when a ratio is below the bound.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
peers=${1:-${FLEETSCORE_PEERS:-$here/../../shared/bench/peers}}
python=${PYTHON:-python3}
core=${CORE:-$(($(nproc) - 1))}
rounds=${ROUNDS:-7}
bound=${BOUND:-1.0}
work=${WORK:-$here/.build/compare}

if [ ! -f "$peers/svm_packed.c" ] || [ ! -f "$peers/gen_fleet.py" ]; then
    echo "SKIPPED: no comparison programs in $peers (set FLEETSCORE_PEERS)"
    exit 0
fi
mkdir -p "$work"
if [ ! -f "$work/fleet/packed.bin" ]; then
    if ! "$python" -c 'import sklearn, numpy, joblib' 2>/dev/null; then
        echo "SKIPPED: $python has no scikit-learn, numpy and joblib (set PYTHON)"
        exit 0
    fi
    "$python" "$peers/gen_fleet.py" --out "$work/fleet" --models 1000 --rows 100 \
        --no-onnx --no-files
fi
gcc -O3 -march=native -ffast-math -o "$work/svm_packed" "$peers/svm_packed.c" -lm
if [ -z "${RATE:-}" ]; then
    swift build -c release --package-path "$here" --product model-rate
    RATE=$(swift build -c release --package-path "$here" --show-bin-path)/model-rate
fi

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# A run reports the median of its repeats; the programs alternate, so that both see the same machine.
status=0
printf '%-6s %14s %14s %8s %8s\n' rows "C M evals/s" "ours M evals/s" ratio bound
for rows in 1 10 100 1000; do
    # A repeat over one row takes 0.05 ms, so more of them are needed.
    case $rows in 1) repeat=63 ;; 10) repeat=31 ;; *) repeat=9 ;; esac
    : >"$work/peer.txt"
    : >"$work/ours.txt"
    round=0
    while [ $round -lt "$rounds" ]; do
        taskset -c "$core" "$work/svm_packed" "$work/fleet/packed.bin" 1000 "$rows" $repeat |
            sed -n 's/^poly exp2 f64.* \([0-9.]*\) M kernel.*/\1/p' >>"$work/peer.txt"
        taskset -c "$core" "$RATE" "$work/fleet/packed.bin" "$rows" $repeat |
            sed -n 's/.*evals.s \([0-9.]*\)$/\1/p' >>"$work/ours.txt"
        round=$((round + 1))
    done
    peer=$(median <"$work/peer.txt")
    ours=$(median <"$work/ours.txt")
    ratio=$(awk "BEGIN { printf \"%.2f\", $ours / $peer }")
    printf '%-6s %14s %14s %8s %8s\n' "$rows" "$peer" "$ours" "$ratio" ">= $bound"
    awk "BEGIN { exit !($ratio >= $bound) }" || status=1
done
exit $status

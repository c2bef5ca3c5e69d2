#!/bin/sh
# Measures the whole path from the wire to windows in SQL, and peers beside it, on one core.
#
#   Benchmarks/ingest.sh [PART…] [OPTIONS]     PART: throughput (when none is said), latency,
#                                              scale, peers, profile; all is all but profile
#   Benchmarks/ingest.sh --help                the options
# Environment: FLEETSCORE  a release build of the server (.build/release/fleetscore); it is not
#                          built here unless BUILD=1
#              WORK        where tools, data folders and the events are kept; on the disk that is
#                          to be measured (Benchmarks/.build-ingest)
#              PYTHON      the interpreter (python3); peers get a virtual environment of their own,
#                          .venv-bench, unless PEERS_PYTHON names one
# Ends with 1 when SQL does not hold what was sent. Peers that are not here are shown as SKIPPED.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
work=${WORK:-$here/.build-ingest}
python=${PYTHON:-python3}
binary=${FLEETSCORE:-$root/.build/release/fleetscore}

if [ "${BUILD:-0}" = 1 ]; then
    swift build -c release --package-path "$root" --product fleetscore
fi
case " $* " in
*" --help "* | *" -h "*) binary=${binary:-none} ;;
*)
    if [ ! -x "$binary" ]; then
        echo "ingest: there is no release build at $binary (set FLEETSCORE, or BUILD=1)" >&2
        exit 2
    fi
    ;;
esac

mkdir -p "$work/bin"
for tool in load fsync-rate; do
    source=$here/load/$tool.c
    newer=$(find "$here/load" -name '*.[ch]' -newer "$work/bin/$tool" 2>/dev/null || echo all)
    if [ ! -x "$work/bin/$tool" ] || [ -n "$newer" ]; then
        ${CC:-cc} -std=gnu11 -O2 -Wall -Wextra -Werror -o "$work/bin/$tool" "$source" -lm
    fi
done

# A peer that does not install is skipped by the report, not here.
peers=${PEERS_PYTHON:-$root/.venv-bench/bin/python}
case " $* " in
*" peers "* | *" all "*)
    if [ ! -x "$peers" ]; then
        "$python" -m venv "$root/.venv-bench"
        for package in bytewax==0.21.1 orjson==3.13.0 apache-flink==2.3.0; do
            "$peers" -m pip install --quiet --disable-pip-version-check "$package" ||
                echo "ingest: $package does not install here" >&2
        done
    fi
    ;;
esac
exec "$python" "$here/load/ingest.py" --binary "$binary" --work "$work" --python "$peers" "$@"

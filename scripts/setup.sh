#!/usr/bin/env bash
# Installs what is missing for building and, with --tests, for testing. The second time it is quick.
#
#   scripts/setup.sh           for a build
#   scripts/setup.sh --tests   for a build and all tests
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

swift_min=6.3

fail() {
    echo "setup: $1" >&2
    exit 1
}

for_tests=false
case "${1-}" in
    "") ;;
    --tests) for_tests=true ;;
    *) fail "unknown option $1; use --tests or nothing" ;;
esac

check_swift() {
    local text version
    command -v swift >/dev/null ||
        fail "swift is not installed; install Swift $swift_min or newer from swift.org"
    text=$(swift --version 2>/dev/null || true)
    version=$(sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' <<<"$text" | head -n 1)
    [ -n "$version" ] || fail "swift --version says no version; check the installation"
    [ "$(printf '%s\n' "$swift_min" "$version" | sort -V | head -n 1)" = "$swift_min" ] ||
        fail "Swift $version is too old; install Swift $swift_min or newer from swift.org"
}

has_package() {
    dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# Installs packages, with fresh lists if the ones at hand do not do.
install_packages() {
    local log
    command -v apt-get >/dev/null ||
        fail "missing: $*; install them with this system's package manager (names are Debian's)"
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        fail "missing: $*; run as root: apt-get install $*"
    fi
    echo "setup: installing $*"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    if ! as_root apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 </dev/null; then
        { as_root apt-get update && as_root apt-get install -y --no-install-recommends "$@"; } \
            >"$log" 2>&1 </dev/null || {
            tail -n 20 "$log" >&2
            rm -f "$log"
            fail "apt-get could not install $*; see above"
        }
    fi
    rm -f "$log"
}

missing=()

# need PACKAGE [COMMAND]: a command, where given, may come from anywhere.
need() {
    if [ $# -gt 1 ] && command -v "$2" >/dev/null; then return; fi
    if command -v dpkg-query >/dev/null && has_package "$1"; then return; fi
    missing+=("$1")
}

can_make_venv() {
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1
}

# make_venv FOLDER REQUIREMENTS: made anew when the requirements or the interpreter change.
make_venv() {
    local venv=$1 requirements=$2 stamp
    stamp=$({ cat "$requirements"; python3 --version; } | sha256sum | cut -d ' ' -f 1)
    if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    echo "setup: installing $(grep -v '^#' "$requirements" | paste -sd ' ') into $venv"
    rm -rf "$venv"
    python3 -m venv "$venv" || fail "python3 could not make $venv; is python3-venv installed?"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement \
        "$requirements" </dev/null || fail "pip could not install $requirements; see above"
    echo "$stamp" >"$venv/stamp"
}

check_swift
need libbz2-dev
need liblz4-dev
need liblzma-dev
need librdkafka-dev
need libsqlite3-dev
need libzstd-dev
need zlib1g-dev
need pkg-config pkg-config
if $for_tests; then
    need curl curl
    need make make
    need mosquitto mosquitto
    need mosquitto-clients mosquitto_pub
    need openssl openssl
    need sqlite3 sqlite3
    need python3 python3
    can_make_venv || need python3-venv
fi
[ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"

if $for_tests; then
    can_make_venv || fail "python3 cannot make virtual environments; install python3-venv for it"
    make_venv .venv-test scripts/requirements-test.txt
    make_venv .venv-sklearn-1.5 scripts/requirements-sklearn-1.5.txt
    make_venv .venv-sklearn-1.2 scripts/requirements-sklearn-1.2.txt
    make_venv .venv-onnx scripts/requirements-onnx.txt
    make_venv .venv-kafka scripts/requirements-kafka.txt
    scripts/onnx_cases.sh
    # Only the look at the status page needs a browser.
    if ! command -v chromium >/dev/null; then
        if [ "${CI-}" = true ]; then
            (install_packages chromium) || echo "setup: no chromium, the status page is not looked at"
        else
            echo "setup: no chromium, the status page is not looked at (apt-get install chromium)"
        fi
    fi
fi

#!/usr/bin/env bash
# Makes dist/fleetscore-VERSION-linux-ARCH.tar.gz and checks that what is in it runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    echo "package: $1" >&2
    exit 1
}

# The libraries that packaging/INSTALL.md names; libc is part of every system.
documented='linux-vdso ld-linux-x86-64 ld-linux-aarch64 libc libm libpthread libdl librt
libgcc_s libstdc++ libsqlite3 libz libzstd libbz2 liblzma liblz4 librdkafka'

# Fails when the binary needs a library that the instructions do not name; what those libraries need
# themselves comes with their packages.
check_libraries() {
    local name
    while read -r name; do
        name=$(basename "$name")
        grep -qwF -- "${name%%.so*}" <<<"$documented" ||
            fail "the binary needs $name; name its Debian package in packaging/INSTALL.md and here"
    done < <(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p')
}

# Runs the packaged binary with nothing of this build around it.
check_runs() {
    local folder said
    folder=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$folder'" EXIT
    tar -xzf "$1" -C "$folder"
    said=$(cd "$folder" && env -u LD_LIBRARY_PATH "./$name/bin/fleetscore" --version) ||
        fail "the packaged binary does not start"
    [ "$said" = "$version" ] || fail "the packaged binary says it is $said, not $version"
}

version=$(sed -n 's/.*static let current = "\([^"]*\)".*/\1/p' Sources/Client/StatusModels.swift)
[ -n "$version" ] || fail "no version in Sources/Client/StatusModels.swift"

scripts/build-release.sh
binary=$(swift build -c release --show-bin-path)/fleetscore

name=fleetscore-$version-linux-$(uname -m)
stage=dist/$name
rm -rf "$stage" "$stage.tar.gz"
mkdir -p "$stage/bin" "$stage/share/fleetscore" "$stage/etc"
install -m 755 "$binary" "$stage/bin/fleetscore"
strip "$stage/bin/fleetscore"
install -m 644 Demo/demo-fleet.tar.gz "$stage/share/fleetscore/demo-fleet.tar.gz"
"$stage/bin/fleetscore" init "$stage/etc" >/dev/null
install -m 644 packaging/fleetscore.service packaging/INSTALL.md LICENSE README.md CHANGELOG.md \
    "$stage/"
check_libraries "$stage/bin/fleetscore"

# The same files give the same archive.
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime='2000-01-01 00:00Z' \
    -C dist -cf - "$name" | gzip -9n >"$stage.tar.gz"
rm -rf "$stage"
check_runs "$stage.tar.gz"
echo "$stage.tar.gz ($(du -h "$stage.tar.gz" | cut -f 1))"

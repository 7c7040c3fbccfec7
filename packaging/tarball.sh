#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bingo-top-VERSION-linux-MACHINE.tar.gz: the static program with manual, completions and terminfo.
# Called by make tarball, which has built $BUILD/bingo-top-static.
set -eu
cd "$(dirname "$0")/.."
. packaging/lib.sh
BUILD=${BUILD:-build}
name=bingo-top-${VERSION:?}-linux-$(uname -m)
stage=$BUILD/tarball/$name

rm -rf "$BUILD/tarball"
mkdir -p "$stage"
${MAKE:-make} -s BUILD="$BUILD" PROGRAM="$BUILD/bingo-top-static" DESTDIR="$stage" PREFIX= install
strip "$stage/bin/bingo-top"
install -m 644 LICENSE "$stage/LICENSE"
terminfo_copy "$stage/share/terminfo"
licences_copy "$stage/share/doc/bingo-top/licences"
tar --sort=name --mtime="@$(commit_time)" --owner=0 --group=0 --numeric-owner -C "$BUILD/tarball" -cf - "$name" |
	gzip -9n >"$BUILD/$name.tar.gz.new"
mv "$BUILD/$name.tar.gz.new" "$BUILD/$name.tar.gz"
rm -rf "$BUILD/tarball"
echo "$BUILD/$name.tar.gz"

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# $BUILD/bingo-top_VERSION_ARCH.deb of debian/ and of the program that make deb has built. Only a copy of
# the tree is written to. A plain dpkg-buildpackage in the tree builds all by itself.
set -eu
cd "$(dirname "$0")/.."
. packaging/lib.sh
BUILD=${BUILD:-build}
for tool in dpkg-buildpackage dh; do
	command -v $tool >/dev/null || die "needs $tool (Debian: dpkg-dev debhelper)"
done
out=$(cd "$BUILD" && pwd)
tree=$out/deb/bingo-top

rm -rf "$out/deb"
mkdir -p "$tree"
cp -a Makefile VERSION LICENSE README.md bootstrap.sh completions debian docs man packaging src "$tree"
mkdir -p "$tree/tests"
cp -a tests/lib "$tree/tests"

# A build between two releases sorts before the next: 0.1.0-6ab00d2 is 0.1.0~20261121.6ab00d2.
release=$(cat VERSION)
if [ "${VERSION:?}" != "$release" ]; then
	commit=$(printf '%s' "${VERSION#"$release"}" | sed 's/^-//; s/[^A-Za-z0-9.]/./g')
	who=$(sed -n 's/^Maintainer: //p' debian/control)
	{
		echo "bingo-top ($release~$(date -u -d "@$(commit_time)" +%Y%m%d).$commit) UNRELEASED; urgency=medium"
		printf '\n  * Built from the source tree.\n\n -- %s  %s\n\n' "$who" "$(date -u -R -d "@$(commit_time)")"
		cat debian/changelog
	} >"$tree/debian/changelog"
fi
(
	cd "$tree"
	unset MAKEFLAGS MFLAGS MAKELEVEL
	BINGO_PROGRAM=$out/bingo-top dpkg-buildpackage -b -us -uc -ui -d >"$out/deb.log" 2>&1
) || { tail -n 40 "$out/deb.log" >&2; die "dpkg-buildpackage failed; all it said is in $BUILD/deb.log"; }
rm -f "$out"/bingo-top_*.deb "$out"/bingo-top-dbgsym_*.deb
mv "$out"/deb/*.deb "$out/"
rm -rf "$out/deb"
for deb in "$out"/bingo-top_*.deb; do
	echo "$BUILD/$(basename "$deb")"
done

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# $BUILD/image: all files of the container's image, which the Dockerfile copies into an empty one. Called by make image.
set -eu
cd "$(dirname "$0")/.."
. packaging/lib.sh
BUILD=${BUILD:-build}
root=$BUILD/image

rm -rf "$root"
mkdir -p "$root/tmp" "$root/root"
chmod 1777 "$root/tmp"
install -D -m 755 "$BUILD/bingo-top-static" "$root/usr/bin/bingo-top"
strip "$root/usr/bin/bingo-top"
terminfo_copy "$root/usr/share/terminfo"
licences_copy "$root/usr/share/doc/bingo-top/licences"
install -m 644 LICENSE "$root/usr/share/doc/bingo-top/licences/bingo-top"
# Without a locale of UTF-8 lines and signs would be drawn with ASCII.
locale=$(find /usr/lib/locale -maxdepth 1 -iname 'c.utf*8' 2>/dev/null | head -n 1)
if [ -n "$locale" ]; then
	mkdir -p "$root/usr/lib/locale"
	cp -rL "$locale" "$root/usr/lib/locale/C.utf8"
fi
echo "$root"

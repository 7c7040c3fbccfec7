#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Makefile's own promises: what is built again when, install, uninstall, dist.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
unset BUILD # what is built and cleaned here is a tree of its own

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree
mkdir -p "$tree/src/core" "$tree/tests/lib" "$tree/tests/unit" "$tree/man"
cp Makefile "$tree/"
cp tests/lib/version.sh "$tree/tests/lib/"
echo 1.2.3 >"$tree/VERSION"
echo 'a manual' >"$tree/man/bingo-top.1"
printf 'int one(void);\n' >"$tree/src/core/one.h"
printf '#include "core/one.h"\nint one(void) { return 1; }\n' >"$tree/src/core/one.c"

# what a make did, without the version's file, which each looks at
mk() { (cd "$tree" && make --no-print-directory "$@" 2>&1); }
did() { mk "$@" | sort | sed 's/^ *//; s/  */ /g' | tr '\n' ',' | sed 's/,$//'; }

is "no main.c yet: the archive" "$(did)" "AR libbingo.a,CC src/core/one.c"
printf '#include <stdio.h>\n#include "core/one.h"\n#include "version.h"\nint main(void) { return puts(BINGO_VERSION) < one(); }\n' >"$tree/src/main.c"
is "a new file is found" "$(did)" "CC src/main.c,LD bingo-top"
is "nothing changed, nothing done" "$(did)" ""
is "the version is VERSION's" "$("$tree/build/bingo-top")" 1.2.3
touch "$tree/src/core/one.h"
is "a header changed" "$(did)" "AR libbingo.a,CC src/core/one.c,CC src/main.c,LD bingo-top"
echo 1.2.4 >"$tree/VERSION"
is "the version changed" "$(did)" "CC src/main.c,LD bingo-top"
is "other flags" "$(did CPPFLAGS=-DX=1)" "AR libbingo.a,CC src/core/one.c,CC src/main.c,LD bingo-top"
mk >/dev/null
rm "$tree/src/core/one.c"
printf 'int one(void);\nint one(void) { return 1; }\n' >"$tree/src/core/uno.c"
mk >/dev/null
is "a file that went leaves the archive" "$(ar t "$tree/build/libbingo.a")" uno.o
is "a variant has its own folder" "$(did BUILD="$tmp/b" DEBUG=1 | sed 's/.*,//') $(ls "$tmp/b")" "LD bingo-top debug"
is "V=1 shows the commands" "$(mk -B V=1 | grep -c -e '-c src/main.c -o build/src/main.o')" 1

mk DESTDIR="$tmp/root" PREFIX=/opt/x install >/dev/null
is "install" "$(cd "$tmp/root" && find . -type f | sort | tr '\n' ' ')" "./opt/x/bin/bingo-top ./opt/x/share/man/man1/bingo-top.1 "
mk DESTDIR="$tmp/root" PREFIX=/opt/x uninstall >/dev/null
is "uninstall" "$(find "$tmp/root" -type f)" ""
mk clean >/dev/null
is "clean" "$(ls -d "$tree/build" 2>/dev/null)" ""
is "a library that is missing is named" "$(PKG_CONFIG_LIBDIR=/nonexistent mk | grep -c 'pkg-config does not find:.*libuv.*bootstrap.sh')" 1
PKG_CONFIG_LIBDIR=/nonexistent check "clean needs no library" mk clean

if [ -e .git ] && git rev-parse HEAD >/dev/null 2>&1; then
	make -s --no-print-directory BUILD="$tmp/dist" dist >/dev/null
	tar -tzf "$tmp"/dist/*.tar.gz >"$tmp/list" 2>/dev/null
	is "dist has the sources, and nothing that is built" \
		"$(grep -c -e '^[^/]*/Makefile$' -e '^[^/]*/src/main.c$' -e '^[^/]*/bootstrap.sh$' "$tmp/list") $(grep -c '/build/' "$tmp/list")" "3 0"
else
	skip "dist" "not a git clone"
fi
finish

#!/bin/sh
# Makes src/target/layout_table.c: where the fields of the runtime's structs lie, for each
# version of Go and each architecture, read from the DWARF of programs built with real toolchains.
#
#   make build/tests/tools/gen_layout && tests/tools/gen-layout.sh [VERSION...]
#
# Toolchains come from tests/toolchains.sh; by default all that it knows.
set -eu
cd "$(dirname "$0")/../.."
GEN=${BUILD:-build}/tests/tools/gen_layout
OUT=src/target/layout_table.c
# KEEP=DIR keeps the built programs there and takes those that are there already.
TMP=${KEEP:-$(mktemp -d)}
mkdir -p "$TMP"
[ -n "${KEEP:-}" ] || trap 'rm -rf "$TMP"' EXIT
[ -x "$GEN" ] || { echo "gen-layout.sh: build $GEN first" >&2; exit 1; }

build() # version go goarch
{
	mkdir -p "$TMP/mod-$1"
	cp tests/tools/layout_prog.go "$TMP/mod-$1/main.go"
	(cd "$TMP/mod-$1" &&
		{ [ -f go.mod ] || printf 'module layoutprog\n\ngo %s\n' "$1" >go.mod; } &&
		GOTOOLCHAIN=local GOFLAGS= GOPROXY=off CGO_ENABLED=0 GOCACHE="$TMP/cache" GOARCH="$3" \
			"$2" build -o "$TMP/$1-$3" .)
}

tests/toolchains.sh "${@:-all}" | sort -V >"$TMP/list"
while read -r v go; do
	for arch in amd64 arm64; do
		[ -f "$TMP/$v-$arch" ] && continue
		echo "  $v $arch" >&2
		build "$v" "$go" $arch
	done
	rm -rf "$TMP/cache"
done <"$TMP/list"

{
	cat <<-HEAD
		/* SPDX-License-Identifier: Apache-2.0 */
		/* clang-format off */
		/* Made by tests/tools/gen-layout.sh from Go's own DWARF; do not edit. */
		#include "target/layout.h"

		const struct layout_row layout_rows[] = {
	HEAD
	while read -r v go; do
		for arch in amd64 arm64; do
			"$GEN" row "${v#1.}" "$TMP/$v-$arch"
		done
	done <"$TMP/list"
	printf '};\n\nconst unsigned layout_nrows = sizeof(layout_rows) / sizeof(layout_rows[0]);\n\n'
	while read -r v go; do
		"$GEN" reasons "${v#1.}" "$TMP/$v-amd64"
	done <"$TMP/list"
	echo 'const struct layout_reasons layout_reasons[] = {'
	while read -r v go; do
		m=${v#1.}
		printf '\t{ %s, sizeof(reasons_%s) / sizeof(reasons_%s[0]), reasons_%s },\n' "$m" "$m" "$m" "$m"
	done <"$TMP/list"
	printf '};\n\nconst unsigned layout_nreasons = sizeof(layout_reasons) / sizeof(layout_reasons[0]);\n'
} >"$TMP/table.c"
mv "$TMP/table.c" "$OUT"

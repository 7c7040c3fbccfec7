#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual knows every option and every key that the program has.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$BUILD/bingo-top" --help | sed -n 's/^  \(-.,\|   \) --\([a-z-]*\).*/\2/p' | sort -u >"$tmp/help"
sed -n '/options-begin/,/options-end/p' man/bingo-top.1 | sed 's/\\-/-/g; s/\\fR.*//' |
	sed -n 's/^\.B[IR]* .*--\([a-z-][a-z-]*\).*/\1/p' | sort -u >"$tmp/man"
is "the help has options" "$(grep -c . "$tmp/help" | sed 's/^[1-9][0-9]*$/yes/')" yes
same "every option is in the manual" "$tmp/man" "$tmp/help"

"$BUILD/tests/tools/print_man" >"$tmp/keys"
sed -n '/keys-begin/,/keys-end/p' man/bingo-top.1 | sed '1d;$d' >"$tmp/man-keys"
same "the manual's section on keys is that of the key table" "$tmp/man-keys" "$tmp/keys"
"$BUILD/tests/tools/print_man" formats >"$tmp/formats"
sed -n '/formats-begin/,/formats-end/p' man/bingo-top.1 | sed '1d;$d' >"$tmp/man-formats"
same "the manual's section on exports is that of the table of formats" "$tmp/man-formats" "$tmp/formats"
is "the help has all formats" "$("$BUILD/bingo-top" --help | sed -n '/^Formats/,/^$/s/^  \([a-z-]*\) .*/\1/p' | tr '\n' ' ')" \
	"$(sed -n 's/^\.B //p' "$tmp/formats" | tr -d '\\' | tr '\n' ' ')"
if command -v man >/dev/null 2>&1; then
	check "man reads it without a word" sh -c 'out=$(LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z man/bingo-top.1 2>&1 >/dev/null) && test -z "$out" || { echo "$out"; false; }'
else
	skip "man reads it without a word" "man is not here"
fi
finish

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

# What is made of the tables is in the tree as it would be made now.
check "manual and completions can be made" tests/tools/generate.sh "$tmp/made"
for f in man/bingo-top.1 man/bingo-top.5 completions/bingo-top.bash completions/_bingo-top completions/bingo-top.fish; do
	same "$f is that of the tables: make generated" "$f" "$tmp/made/$f"
done
is "the manual has keys" "$(sed -n '/keys-begin/,/keys-end/p' man/bingo-top.1 | grep -c '^\.TP')" "$("$BUILD/tests/tools/print_man" | grep -c '^\.TP')"

# No setting, no option and no action is missing anywhere.
"$BUILD/bingo-top" --print-config >"$tmp/config"
sed -n 's/^#\([a-z-]*\) = .*/\1/p' "$tmp/config" | sort -u >"$tmp/keys"
sed -n '/^\[screen\]/,/^\[filters\]/p' "$tmp/config" | sed -n 's/^#\([a-z-]*\) = .*/\1/p' | sort -u >"$tmp/settings"
sed -n '/settings-begin/,/settings-end/p' man/bingo-top.5 | sed 's/\\-/-/g' | sed -n 's/^\.B \([a-z-]*\)$/\1/p' | grep -vx base | sort -u >"$tmp/man-settings"
same "every setting is in the manual" "$tmp/man-settings" "$tmp/settings"
sed -n '/keys-begin/,/keys-end/p' man/bingo-top.1 | sed 's/\\-/-/g' | grep -o 'fB:[a-z-]*' | sed 's/^fB://' | sort -u >"$tmp/actions"
is "every action has a line in the file of all settings" "$(sed -n '/^\[keys\]/,$p' "$tmp/config" | sed -n 's/^#\([a-z]*\.\)*\([a-z-]*\) =.*/\2/p' | sort -u | comm -13 - "$tmp/actions")" ""
for f in completions/bingo-top.bash completions/_bingo-top completions/bingo-top.fish; do
	is "every option is in $f" "$(while read -r o; do grep -q -- "-$o\|-l $o" "$f" || echo "$o"; done <"$tmp/help")" ""
done

"$BUILD/tests/tools/print_man" formats >"$tmp/formats"
is "the help has all formats" "$("$BUILD/bingo-top" --help | sed -n '/^Formats/,/^$/s/^  \([a-z-]*\) .*/\1/p' | tr '\n' ' ')" \
	"$(sed -n 's/^\.B //p' "$tmp/formats" | tr -d '\\' | tr '\n' ' ')"
if command -v man >/dev/null 2>&1; then
	for page in man/bingo-top.1 man/bingo-top.5; do
		check "man reads $page without a word" sh -c 'out=$(LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null) && test -z "$out" || { echo "$out"; false; }' - "$page"
	done
else
	skip "man reads it without a word" "man is not here"
fi
finish

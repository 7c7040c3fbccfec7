#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cached.sh KIND FILE: one check of one C file, of LINT_FLAGS. What was found good is not looked at
# again while the file, what it includes of ours, the tools (LINT_SALT) and the checks stay the same.
#   tidy     clang-tidy
#   alone    it compiles, included twice and after nothing else
# Prints what is wrong.
set -u
kind=$1
file=$2
stamp=$BUILD/lint/$kind/$(echo "$file" | tr / _)

# shellcheck disable=SC2086
ours()
{
	"$CLANG" $LINT_FLAGS -MM -MT x -x c "$file" 2>/dev/null |
		tr -s ' \\\n' '\n\n\n' | grep -v -e ':$' -e '^$'
}
# shellcheck disable=SC2046
key=$({ echo "$LINT_SALT $LINT_FLAGS $LINT_DEPTH"; cat $(ours) "$file" .clang-tidy "$0"; } 2>/dev/null | cksum)
[ "$(cat "$stamp" 2>/dev/null)" != "$key" ] || exit 0

alone()
{
	name=${file#src/}
	for cc in $LINT_CCS; do
		# shellcheck disable=SC2086
		printf '#include "%s"\n#include "%s"\n' "$name" "$name" |
			"$cc" $LINT_FLAGS -Wall -Wextra -fsyntax-only -x c - 2>&1
	done
}

# Only what is wrong, not the way to it, and not what is generated: clang-tidy FILE -- FLAGS tells that.
tidy()
{
	# shellcheck disable=SC2086
	"$CLANG_TIDY" --quiet "$file" -- $LINT_FLAGS $LINT_DEPTH 2>&1 | grep -E '(warning|error): ' | grep -v '/gen/bpf/' | sed "s,^$PWD/,,"
}

mkdir -p "${stamp%/*}"
out=$($kind)
if [ -z "$out" ]; then
	echo "$key" >"$stamp"
else
	rm -f "$stamp"
	printf '%s: %s\n%s\n' "$file" "$kind" "$out"
fi

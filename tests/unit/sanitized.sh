#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The unit tests under clang's address and undefined-behaviour sanitizers; each program is one result.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}

if ! tests/lib/can-fuzz.sh "${CLANG:-clang}"; then
	skip "unit tests under sanitizers" "no clang with its sanitizers here"
	finish
fi
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# Leaks are looked for by a tracer, which some containers forbid.
printf 'int main(void) { return 0; }\n' >"$tmp/leak.c"
leaks=1
"${CLANG:-clang}" -fsanitize=address "$tmp/leak.c" -o "$tmp/leak" && ASAN_OPTIONS=detect_leaks=1 "$tmp/leak" 2>/dev/null || leaks=0
[ $leaks = 1 ] || echo "# leaks are not looked for: tracing is not allowed here"

for src in tests/unit/test_*.c; do
	[ -f "$src" ] || continue
	name=$(basename "$src" .c)
	if ASAN_OPTIONS=detect_leaks=$leaks:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
		timeout -k 5 120 "$BUILD/asan/$name" >"$tmp/out" 2>&1; then
		ok "$name under sanitizers"
	else
		not_ok "$name under sanitizers" "$tmp/out"
	fi
done
finish

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How much of src/ the tests run through, of a build by `make coverage`: a line per folder, and the total.
# $BUILD/coverage.txt has a line per file, $BUILD/never.txt the functions that were never entered.
# Counted are unit tests, cli, golden, traces, the terminal, and the suites of living processes named here.
# COVER_SUITES: words for tests/run in place of those.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build/cov}
SUITES=${COVER_SUITES:-/unit/test_ tests/cli/contract tests/cli/config tests/cli/exports tests/cli/folded
	tests/golden tests/trace/go_reader tests/pty/pty tests/pty/settings tests/live/attach
	tests/live/code tests/live/corevars tests/live/dumptext tests/live/exact tests/live/exports
	tests/live/follow tests/live/holders tests/live/objects tests/live/plain tests/live/profile
	tests/live/recording tests/live/rights tests/live/screen tests/live/vars tests/live/waits}
case $("${CC:-cc}" --version) in
*clang*) gcov="llvm-cov gcov" ;;
*) gcov=gcov ;;
esac
if ! command -v "${gcov%% *}" >/dev/null; then
	echo "coverage: ${gcov%% *} is not here" >&2
	exit 1
fi

find "$BUILD" -name '*.gcda' -exec rm -f {} +
# A test that fails under another build's timing is for make check to tell; what it ran through counts.
# shellcheck disable=SC2086
BUILD=$BUILD tests/run $SUITES >"$BUILD/coverage.log" 2>&1 || echo "not all passed: $BUILD/coverage.log"
tail -n 1 "$BUILD/coverage.log"

# Lines of each file, and of each function: inline ones of headers are in many objects, entered in one.
for data in "$BUILD"/src/*.gcda "$BUILD"/src/*/*.gcda; do
	[ ! -e "$data" ] || $gcov -n -f "$data" 2>/dev/null
done >"$BUILD/coverage.gcov"
# What no test is linked with has notes and no data.
for notes in "$BUILD"/src/*.gcno "$BUILD"/src/*/*.gcno; do
	[ ! -e "$notes" ] || [ -e "${notes%.gcno}.gcda" ] || $gcov -n -f "$notes" 2>/dev/null
done >>"$BUILD/coverage.gcov"
awk -v never="$BUILD/never.txt" -v files="$BUILD/coverage.txt" '
	BEGIN { FS = "\047" }
	/^Function / { name = $2; kind = "function"; next }
	/^File / { file = $2; kind = "file"; flush(); next }
	/^Lines executed:/ {
		split($0, a, /[:% ]+/)
		done = int(a[3] * a[5] / 100 + 0.5)
		if (kind == "function") {
			met[++n] = name
			if (done > entered[name]) entered[name] = done
		} else if (kind == "file" && file ~ /^src\/.*\.c$/ && a[5] > lines[file]) {
			lines[file] = a[5]
			hit[file] = done
		}
		kind = ""
	}
	function flush(    i) {
		for (i = 1; i <= n; i++)
			if (file ~ /^src\/.*\.c$/ && !(met[i] in place)) place[met[i]] = file
		if (file ~ /^src\/.*\.c$/) n = 0
	}
	END {
		for (f in lines) {
			folder = f
			sub(/\/[^\/]*$/, "", folder)
			of[folder] += lines[f]
			ran[folder] += hit[f]
			all += lines[f]
			run += hit[f]
			printf "%6.2f %% of %5d  %s\n", 100 * hit[f] / lines[f], lines[f], f | ("sort -n >" files)
		}
		printf "%-14s %7s %7s %8s\n", "folder", "lines", "run", "share"
		for (d in of)
			printf "%-14s %7d %7d %6.1f %%\n", d, of[d], ran[d], 100 * ran[d] / of[d] | "sort"
		close("sort")
		printf "%-14s %7d %7d %6.1f %%\n", "all", all, run, all ? 100 * run / all : 0
		for (f in place) if (!entered[f]) { print place[f] ": " f | ("sort >" never); left++ }
		printf "%d functions were never entered: %s\n", left, never
	}' "$BUILD/coverage.gcov"

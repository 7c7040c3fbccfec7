#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# What bingo-top sees in a trace equals what Go's own reader sees: states, reasons, times and stacks of every
# goroutine, processors, ranges, tasks, metrics, samples. Traces are Go's conformance tests, those its reader of
# the first format is tested with, and ones recorded here by each toolchain at hand; some cut short or damaged.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bingo=$BUILD/bingo-top
oracle=$BUILD/oracle/oracle

if [ -z "$(tests/toolchains.sh --list 2>/dev/null)" ]; then
	skip "Go's reader and bingo-top agree" "no Go toolchain is here; tests/toolchains.sh fetches some"
	finish
fi
if ! tests/oracle/build.sh "$BUILD/oracle" >"$tmp/log" 2>&1; then
	not_ok "Go's own reader can be built" "$tmp/log"
	finish
fi
if ! tests/record-traces.sh -o "$BUILD/traces" >"$tmp/log" 2>&1; then
	not_ok "traces can be recorded" "$tmp/log"
fi

# A sentence where Go's reader refuses: exit 5, or a note beside what could be read.
told() { [ "$rc" = 5 ] && grep -q '^bingo-top: .' "$tmp/err" || grep -q '"warnings":\["' "$tmp/report"; }

# Go refuses these: what C threads do in the first format (golang.org/issue/29707), and event 36. bingo-top reads them.
tolerated() { case $1 in *1.19-cgo.trace | *1.21-cgo.trace | *v1-futile-wakeup.trace) return 0 ;; esac; return 1; }

one() { # FILE [compare's options]
	file=$1
	shift
	name="${file#"$BUILD"/}"
	"$bingo" --replay "$file" --export jsonl="$tmp/ours" >/dev/null 2>"$tmp/err"
	rc=$?
	case $rc in
	0 | 5) ;;
	*)
		not_ok "$name: exit code $rc" "$tmp/err"
		return
		;;
	esac
	"$bingo" --replay "$file" --json >"$tmp/report" 2>/dev/null
	if "$oracle" verdict "$file" >"$tmp/verdict" 2>&1; then
		if [ $rc = 5 ] && grep -q '^ok 0 ' "$tmp/verdict"; then
			ok "$name: there is nothing in it"
			return
		elif [ $rc = 5 ]; then
			not_ok "$name: Go reads it, bingo-top does not" "$tmp/err"
			return
		fi
	elif tolerated "$file"; then
		if [ $rc = 0 ] && ! grep -q 'can come next' "$tmp/report"; then
			ok "$name: is read whole, though Go refuses it"
		else
			not_ok "$name: is not read whole" "$tmp/err"
		fi
		return
	elif ! told; then
		not_ok "$name: Go refuses it, bingo-top says nothing" "$tmp/verdict"
		return
	elif [ $rc = 5 ] || ! grep -q '^bad [1-9]' "$tmp/verdict"; then
		ok "$name: damaged, and said so"
		return
	else
		set -- -prefix
	fi
	check "$name" "$oracle" compare "$@" "$file" "$tmp/ours"
}

for f in "$BUILD"/oracle/conformance/*.trace "$BUILD"/oracle/v1/*.trace "$BUILD"/traces/*.trace tests/data/traces/*.trace \
	tests/data/synth/*.trace; do
	[ ! -f "$f" ] || one "$f"
done
# the cuts are many and much alike: every fourth
n=0
for f in "$BUILD"/traces/cut/*.trace; do
	n=$((n + 1))
	[ $((n % 4)) != 0 ] || [ ! -f "$f" ] || one "$f"
done
finish

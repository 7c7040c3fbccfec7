#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reading a trace whole: bingo-top (tests/trace/load: the program without its screen), then Go's own reader
# (tests/oracle), by turns, for a trace of the second format and one of the first. Both find the file in memory.
#
# Environment: BENCH_TRACE_MB (200), BENCH_TRACE_V1_MB (100): sizes of the traces, recorded once by
# tests/targets/trace_big and kept in $BUILD/bench-traces; BENCH_TRACE_V2, BENCH_TRACE_V1: files to take
# instead, "none": leave that one out; BENCH_ROUNDS (3).
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
. tests/lib/bench.sh
load=$BUILD/tests/trace/load
oracle=$BUILD/oracle/oracle
traces=$BUILD/bench-traces
rounds=${BENCH_ROUNDS:-3}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

# The last in this order that is here: the newest for the second format.
go_of() # VERSION...
{
	for v; do
		tests/toolchains.sh --list | awk -v v="$v" '$1 == v { print $2; exit }'
	done | tail -n 1
}

# The trace's file name; nothing where it cannot be made.
trace_of() # NAME MB GO
{
	file=$traces/$1-$2m.trace
	if [ ! -f "$file" ]; then
		[ -n "$3" ] || return
		mkdir -p "$traces" "$tmp/$1"
		cp tests/targets/trace_big/main.go "$tmp/$1/"
		printf 'module bingo.test\n\ngo 1.19\n' >"$tmp/$1/go.mod"
		(cd "$tmp/$1" && GOTOOLCHAIN=local GOFLAGS='' GO111MODULE=on GOWORK=off GOPROXY=off CGO_ENABLED=0 \
			GOCACHE="${GOCACHE:-$tmp/gocache}" "$3" build -o big .) >&2 &&
			"$tmp/$1/big" -o "$file.part" -size "$2MB" >&2 && mv "$file.part" "$file" || return
	fi
	echo "$file"
}

value() { tr ' ' '\n' <"$2" | sed -n "s/^$1=//p"; }

# Of a column of numbers the one below which that share of them lies; 0.5: the one in the middle.
quantile() { sort -n "$1" | awk -v q="$2" '{ v[NR] = $1 } END { print v[int(q * (NR - 1) + 0.5) + 1] }'; }
middle() { quantile "$1" 0.5; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4g\n", (b > 0 ? a / b : 0) }'; }

# One row: two columns of figures and their ratios, round by round.
row() # WHAT OURS PEER THEIRS UNIT RATIOS LIMIT
{
	bench_row "$1" "$(middle "$2")" "$3" "$(middle "$4")" "$5" "$(middle "$6")" "$(quantile "$6" 0.25)" \
		"$(quantile "$6" 0.75)" "$7"
}

measure() # WHAT FILE
{
	rm -f "$tmp"/ours* "$tmp"/theirs* "$tmp"/ratios* "$tmp"/bare "$tmp"/size "$tmp"/bytes*
	cat "$2" >/dev/null
	i=0
	while [ $i -lt "$rounds" ]; do
		"$load" "$2" >"$tmp/one" 2>"$tmp/err" || { cat "$tmp/err"; return 1; }
		value mb_s "$tmp/one" >>"$tmp/ours"
		value anon_mb "$tmp/one" >>"$tmp/ours-anon"
		value first_ms "$tmp/one" >>"$tmp/ours-first"
		value cpu_s "$tmp/one" >>"$tmp/ours-cpu"
		"$oracle" bench "$2" >"$tmp/other" || return 1
		sed 's, MB/s.*,,' "$tmp/other" >>"$tmp/theirs"
		sed 's,.* anon ,,; s, MB.*,,' "$tmp/other" >>"$tmp/theirs-anon"
		sed 's,.* cpu ,,; s, s .*,,' "$tmp/other" >>"$tmp/theirs-cpu"
		"$load" -v "$2" >"$tmp/varints"
		value mb_s "$tmp/varints" >>"$tmp/bare"
		value mb "$tmp/one" >>"$tmp/size"
		ratio "$(tail -n 1 "$tmp/ours")" "$(tail -n 1 "$tmp/theirs")" >>"$tmp/ratios"
		ratio "$(tail -n 1 "$tmp/ours")" "$(tail -n 1 "$tmp/bare")" >>"$tmp/ratios-bare"
		ratio "$(tail -n 1 "$tmp/ours-cpu")" "$(tail -n 1 "$tmp/theirs-cpu")" >>"$tmp/ratios-cpu"
		ratio "$(tail -n 1 "$tmp/ours-anon")" "$(tail -n 1 "$tmp/size")" >>"$tmp/ratios-anon"
		awk -v mb="$(tail -n 1 "$tmp/ours-anon")" -v n="$(value events "$tmp/one")" 'BEGIN { print mb * 1e6 / n }' >>"$tmp/bytes"
		awk -v mb="$(tail -n 1 "$tmp/size")" -v n="$(value events "$tmp/one")" 'BEGIN { print mb * 1e6 / n }' >>"$tmp/bytes-file"
		i=$((i + 1))
	done
	"$load" -j 1 "$2" >"$tmp/alone" 2>/dev/null
	mb=$(value mb "$tmp/one")
	printf '  %s: %s MB, %s events, %s goroutines\n' "$1" "$mb" "$(value events "$tmp/one")" "$(value goroutines "$tmp/one")"
	printf '    bingo-top      %7.1f MB/s   processor %6.2f s   RssAnon %7.1f MB, %.1f %% of the file   first screen after %.0f ms\n' \
		"$(middle "$tmp/ours")" "$(middle "$tmp/ours-cpu")" "$(middle "$tmp/ours-anon")" \
		"$(echo "$(middle "$tmp/ours-anon") $mb" | awk '{ print 100 * $1 / $2 }')" "$(middle "$tmp/ours-first")"
	printf '    on one thread  %7.1f MB/s   processor %6.2f s   RssAnon %7.1f MB\n' \
		"$(value mb_s "$tmp/alone")" "$(value cpu_s "$tmp/alone")" "$(value anon_mb "$tmp/alone")"
	printf "    Go's reader    %7.1f MB/s   processor %6.2f s   RssAnon %7.1f MB\n" \
		"$(middle "$tmp/theirs")" "$(middle "$tmp/theirs-cpu")" "$(middle "$tmp/theirs-anon")"
	printf '    bare varints   %7.1f MB/s\n' "$(middle "$tmp/bare")"
	printf '    ratio          %7.1f        of %s rounds: %s\n' "$(middle "$tmp/ratios")" "$rounds" "$(tr '\n' ' ' <"$tmp/ratios")"
	row "reading a trace, $1" "$tmp/ours" "Go's own reader" "$tmp/theirs" MB/s "$tmp/ratios" ">= 20"
	row "reading a trace, $1" "$tmp/ours" "a bare loop over its varints" "$tmp/bare" MB/s "$tmp/ratios-bare" ">= 0.5"
	row "processor time of reading, $1" "$tmp/ours-cpu" "Go's own reader" "$tmp/theirs-cpu" s "$tmp/ratios-cpu" -
	row "memory of a trace, $1" "$tmp/ours-anon" "the file" "$tmp/size" MB "$tmp/ratios-anon" "<= 0.25"
	row "memory of an event, $1" "$tmp/bytes" "in the file" "$tmp/bytes-file" bytes "$tmp/ratios-anon" -
}

one() # WHAT FILE WHY
{
	if [ "$2" = none ]; then
		return 0
	elif [ -z "$2" ]; then
		bench_missing "reading a trace, $1" "$3"
	else
		measure "$1" "$2"
	fi
}

if [ ! -x "$load" ]; then
	echo "  $load is missing: make bench builds it"
	exit 1
fi
if ! tests/oracle/build.sh "$BUILD/oracle" >"$tmp/log" 2>&1; then
	sed 's/^/  /' "$tmp/log"
	bench_missing "reading a trace" "Go's own reader cannot be built here (tests/toolchains.sh fetches Go)"
	exit 0
fi
v2=${BENCH_TRACE_V2:-$(trace_of v2 "${BENCH_TRACE_MB:-200}" "$(go_of 1.22 1.23 1.24 1.25 1.26 1.27)")}
v1=${BENCH_TRACE_V1:-$(trace_of v1 "${BENCH_TRACE_V1_MB:-100}" "$(go_of 1.19 1.21)")}
failed=0
one "second format" "$v2" "no toolchain from 1.22 on is here; tests/toolchains.sh fetches one" || failed=1
one "first format" "$v1" "no toolchain before 1.22 is here; tests/toolchains.sh fetches 1.19" || failed=1
exit $failed

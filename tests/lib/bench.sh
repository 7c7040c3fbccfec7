# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Rows of the table of tests/bench/run, for scripts; tests/bench/row.h has the format, and does it for programs.
#
#   bench_row WHAT OURS PEER THEIRS UNIT RATIO FROM TO [LIMIT]   LIMIT: "<= 2", ">= 20"
#   bench_missing WHAT WHY
BENCH_TABLE=${BENCH_TABLE:-/dev/null}

bench_row()
{
	awk -v what="$1" -v ours="$2" -v peer="$3" -v theirs="$4" -v unit="$5" -v ratio="$6" -v from="$7" -v to="$8" \
		-v limit="${9:--}" 'BEGIN {
		held = "-"
		split(limit, l, " ")
		if (l[1] == "<=") held = ratio + 0 <= l[2] + 0 ? "yes" : "no"
		if (l[1] == ">=") held = ratio + 0 >= l[2] + 0 ? "yes" : "no"
		printf "%s\t%.4g\t%s\t%.4g\t%s\t%.4g\t%.3g\t%.3g\t%s\t%s\n", what, ours, peer, theirs, unit, ratio, from, to, limit, held
	}' >>"$BENCH_TABLE"
}

bench_missing()
{
	echo "  $1: not measured: $2"
	printf '%s\tnot measured: %s\n' "$1" "$2" >>"$BENCH_TABLE"
}

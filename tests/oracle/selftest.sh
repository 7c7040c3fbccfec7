#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The comparer must find what is different: selftest.sh ORACLE TRACE
# shellcheck disable=SC2016
set -eu
oracle=$1 trace=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fails=0

expect()
{
	want=$1 what=$2 rc=0
	"$oracle" compare "$trace" "$dir/ours" >"$dir/out" 2>&1 || rc=$?
	if [ $rc -ne "$want" ]; then
		echo "$what: exit code $rc, not $want: $(tail -n 1 "$dir/out")"
		fails=$((fails + 1))
	fi
}

"$oracle" events "$trace" >"$dir/events"
# a line in the middle that is a step of a goroutine from running to waiting, with a stack
line=$(awk -F'\t' '$5 == "Running->Waiting" && $8 != "" { n[++k] = NR } END { print n[int((k + 1) / 2)] }' "$dir/events")

edit() { awk -F'\t' -v OFS='\t' -v at="$line" "$1" "$dir/events" >"$dir/ours"; }
edit '{ print }'; expect 0 "nothing changed"
edit 'NR != at { print }'; expect 1 "a line left out"
edit '{ print } NR == at { print }'; expect 1 "a line twice"
edit 'NR == at { $2 = sprintf("%.0f", $2 + 1000000) } { print }'; expect 1 "a time too late"
edit 'NR == at { $2 = sprintf("%.0f", $2 - 1000000) } { print }'; expect 1 "a time too early"
edit 'NR == at { $5 = "Running->Runnable" } { print }'; expect 1 "another state"
edit 'NR == at { $6 = "other" } { print }'; expect 1 "another reason"
edit 'NR == at { $7 = 4711 } { print }'; expect 1 "another peer"
edit 'NR == at { sub(/:[0-9]+/, ":1", $8) } { print }'; expect 1 "another line of source"
edit 'NR == at { $1 = "g999999" } { print }'; expect 1 "another goroutine"
edit '/^#base/ { print "#base auto"; next } !/^#/ { $2 = sprintf("%.0f", $2 - 12345) } { print }'; expect 0 "another base"
[ $fails -eq 0 ] && echo "oracle: the comparer finds all 9 differences"
exit $fails

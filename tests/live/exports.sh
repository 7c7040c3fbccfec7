#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# Exports of a running program with a deadlock: many at once, into files that are opened before rights
# are given up, read by other tools; and of a recording of it the same findings.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

have() { command -v "$1" >/dev/null 2>&1; }
go=$(live_go | tail -n 1)
if [ -z "$go" ]; then
	skip "exports of a running program" "there is no Go here"
	finish
fi
PROG=$(live_build faults/ab_ba "${go%% *}" "${go#* }" plain 2>"$WORK/err") || {
	not_ok "the program builds" "$WORK/build.log"
	finish
}
"$PROG" >"$WORK/out" 2>&1 &
PID=$!
own "$PID"

# watch FORMAT...: watches for longer and longer, until the deadlock is seen
watch()
{
	# shellcheck disable=SC2046
	set -- $(for f; do echo "--export $f=$WORK/$f"; done)
	for s in 2 4 8 16; do
		"$BINGO" --duration "$s" --fail-on error "$@" "$PID" >"$WORK/log" 2>&1
		rc=$?
		[ $rc = 0 ] || break
	done
}

watch jsonl json text folded folded-off svg svg-off speedscope pprof perfetto sarif junit github baseline dot
is "fifteen at once, and the deadlock is found" "$rc" 1
for f in jsonl json text folded-off svg svg-off speedscope pprof perfetto sarif junit github baseline dot; do
	check "$f: there is something in it" test -s "$WORK/$f"
done
is "github: the deadlock" "$(grep -c '^::error file=.*line=[0-9]*,title=deadlock (' "$WORK/github")" 1
is "text: the deadlock" "$(grep -c '^error deadlock' "$WORK/text")" 1
if have xmllint; then
	check "svg, junit: XML" xmllint --noout --nonet "$WORK/svg" "$WORK/svg-off" "$WORK/junit"
else
	skip "svg, junit: XML" "xmllint is not here"
fi
if have jq; then
	is "sarif: the deadlock with the stacks of both" "$(jq -c '[.runs[0].results[] | select(.ruleId == "deadlock") | [.level, (.stacks | length)]]' "$WORK/sarif")" '[["error",2]]'
	check "speedscope: time off CPU" jq -e '.profiles[1].endValue > 0' "$WORK/speedscope"
else
	skip "sarif, speedscope, read" "jq is not here"
fi
if have dot; then
	check "dot: Graphviz draws it" dot -Tsvg -o "$WORK/graph.svg" "$WORK/dot"
	is "dot: two locks, and who waits for each holds the other" \
		"$(grep -c 'label="mutex' "$WORK/dot")/$(dot -Tplain "$WORK/dot" | awk '$1 == "edge" && $2 ~ /^g/ { at[$2] = $3 } $1 == "edge" && $2 ~ /^o/ { by[$2] = $3 } END { for (g in at) n += by[at[by[at[g]]]] == g && by[at[g]] != g; print n }')" 2/2
else
	skip "dot" "Graphviz is not here"
fi
protoc=$(for p in protoc protoc-c; do have $p && echo $p && break; done)
if [ -n "$protoc" ]; then
	gzip -dc "$WORK/pprof" | $protoc -Itests/data/schema --decode=Profile tests/data/schema/profile.proto >"$WORK/pprof.txt" 2>"$WORK/err"
	is "pprof: it can be decoded" "$?/$(grep -c '^string_table: "mutex"' "$WORK/pprof.txt")" 0/1
	$protoc -Itests/data/schema --decode=Trace tests/data/schema/perfetto.proto <"$WORK/perfetto" >"$WORK/perfetto.txt" 2>"$WORK/err"
	is "perfetto: it can be decoded" "$?/$(grep -c '^    process {' "$WORK/perfetto.txt")/$(grep -c "pid: $PID\$" "$WORK/perfetto.txt")" 0/1/1
else
	skip "pprof, perfetto" "protoc is not here"
fi

# The baseline of one run is that of the next, and of the recording.
"$BINGO" --duration 4 --fail-on error --baseline "$WORK/baseline" "$PID" >"$WORK/log" 2>&1
is "what is known does not fail" "$?" 0
is "what is known is said to be" "$(grep -c '^known: error deadlock' "$WORK/log")" 1
"$BINGO" --replay "$WORK/jsonl" --fail-on error --baseline "$WORK/baseline" >"$WORK/log" 2>&1
is "of the recording it is known too" "$?/$(grep -c '^known: error deadlock' "$WORK/log")" 0/1
"$BINGO" -b -n 3 -d 0.2 "$PID" >"$WORK/log" 2>&1
is "reports one after the other stand apart, each with the time of day" \
	"$?/$(grep -cE '^bingo-top  live .*  at .*  [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}[+-][0-9]{4}$' "$WORK/log")/$(grep -B 1 '^bingo-top ' "$WORK/log" | grep -c '^$')" 0/3/2
check "the program lives" live_alive
live_stop
finish

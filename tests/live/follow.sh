#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# A verdict of a command: the Go programs that it starts, however deep, are found and told of; it ends with
# the command's own exit code unless there is a finding.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
HERE=$PWD
have() { command -v "$1" >/dev/null 2>&1; }

# run COMMAND...: its verdict; what was said is in $WORK/out and $WORK/err, $rc is how it ended
run()
{
	"$BINGO" --fail-on error "$@" >"$WORK/out" 2>"$WORK/err" </dev/null
	rc=$?
}

watched() { sed -n 's/^bingo-top: \([0-9]*\) Go programs\{0,1\} watched.*/\1/p' "$WORK/err"; }

# --- go test of several packages ---
tested() # VERSION GO
{
	# What goes on until the deadlock was surely seen, however slow the machine is.
	until=$WORK/until-$1
	(cd "$WORK/suite" && GOFLAGS=-count=1 GOTOOLCHAIN=local SUITE_UNTIL=$until CGO_ENABLED=0 exec "$BINGO" --fail-on error \
		--export sarif="$WORK/sarif" --export junit="$WORK/junit" --export json="$WORK/json" --export jsonl="$WORK/events.jsonl" \
		--record "$WORK/rec.bingo" \
		-- "$2" test ./... >"$WORK/out" 2>"$WORK/err" </dev/null) &
	us=$!
	own "$us"
	is_locked() { pgrep -x locks.test >"$WORK/pid"; }
	wait_for 120 is_locked && sleep 3
	: >"$until"
	wait "$us"
	is "Go $1: a deadlock in a test: exit code" "$?" 1
	is "Go $1: the deadlock is told" "$(grep -c '^error deadlock, proven' "$WORK/err")" 1
	check "Go $1: of whom" grep -q '^bingo-top: locks.test (process ' "$WORK/err"
	is "Go $1: the test's own output is its own" "$(grep -c '^ok  	suite/' "$WORK/out")" 3
	if have jq; then
		is "Go $1: a run of SARIF for each program" "$(jq -c '[.runs | length == '"$(watched)"', ([.[].results[] | select(.ruleId == "deadlock")] | length)]' "$WORK/sarif")" '[true,1]'
		is "Go $1: a report for each program" "$(jq -s length "$WORK/json")" "$(watched)"
	else
		skip "Go $1: SARIF and reports" "jq is not here"
	fi
	is "Go $1: a suite of JUnit for each program" "$(grep -c '<testsuite ' "$WORK/junit")" "$(watched)"
	file=$(ls "$WORK"/events-locks.test-*.jsonl)
	check "Go $1: events, of each program on its own, read back" "$BINGO" --once --replay "$file"
	is "Go $1: a recording, of each program on its own, has the deadlock" "$("$BINGO" --once --replay "$(ls "$WORK"/rec-locks.test-*.bingo)" | grep -c '^error deadlock')" 1
	rm -f "$WORK"/events-* "$WORK"/rec-*
	(cd "$WORK/suite" && SUITE_FAILS=1 GOFLAGS=-count=1 GOTOOLCHAIN=local CGO_ENABLED=0 exec "$BINGO" --fail-on error -- "$2" test ./fine >"$WORK/out" 2>"$WORK/err" </dev/null)
	is "Go $1: a test that fails, and no finding: its own exit code" "$?" 1
	is "Go $1: … for that reason" "$(grep -c '^--- FAIL: TestFine' "$WORK/out") $(grep -c ' 0 findings' "$WORK/err")" "1 1"
}

cp -r tests/targets/suite "$WORK/suite"
live_go | grep -E '^1\.(19|24|27) ' >"$WORK/go"
[ -s "$WORK/go" ] || skip "tests of Go packages" "no Go toolchain is here (tests/toolchains.sh fetches them)"
while read -r v go; do
	tested "$v" "$go"
done <"$WORK/go"

# --- exit codes, where nothing is found ---
run -- sh -c 'exit 7'
is "a shell that is no Go program: its exit code" "$rc $(watched)" "7 0"
run -- sh -c 'kill -9 $$'
is "a command that a signal ends" "$rc" 137
run -- /nowhere
is "a command that is not there" "$rc" 3
run --export svg -- true
is "what cannot be one text, on standard output" "$rc $(grep -c "give it a file's name" "$WORK/err")" "2 1"
run --export sarif -- true
is "no Go program at all: SARIF without a run" "$rc $(cat "$WORK/out")" \
	'0 {"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[]}'

# --- programs below a shell, left behind by it, and after another ---
go=$(live_go | tail -n 1)
PROG=$([ -z "$go" ] || live_build load "${go%% *}" "${go#* }" stripped 2>"$WORK/build.err")
if [ -z "$PROG" ]; then
	skip "programs below a shell" "no Go toolchain is here"
	finish
fi
cat >"$WORK/script" <<END
"$PROG" -parked 10 >"$WORK/first" &
first=\$!
( setsid "$PROG" -parked 20 >"$WORK/second" & echo \$! >"$WORK/orphan" ) # nobody waits for it
until grep -q ^ready "$WORK/first" && grep -q ^ready "$WORK/second"; do sleep 0.05; done
sleep 1
kill \$first \$(cat "$WORK/orphan")
wait
exit 5
END
run --json -- sh "$WORK/script"
is "two below a shell, one of them left behind: both watched, exit code" "$rc $(watched)" "5 2"
if have jq; then
	is "… and reported" "$(jq -c '[.counts.total >= 10, .target.stripped]' "$WORK/out" | sort -u)" "[true,true]"
fi

: >"$WORK/first"
"$BINGO" --fail-on error -- sh -c "\"$PROG\" -parked 10 >\"$WORK/first\"; exit 3" >"$WORK/out" 2>"$WORK/err" </dev/null &
us=$!
own "$us"
wait_for 30 grep -q ^ready "$WORK/first"
sleep 1
kill -TERM "$us"
wait "$us"
is "SIGTERM goes on to the command, and is the exit code" "$?" 143
first=$(sed -n 's/^ready //p' "$WORK/first")
is "… and to what it started" "$(kill -0 "$first" 2>&1 | grep -c 'No such process')" 1
cd "$HERE" || exit 1
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 120
# What a live process is told as: events in order, each life from its creation to its end, waits that
# began while we looked right to one pass, running goroutines said to be so.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

if ! command -v jq >/dev/null; then
	skip "events" "no jq"
	finish
fi
v=$(live_go | tail -1)
if [ -z "$v" ]; then
	skip "events" "no Go toolchain is here (tests/toolchains.sh fetches them)"
	finish
fi
# shellcheck disable=SC2086
LOAD=$(live_build load $v plain) && WAITS=$(live_build waits $v plain) || {
	not_ok "the targets are built" "$WORK/build.log"
	finish
}

count() { jq -s "$1" "$WORK/events"; }

# --- events of a busy program ---
live_start "$LOAD" -parked 50 -churn 2000 -pingpong 1
"$BINGO" --duration 2 --export jsonl="$WORK/events" "$PID" 2>"$WORK/err" || not_ok "an export" "$WORK/err"
live_stop
is "time never goes back" "$(jq -n '[inputs.ts_ns] | . == sort' "$WORK/events")" true
is "no state before a creation, none after an end" "$(jq -n '
	reduce (inputs | select(.g and (.type | IN("create", "status", "run", "block", "unblock", "preempt",
		"syscall", "syscall-exit", "dead")))) as $e ({alive: {}, bad: 0};
		if $e.type == "create" or $e.type == "status" then
			if .alive["\($e.g)"] then .bad += 1 else .alive["\($e.g)"] = true end
		elif .alive["\($e.g)"] | not then .bad += 1
		elif $e.type == "dead" then .alive["\($e.g)"] = false
		else . end) | .bad' "$WORK/events")" 0
is "goroutines were born and died" "$(jq -n 'reduce inputs as $e ([0, 0]; if $e.type == "create" then .[0] += 1
	elif $e.type == "dead" then .[1] += 1 else . end) | .[0] > 10 and .[1] > 10' "$WORK/events")" true
is "what is sampled has its interval" "$(jq -n '[inputs | select(.sampled) | select((.value // 0) > .ts_ns)] | length' \
	"$WORK/events")" 0
is "all creations have a place in the source" "$(jq -n '[inputs | select(.type == "create") |
	select(.source.function | startswith("main.") | not)] | length' "$WORK/events")" 0

# --- how long ---
# One processor: each draws numbers for its goroutines sixteen at a time (runtime/proc.go:newproc1), so that with several
# a higher number is not a later creation.
GOMAXPROCS=1 live_start "$LOAD" -parked 10 -grow 40
"$BINGO" --duration 2.5 --json "$PID" >"$WORK/report" 2>"$WORK/err"
live_stop
is "before the first look: at least" "$(jq '[.goroutines[] | select(.created_by.function == "main.main" and
	(.stack[-1].function == "main.park")) | .wait_is] | unique | join(" ")' "$WORK/report")" '"at-least"'
is "after it: right to a pass" "$(jq '[.goroutines[] | select(.created_by.function == "main.births")
	| select(.wait_is == "sampled")] | length > 50' "$WORK/report")" true
is "the later made, the shorter the wait" "$(jq '[.goroutines[] | select(.created_by.function == "main.births" and
	.wait_is == "sampled")] | sort_by(.g) | [.[].wait_ns] | [., .[1:]] | transpose |
	all(.[1] == null or .[1] < .[0] + 300000000)' "$WORK/report")" true
is "the last one waits for a pass or two at most" "$(jq '[.goroutines[] | select(.created_by.function == "main.births")]
	| max_by(.g).wait_ns < 1000000000' "$WORK/report")" true

# --- running ---
live_start "$WAITS" -busy 4 "$WORK/dump"
sleep 0.3
"$BINGO" --no-ptrace --no-bpf --duration 0.5 --json "$PID" >"$WORK/report" 2>"$WORK/err"
"$BINGO" --duration 1 --json "$PID" >"$WORK/sampled" 2>"$WORK/err"
live_stop
is "loops that never stop: they run or could" "$(jq '[.goroutines[] | select(.stack[-1].function == "main.busy") |
	.state] | (length == 4) and all(IN("running", "runnable"))' "$WORK/report")" true
is "one that runs, no thread being stopped: where it stands is not known, and said so" "$(jq '[.goroutines[] | select(.state == "running") |
	.stack[0].function] | all(. == "[running]")' "$WORK/report")" true
is "one that runs: not known before its thread was stopped, and then known to its line" "$(jq '
	[.goroutines[] | select(.state == "running" and .stack[-1].function == "main.busy") | .stack[0] |
	.function == "[running]" or .line > 0] | all' "$WORK/sampled")" true
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# Exact events: a program does what a script says and writes down what its goroutines did; the export
# has each creation, block, unblock and end of them, in order, with the reason, the place in the
# source and who did it, none of them sampled. And a storm is cut, the target lives on, nothing stays.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
WORKERS=${WORKERS:-4}

if ! "$BINGO" doctor | grep -q '^ok *probes'; then
	skip "exact events" "$("$BINGO" doctor | sed -n 's/^[a-z]* *probes *//p' | cut -d ';' -f 1)"
	finish
fi
command -v jq >/dev/null || { skip "exact events" "jq is not here"; finish; }

# The reports so far say that all groups are on.
all_on() { [ "$(tail -n 1 "$WORK/reports" | jq '[.self.probes[]? | select(.state == "on")] | length' 2>/dev/null)" = 5 ]; }

# As the program writes it: "G create CREATOR FUNC", "G block REASON FUNC", "G unblock WAKER", "G dead".
# A block's function is the innermost one of the program; what was not exact has a mark. A stack is
# written once, then named by its number.
as_script() # EXPORT
{
	jq -rn 'foreach inputs as $e ({};
		.e = $e | if $e.stack then .stack["\($e.stack_id)"] = $e.stack else . end;
		.stack["\(.e.stack_id)"] as $stack | .e |
		select(.g and (.type == "create" or .type == "block" or .type == "unblock" or .type == "dead")) |
		(if .sampled then "sampled " else "" end) +
		if .type == "create" then "\(.g) create \(.by) \(.source.function)"
		elif .type == "block" then "\(.g) block \(.reason) \(first($stack[]? | .function | select(startswith("main."))) // "-")"
		elif .type == "unblock" then "\(.g) unblock \(.by // 0)"
		else "\(.g) dead" end)' "$1"
}

one() # NAME PROGRAM
{
	mkfifo "$WORK/in" 2>/dev/null
	exec 7<>"$WORK/in"
	: >"$WORK/reports"
	live_start "$2" <"$WORK/in" || { not_ok "$1: starts" "$WORK/err"; return; }
	"$BINGO" --budget 100 --json -n 100000 -d 0.2 --export "jsonl=$WORK/events" "$PID" >"$WORK/reports" 2>"$WORK/said" &
	us=$!
	own "$us"
	if ! wait_for 60 all_on; then
		not_ok "$1: probes are on" <(tail -n 1 "$WORK/reports" | jq -c .self; cat "$WORK/said")
		kill "$us"
		live_stop
		return
	fi
	echo "$WORKERS" >&7
	wait_for 120 grep -q '^end' "$WORK/out"
	sleep 0.3
	kill -INT "$us"
	wait "$us"
	grep -E '^[0-9]+ ' "$WORK/out" >"$WORK/script"
	as_script "$WORK/events" | awk 'FNR == NR { own[$1]; next } { g = $1 == "sampled" ? $2 : $1 } g in own' "$WORK/script" - >"$WORK/seen"
	sort -s -n -k 1,1 "$WORK/script" >"$WORK/wanted"
	sort -s -n -k 1,1 "$WORK/seen" >"$WORK/got"
	is "$1: lines of the script" "$(wc -l <"$WORK/script")" $((WORKERS * 22))
	same "$1: what the goroutines did" "$WORK/got" "$WORK/wanted"
	is "$1: lost" "$(tail -n 1 "$WORK/reports" | jq .self.lost_events)" 0
	is "$1: blocks have their object" "$(jq -r 'select(.type == "block" and .reason != "select" and .reason != "cond" and (.addr | not)) | .g' "$WORK/events" |
		awk 'FNR == NR { own[$1]; next } $1 in own' "$WORK/script" - | wc -l)" 0
	is "$1: no stack is cut" "$(grep -c '"more frames' "$WORK/events")" 0
	live_alive && ok "$1: the program lives on" || not_ok "$1: the program lives on" "$WORK/err"
	live_stop
}

all_versions()
{
	while read -r v go <&3; do
		for kind in plain stripped pie cgo; do
			case $v-$kind in *-plain | 1.19-pie | 1.19-cgo | 1.24-pie | 1.24-cgo | 1.27-*) ;; *) continue ;; esac
			if ! prog=$(live_build script "$v" "$go" "$kind"); then
				[ "$kind" = cgo ] && skip "Go $v, $kind" "it cannot be built here" || not_ok "Go $v, $kind: builds" "$WORK/build.log"
				continue
			fi
			one "Go $v, $kind" "$prog"
		done
	done 3<"$WORK/toolchains"
}

# What probes see is what the program did, by one link and by one for each, as before Linux 6.6.
counted() # NAME PROGRAM
{
	"$BUILD/tests/live/probe_sites" told "$2" 1500 >"$WORK/told" 2>&1
	case $? in
	0) ok "$1: every hit is told" ;;
	77) skip "$1: every hit is told" "no probes may be set here" ;;
	*) not_ok "$1: every hit is told" "$WORK/told" ;;
	esac
}

sched() { tail -n 1 "$WORK/reports" | jq -r '.self.probes[]? | select(.group == "sched") | .state' 2>/dev/null; }
is_cut() { case $(sched) in cut | window) true ;; *) false ;; esac; }

# A program that stands still, so that everything is on, and then does nothing but park and wake.
storm() # PROGRAM
{
	live_start "$1" -pingpong 1 -procs 1 -parked 100 -report 200 || { not_ok "storm: starts" "$WORK/err"; return; }
	kill -STOP "$PID"
	: >"$WORK/reports"
	"$BINGO" --json -n 100000 -d 0.2 "$PID" >"$WORK/reports" 2>"$WORK/said" &
	us=$!
	own "$us"
	check "calm: all groups are on" wait_for 60 all_on
	kill -CONT "$PID"
	check "storm: the hot group is cut" wait_for 60 is_cut
	check "storm: it says why" grep -q 'would cost' <(tail -n 1 "$WORK/reports")
	is "storm: the cold ones stay" "$(tail -n 1 "$WORK/reports" | jq -c '[.self.probes[] | select(.group == "life" or .group == "locks") | .state]')" '["on","on"]'
	events() { tail -n 1 "$WORK/reports" | jq .self.samples; }
	had=$(events)
	more() { [ "$(events)" -gt "$had" ]; }
	check "storm: sampling goes on" wait_for 60 more
	kill -INT "$us"
	wait "$us"
	live_alive && ok "storm: the program lives on" || not_ok "storm: the program lives on" "$WORK/err"
	live_stop
}

goroutines() { jq -r '.goroutines[] | "\(.g) \(.state) \(.reason)"' | sort -n; }
reports() { wc -l <"$WORK/reports"; }

# Probes come and go while goroutines come and go: in the end all that are there are shown, no others.
churn() # PROGRAM
{
	live_start "$1" -procs 2 -report 1000 || { not_ok "churn: starts" "$WORK/err"; return; }
	: >"$WORK/reports"
	"$BINGO" --system --json -n 100000 -d 0.2 "$PID" >"$WORK/reports" 2>"$WORK/said" &
	us=$!
	own "$us"
	windows() { grep -c '"state":"window"' "$WORK/reports"; }
	some() { [ "$(windows)" -ge 3 ] && [ "$(reports)" -ge 20 ]; }
	wait_for 30 some
	kill -STOP "$PID"
	had=$(reports)
	more() { [ "$(reports)" -ge $((had + 8)) ]; }
	wait_for 60 more
	kill -INT "$us"
	wait "$us"
	"$BINGO" --system --json --once --no-bpf "$PID" | goroutines >"$WORK/wanted"
	tail -n 1 "$WORK/reports" | goroutines >"$WORK/got"
	check "churn: there are goroutines" [ "$(wc -l <"$WORK/wanted")" -gt 10 ]
	same "churn: those that are there are shown, and no others" "$WORK/got" "$WORK/wanted"
	kill -CONT "$PID"
	live_stop
}

live_go | grep -e "${1:-.}" >"$WORK/toolchains"
[ -s "$WORK/toolchains" ] || { skip "exact events" "no Go toolchain is here"; finish; }
all_versions
sed -n '1p;$p' "$WORK/toolchains" | sort -u >"$WORK/ends"
while read -r v go <&3; do
	if prog=$(live_build probes "$v" "$go" stripped); then
		counted "Go $v" "$prog"
	else
		not_ok "Go $v: probes builds" "$WORK/build.log"
	fi
done 3<"$WORK/ends"
read -r v go <<<"$(tail -n 1 "$WORK/toolchains")"
if prog=$(live_build load "$v" "$go" plain); then storm "$prog"; else not_ok "load builds" "$WORK/build.log"; fi
if prog=$(live_build web "$v" "$go" plain); then churn "$prog"; else not_ok "web builds" "$WORK/build.log"; fi
finish

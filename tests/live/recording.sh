#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 240
# A session that was exported as events.jsonl opens again and loses nothing: the same goroutines, the same
# findings, and the same file when it is exported once more. Of programs with a fault, and of traces.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

# --- traces ---
for t in tests/data/demo.trace tests/data/traces/*.trace; do
	n=$(basename "$t")
	"$BINGO" --replay "$t" --json --system --export jsonl="$WORK/a" >"$WORK/a.json" &&
		"$BINGO" --replay "$WORK/a" --json --system --export jsonl="$WORK/b" >"$WORK/b.json"
	check "$n: the export of the replay is the export" cmp "$WORK/a" "$WORK/b"
	case $n in
	# goroutines of C threads were not announced in this format: one is told of twice here, and counts from the second time
	go1.21-cgo.trace) continue ;;
	esac
	command -v jq >/dev/null || continue
	for x in a b; do
		jq -S '[(.goroutines | sort_by(.g)), .counts, (.findings | map(del(.goroutines, .evidence))), .warnings]' \
			"$WORK/$x.json" >"$WORK/$x.said"
	done
	same "$n: the same goroutines and findings" "$WORK/b.said" "$WORK/a.said"
done
"$BINGO" --replay - --json <"$WORK/a" >"$WORK/stdin.json"
is "from standard input" "$?" 0

# --- live ---
if ! command -v jq >/dev/null; then
	skip "live sessions" "jq is not here"
	finish
fi
go=$(live_go | awk '$1 == "1.27" { print $2; exit }')
if [ -z "$go" ]; then
	skip "live sessions" "no Go 1.27 is here (tests/toolchains.sh fetches it)"
	finish
fi
mkdir -p "$LIVE/faults"

start() # PROGRAM: not every one of them says that it is ready
{
	"$1" >/dev/null 2>&1 &
	PID=$!
	own "$PID"
	sleep 0.3
}

# Each finding: what, how grave, who, on what, where.
findings() { jq -c '.findings[] | [.id, .detector, .severity, .goroutines, .objects, .location]' "$1"; }
# All but what is of the one who looked.
report() { jq -S 'del(.self, .target.replay) | .findings |= map(del(.certainty, .not_sure_because, .first_ns, .summary))' "$1"; }

for n in ab_ba channel_ring nil_send abandoned_receiver waitgroup_never_done contended_lock; do
	program=$(live_build "faults/$n" 1.27 "$go" plain) || {
		not_ok "$n is built" "$WORK/build.log"
		continue
	}
	start "$program"
	"$BINGO" --duration 4 --json --export jsonl="$WORK/live.jsonl" "$PID" >"$WORK/live.json" 2>"$WORK/err" ||
		not_ok "$n: watched" "$WORK/err"
	live_stop
	"$BINGO" --replay "$WORK/live.jsonl" --json --export jsonl="$WORK/again.jsonl" >"$WORK/again.json" 2>"$WORK/err" ||
		not_ok "$n: replayed" "$WORK/err"
	findings "$WORK/live.json" >"$WORK/live.found"
	findings "$WORK/again.json" >"$WORK/again.found"
	is "$n: something is found" "$([ -s "$WORK/live.found" ] && echo yes)" yes
	same "$n: the same findings" "$WORK/again.found" "$WORK/live.found"
	report "$WORK/live.json" >"$WORK/live.said"
	report "$WORK/again.json" >"$WORK/again.said"
	same "$n: the same report" "$WORK/again.said" "$WORK/live.said"
	check "$n: the export of the replay is the export" cmp "$WORK/live.jsonl" "$WORK/again.jsonl"
done
finish

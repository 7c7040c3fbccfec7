#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Time by stack as folded lines: their form, and their sums against those of the events.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
bingo=$BUILD/bingo-top
demo=tests/data/demo.trace
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# folded FILE ARGUMENT...: the export's lines in FILE, what is said of it in $tmp/err
folded() {
	to=$1
	shift
	"$bingo" "$@" >"$to" 2>"$tmp/err" </dev/null
}
sum() { awk '{ s += $NF } END { printf "%d\n", s }' "$1"; }
# near NAME GOT WANTED LINES: each line is rounded to a microsecond
near() { is "$1" "$(awk -v a="$2" -v b="$3" -v n="$4" 'BEGIN { d = a - b; print (d < 0 ? -d : d) <= n / 2 + 1 ? "near" : a " for " b }')" near; }
lines() { awk 'END { print NR }' "$1"; }

folded "$tmp/on" --replay "$demo" --export folded
is "on CPU" "$?/$(wc -c <"$tmp/err" | tr -d ' ')" 0/0
is "every line is a stack and a number" "$(grep -cvE '^[^;]+(;[^;]+)* [1-9][0-9]*$' "$tmp/on")" 0
is "each stack once" "$(sed 's/ [0-9]*$//' "$tmp/on" | sort | uniq -d | wc -l | tr -d ' ')" 0
is "the busiest is first where it is" "$(sort -k2n -t ' ' "$tmp/on" | tail -n 1 | grep -c 'main.(\*Prices).compute')" 1
folded "$tmp/again" --replay "$demo" --export "folded=$tmp/file"
same "the same in a file" "$tmp/file" "$tmp/on"
folded "$tmp/all" --replay "$demo" --system --export folded
folded "$tmp/off" --replay "$demo" --system --export folded-off
is "off CPU" "$?/$(wc -c <"$tmp/err" | tr -d ' ')" 0/0
is "off CPU: the reason stands first" "$(grep -cvE '^\[[a-z-]+\](;[^;]+)* [1-9][0-9]*$' "$tmp/off")" 0
folded "$tmp/few" --replay "$demo" --filter '!Mailer' --export folded-off
is "what does not pass the filter is not there" "$(grep -c 'main.(\*Mailer).send' "$tmp/few")" 0
folded "$tmp/state" --replay tests/data/traces/go1.21-net.trace --export folded
is "a trace without samples: by state, and says so" "$?/$(grep -c '^bingo-top: there are no CPU samples here' "$tmp/err")/$(test -s "$tmp/state" && echo lines)" 0/1/lines
"$bingo" --replay "$demo" --export unfolded >/dev/null 2>&1
is "a format that is not there" "$?" 2

# What the events say of each state's time, summed up by another program.
cat >"$tmp/states.awk" <<'AWK'
# a status that is as it was known changes nothing
function is_known(g, s) { return (g in state) && (state[g] ~ /^\[/ ? (state[g] == "[syscall]" || state[g] == "[runnable]" ? state[g] == "[" s "]" : s == "blocked") : state[g] == s) }
function settle(g, t) { if (state[g] != "") ns[state[g]] += t - since[g]; since[g] = t }
function kind(s, reason) { return s == "blocked" ? "[" (reason == "" ? "other" : reason) "]" : s == "syscall" ? "[syscall]" : s == "runnable" ? "[runnable]" : s == "running" ? "running" : "" }
BEGIN { FS = "\t" }
{ end = $1 > end ? $1 : end }
$2 == 0 { next }
$3 == "status" && is_known($2, $4) { next }
$3 == "status" { if (!($2 in since)) since[$2] = 0; else settle($2, $1); state[$2] = kind($4, $5) }
$3 == "create" { settle($2, $1); state[$2] = kind($4 == "" ? "runnable" : $4, $5) }
$3 == "run" { settle($2, $1); state[$2] = "running" }
$3 == "block" { settle($2, $1); state[$2] = kind("blocked", $5) }
$3 == "unblock" || $3 == "preempt" { settle($2, $1); state[$2] = "[runnable]" }
$3 == "syscall" { settle($2, $1); state[$2] = "[syscall]" }
$3 == "syscall-exit" { settle($2, $1); state[$2] = kind($4 == "" ? "running" : $4, $5) }
$3 == "dead" { settle($2, $1); state[$2] = "" }
END { for (g in state) settle(g, end); for (k in ns) printf "%s %d\n", k, ns[k] / 1000 }
AWK
if command -v jq >/dev/null 2>&1; then
	for trace in "$demo" tests/data/traces/go1.19-cpu.trace tests/data/traces/go1.21-net.trace tests/data/traces/go1.25-net.trace tests/data/traces/go1.27-cpu.trace; do
		name=$(basename "$trace" .trace)
		"$bingo" --replay "$trace" --export jsonl >"$tmp/jsonl" 2>/dev/null
		jq -r '[.ts_ns, (.g // 0), .type, (.state // ""), (.reason // "")] | @tsv' "$tmp/jsonl" | awk -f "$tmp/states.awk" | sort >"$tmp/want"
		folded "$tmp/off" --replay "$trace" --system --export folded-off
		while read -r kind us; do
			[ "$kind" != running ] || continue
			grep -F "$kind" "$tmp/off" | grep "^\\$kind" >"$tmp/kind"
			near "$name: $kind, as its events have it" "$(sum "$tmp/kind")" "$us" "$(lines "$tmp/kind")"
		done <"$tmp/want"
		near "$name: off CPU in all" "$(sum "$tmp/off")" "$(grep -v '^running' "$tmp/want" | sum /dev/stdin)" "$(lines "$tmp/off")"
		"$bingo" --replay "$trace" --system --export folded >"$tmp/on" 2>"$tmp/err"
		samples=$(grep -c '"type":"sample"' "$tmp/jsonl")
		if [ "$samples" -gt 0 ]; then
			is "$name: a sample is ten milliseconds" "$(sum "$tmp/on")" "$((samples * 10000))"
		else
			near "$name: running, as its events have it" "$(sum "$tmp/on")" "$(sed -n 's/^running //p' "$tmp/want")" "$(lines "$tmp/on")"
		fi
	done
	# Of those that a report shows as blocked for good, their waits are the time there.
	folded "$tmp/off" --replay "$demo" --filter 'main\.\(\*Mailer\)\.send$' --export folded-off
	"$bingo" --replay "$demo" --json --filter 'main\.\(\*Mailer\)\.send$' >"$tmp/json"
	grep '^\[chan-send\];main.(\*Mailer).send' "$tmp/off" >"$tmp/send"
	near "the waits of the report" "$(sum "$tmp/send")" "$(jq '[.goroutines[] | select(.reason == "chan-send") | .wait_ns] | add / 1000 | floor' "$tmp/json")" "$(lines "$tmp/send")"
	"$bingo" --replay "$demo" --export "jsonl=$tmp/rec"
	folded "$tmp/on" --replay "$demo" --export folded
	folded "$tmp/from" --replay "$tmp/rec" --export folded
	sort "$tmp/on" >"$tmp/on.sorted"
	sort "$tmp/from" >"$tmp/from.sorted"
	same "of a recording the same" "$tmp/from.sorted" "$tmp/on.sorted"
else
	skip "sums against the events" "jq is not here"
fi
finish

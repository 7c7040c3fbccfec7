#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line as scripts know it: calls, exit codes, JSON, events as lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
bingo=$BUILD/bingo-top
demo=tests/data/demo.trace
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# code NAME WANTED ARGUMENT...: the exit code, and one sentence where it is an error
code() {
	name=$1
	want=$2
	shift 2
	"$bingo" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	is "$name: exit code" "$?" "$want"
	if [ "$want" != 0 ]; then
		is "$name: one sentence" "$(grep -c '^bingo-top: .' "$tmp/err")/$(grep -c . "$tmp/err")" 1/1
	fi
}

code "help" 0 --help
code "version" 0 --version
code "an unknown option" 2 --no-such-option
code "a missing argument" 2 --replay
code "a bad number" 2 --replay "$demo" -n zero
code "a bad size" 2 --replay "$demo" --size 80
code "a bad filter" 2 --replay "$demo" --filter '('
code "a file that is not there" 5 --replay "$tmp/none"
code "a folder" 5 --replay "$tmp"
: >"$tmp/empty"
code "an empty file" 5 --replay "$tmp/empty"
echo "no trace" >"$tmp/text"
code "a file of another kind" 5 --replay "$tmp/text"
printf 'go 1.99 trace\0\0\0' >"$tmp/newer"
code "a trace of a format to come" 5 --replay "$tmp/newer"
head -c 16 "$demo" >"$tmp/head"
code "a trace of nothing but its header" 5 --replay "$tmp/head"
head -c 200000 "$demo" >"$tmp/cut"
code "a trace cut short" 0 --replay "$tmp/cut" --json
is "a trace cut short: says so" "$(grep -c '"warnings":\[.*"the trace is cut short' "$tmp/out")" 1
code "a process that is not there" 3 --once 4194304
code "a process that is no Go program" 3 --once $$
code "a script that is not there" 2 --replay "$demo" --script "$tmp/none"

code "a report where there is no terminal" 0 --replay "$demo"
is "a report where there is no terminal: goroutines" "$(grep -c '^goroutines 168 ' "$tmp/out")" 1
code "one with a filter" 0 --replay "$demo" --filter 'main\.\(\*Mailer\)\.send$'
is "one with a filter: its group" "$(grep -c '^ *137 B blocked on chan-send' "$tmp/out")" 1
is "one with a filter: no other" "$(grep -c 'main.(\*Account).transfer' "$tmp/out")" 0
code "one with the filter turned round" 0 --replay "$demo" --filter '!chan-send'
is "one with the filter turned round" "$(grep -c 'chan-send' "$tmp/out")" 0

"$bingo" --replay - --json <"$demo" >"$tmp/stdin.json"
is "standard input" "$?" 0
cat "$demo" | "$bingo" --replay - --json >"$tmp/pipe.json"
is "a pipe" "$?" 0
if command -v jq >/dev/null 2>&1; then
	"$bingo" --replay "$demo" --json >"$tmp/json"
	is "JSON: schema" "$(jq -r .schema "$tmp/json")" bingo-top/1
	is "JSON: counts agree with the list" "$(jq '.counts.total == (.goroutines | length)' "$tmp/json")" true
	is "JSON: states and reasons are of the contract" "$(jq -r '[.goroutines[] | select((.state | test("^(running|runnable|blocked|syscall)$") | not) or ((.reason // "other") | test("^[a-z-]+$") | not))] | length' "$tmp/json")" 0
	is "JSON: each wait has its time and how well it is known" "$(jq '[.goroutines[] | select(.wait_ns == null or (.wait_is | test("^(exact|at-least|sampled)$") | not))] | length' "$tmp/json")" 0
	is "JSON: stacks have functions and lines" "$(jq '[.goroutines[] | select(.state == "blocked" and (.stack[0].function == null or .stack[0].line == null))] | length' "$tmp/json")" 0
	is "JSON: edges, findings, self" "$(jq -c '[(.edges | type), (.findings | type), (.self.lost_events | type)]' "$tmp/json")" '["array","array","number"]'
	is "JSON: the same from a pipe" "$(jq -S 'del(.self, .target)' "$tmp/pipe.json" | cksum)" "$(jq -S 'del(.self, .target)' "$tmp/json" | cksum)"
	"$bingo" --replay "$demo" --export jsonl >"$tmp/jsonl"
	is "jsonl: every line is an object with a time and a type" "$(jq -c 'select((.ts | test("^[0-9]+\\.[0-9]{9}s$") | not) or (.ts_ns | type) != "number" or (.type | type) != "string")' "$tmp/jsonl" | wc -l)" 0
	is "jsonl: ts and ts_ns are one number" "$(jq -c 'select((.ts | rtrimstr("s") | split(".") | (.[0] | tonumber) * 1000000000 + (.[1] | tonumber)) != .ts_ns)' "$tmp/jsonl" | wc -l)" 0
	is "jsonl: types are of the contract" "$(jq -r .type "$tmp/jsonl" | sort -u | grep -vxE 'create|run|block|unblock|preempt|syscall|syscall-exit|dead|sample|gc|task|region|log|metric|lost|status|proc|label|alloc|sync|session|end' | wc -l)" 0
	"$bingo" --replay "$demo" --export "jsonl=$tmp/file"
	same "jsonl: the same in a file" "$tmp/file" "$tmp/jsonl"
	"$bingo" --replay "$tmp/file" --json --export "jsonl=$tmp/again" >"$tmp/again.json"
	same "jsonl: read and written again" "$tmp/again" "$tmp/file"
	is "jsonl: the same goroutines" "$(jq -S '.goroutines | sort_by(.g)' "$tmp/again.json" | cksum)" "$(jq -S '.goroutines | sort_by(.g)' "$tmp/json" | cksum)"
	code "jsonl and reports, both to standard output" 2 --replay "$demo" --json --export jsonl
	head -c 100000 "$tmp/file" >"$tmp/cut"
	code "jsonl cut short" 0 --replay "$tmp/cut" --json
	is "jsonl cut short: says where" "$(grep -c "\"warnings\":\[.*cut short in line $(grep -c '' "$tmp/cut")" "$tmp/out")" 1
	head -c 100 "$tmp/file" >"$tmp/cut"
	code "jsonl of which nothing is whole" 5 --replay "$tmp/cut"
else
	skip "JSON" "jq is not here"
fi
finish

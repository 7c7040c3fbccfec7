#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The runner itself: what does not pass must not be counted as passed.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=build
export BUILD
unset OUT LIMIT

counts() { printf '%b' "$2" | awk -v rc="$1" -v limit=9 -f tests/lib/count.awk | head -n 1; }
says() { printf '%b' "$2" | awk -v rc="$1" -v limit=9 -f tests/lib/count.awk | sed 1d; }

is "passed and failed" "$(counts 1 '1..3\nok 1 - a\nnot ok 2 - b\nok 3 - c\n')" "2 1 0"
is "two groups, two plans" "$(counts 0 '1..1\nok 1 - a\n1..1\nok 1 - b\n')" "2 0 0"
is "a skip" "$(counts 0 'ok 1 - a # SKIP no go\n1..1\n')" "0 0 1"
is "cmocka's skip" "$(counts 0 '1..2\nok 1 - a\nnot ok 2 # SKIP b\n')" "1 0 1"
is "a whole suite skipped" "$(counts 0 '1..0 # skip no terminal\n')" "0 0 1"
is "why it was skipped" "$(says 0 'ok 1 # SKIP no go\nok 2 # SKIP no go\n')" "skipped (2): no go"
is "crash after the last result" "$(counts 139 'ok 1 - a\n')" "1 1 0"
is "failing exit code with failed tests is not one more" "$(counts 1 'not ok 1 - a\n')" "0 1 0"
is "hung" "$(says 124 'ok 1 - a\n')" "did not end within 9 s"
is "fewer tests than planned" "$(counts 0 '1..3\nok 1 - a\n')" "1 1 0"
is "silence" "$(counts 0 '')" "0 1 0"
is "a word that begins with ok" "$(counts 0 'ok 1 - a\nokay\nnot okay\n')" "1 0 0"

# A whole run of it, in a tree of its own.
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/tests/lib" "$tree/tests/cli"
cp tests/run "$tree/tests/"
cp tests/lib/suite.sh tests/lib/count.awk "$tree/tests/lib/"
suite() { printf '#!/bin/sh\n%b\n' "$2" >"$tree/tests/cli/$1.sh" && chmod +x "$tree/tests/cli/$1.sh"; }
last() { (cd "$tree" && tests/run "$@" 2>&1; echo "exit $?") | tail -n 2 | tr '\n' ' '; }

suite good 'echo ok 1 - x'
is "all good" "$(last)" "1 passed, 0 failed, 0 skipped exit 0 "
suite bad 'echo ok 1 - x; echo not ok 2 - y'
is "one bad" "$(last)" "2 passed, 1 failed, 0 skipped exit 1 "
is "one chosen" "$(last good)" "1 passed, 0 failed, 0 skipped exit 0 "
suite slow '# limit: 1\necho ok 1 - x; sleep 30'
is "one hung" "$(last slow)" "1 passed, 1 failed, 0 skipped exit 1 "
suite sig 'kill -INT $$; sleep 1; echo not ok 1 - interrupts are ignored'
is "interrupts are not ignored" "$(cd "$tree" && tests/run sig | grep -c 'interrupts are ignored')" 0
mkdir -p "$tree/tests/lint"
printf '#!/bin/sh\n[ "$(nice)" -gt 0 ] && echo ok 1 - polite || echo not ok 1 - polite\n' >"$tree/tests/lint/run"
chmod +x "$tree/tests/lint/run"
is "what only computes, beside a suite and behind the others" "$(last good lint)" "2 passed, 0 failed, 0 skipped exit 0 "
suite measures '# alone\nsleep 0.5; [ -e "$OUT/lint.out" ] && echo not ok 1 || echo ok 1'
is "and after what must run alone" "$(last measures lint)" "2 passed, 0 failed, 0 skipped exit 0 "
for n in 1 20 300; do suite "order$n" "# limit: $n\necho $n >>'$tree/order'; echo ok 1"; done
suite ordernone "echo none >>'$tree/order'; echo ok 1"
is "the short ones, then the longest first" "$(JOBS=1 last order >/dev/null; paste -sd' ' "$tree/order")" "none 300 20 1"
is "none chosen" "$(last nothing)" "0 passed, 0 failed, 0 skipped exit 1 "
finish

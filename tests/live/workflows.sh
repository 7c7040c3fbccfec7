#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# The lines of the README's table, run as they stand: with a process, a program, a trace, a core and a
# dump of the names that they use.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
go=$(live_go | tail -n 1)
if [ -z "$go" ]; then
	skip "the README's lines" "there is no Go here"
	finish
fi
APP=$(live_build faults/ab_ba "${go%% *}" "${go#* }" plain 2>"$WORK/err") || {
	not_ok "the program builds" "$WORK/build.log"
	finish
}
README=$PWD/README.md
root=$WORK/root
mkdir -p "$root/bin" "$WORK/home/.config/bingo-top"
cp tests/data/demo.trace "$root/trace.out"
cp "$APP" "$root/app"
cp -r tests/targets/suite/. "$root"
ln -s "$BINGO" "$root/bin/bingo-top"
# What a service would answer.
printf '#!/bin/sh\ncat "%s/trace.out"\n' "$root" >"$root/bin/curl"
chmod +x "$root/bin/curl"
touch "$WORK/until"
export SUITE_UNTIL=$WORK/until GOFLAGS=-count=1 GOTOOLCHAIN=local CGO_ENABLED=0 HOME=$WORK/home
PATH=$root/bin:$(dirname "${go#* }"):$PATH
export PATH
cd "$root" || exit 1

"$APP" >/dev/null 2>&1 &
PID=$!
own "$PID"
(GOTRACEBACK=all exec "$APP") >/dev/null 2>dump.txt &
dumped=$!
own "$dumped"
sleep 1
kill -QUIT "$dumped"
wait "$dumped" 2>/dev/null
have_core=
if command -v gcore >/dev/null 2>&1 && gcore -o core "$PID" >/dev/null 2>&1; then
	mv "core.$PID" core && have_core=1
fi
"$BINGO" --duration 4 --fail-on error --export baseline=known.baseline "$PID" >/dev/null 2>&1

# Exit code 1 is a finding, where those are asked for; a program that is watched from its begin goes on without end.
run_line()
{
	line=${1//\\|/|}
	case $line in
	*"--replay core"*) [ -n "$have_core" ] || { skip "$line" "gcore is not here"; return; } ;;
	*"| dot "*) command -v dot >/dev/null || { skip "$line" "dot is not here"; return; } ;;
	esac
	line=${line//PID/$PID}
	case $line in
	*"-- ./app" | "bingo-top -b "*) most=20 ;; # which goes on without end
	*) most=120 ;;
	esac
	bash -o pipefail -c "timeout $most $line" >"$WORK/said" 2>"$WORK/err" </dev/null
	rc=$?
	case $rc:$line in
	0:* | 1:*--fail-on* | 124:*"-- ./app" | 4:*"-- ./app" | 124:"bingo-top -b "*) ok "$1" ;;
	*) echo "exit code $rc" >>"$WORK/err"; not_ok "$1" "$WORK/err" ;;
	esac
}

grep '^| .* |$' "$README" | grep -o '`[^`]*`' | tr -d '`' | grep -E '^(bingo-top|curl|ACCESSIBLE)' |
	grep -v '^ACCESSIBLE=1$' >"$WORK/lines"
is "there are lines" "$(($(wc -l <"$WORK/lines") > 20))" 1
while read -r l; do
	run_line "$l"
done <"$WORK/lines"
for f in bingo.sarif bingo.xml cpu.svg waits.svg bingo.pb.gz bingo.pftrace events.jsonl; do
	check "$f was written" test -s "$f"
done
finish

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# For the suites of live processes, sourced from the root of the tree after tests/lib/tap.sh.
#
#   live_go                     lines "VERSION GO" of the toolchains that are there
#   live_build TARGET V GO KIND  prints the path of tests/targets/TARGET built so; kinds below
#   live_start PROGRAM ARG...    starts it, waits for its "ready"; its pid is $PID, its output $WORK/out
#   live_stop                    ends it
# What is started is ended when the suite ends: tests/lib/own.sh.
. tests/lib/own.sh
BUILD=${BUILD:-build}
LIVE=$BUILD/live
WORK=$(mktemp -d)
PID=
mkdir -p "$LIVE"
LIVE=$(cd "$LIVE" && pwd)
BINGO=$(cd "$BUILD" && pwd)/bingo-top
# What Go compiles of its library is kept where the toolchains are: for all suites, and for the next tree.
GOCACHE=${GOCACHE:-${BINGO_GO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bingo-top/go}/.build}
export GOCACHE
DUMP=$(cd "$BUILD" && pwd)/tests/live/live_dump
export LC_ALL=C.UTF-8

live_cleanup()
{
	own_end
	rm -rf "$WORK"
}
trap live_cleanup EXIT
trap 'exit 130' INT TERM HUP

live_go()
{
	tests/toolchains.sh --list | grep -v '^path '
}

# What was built stays; it is built anew when the toolchain or the sources are newer.
live_build()
{
	lb_out=$LIVE/$1-$2-$4
	lb_flags='' lb_cgo=0
	case $4 in
	plain) ;;
	debug) lb_flags="-gcflags=all=-N -l" ;;
	stripped) lb_flags="-ldflags=-s -w" ;;
	pie) lb_flags="-ldflags=-s -w" lb_mode=-buildmode=pie ;;
	pie-dwarf) lb_flags=-buildmode=pie ;;
	cgo) lb_cgo=1 lb_flags="-ldflags=-linkmode=external" ;;
	esac
	if [ ! -e "$lb_out" ] || [ -n "$(find "tests/targets/$1" -newer "$lb_out" -name '*.go')" ]; then
		(
			cd "tests/targets/$1" || exit 1
			export GO111MODULE=off GOTOOLCHAIN=local CGO_ENABLED=$lb_cgo GOFLAGS=
			if [ "$4" = pie ]; then
				"$3" build -trimpath "$lb_mode" "$lb_flags" -o "$lb_out.new" .
			elif [ -n "$lb_flags" ]; then
				"$3" build "$lb_flags" -o "$lb_out.new" .
			else
				"$3" build -o "$lb_out.new" .
			fi
		) >"$WORK/build.log" 2>&1 || return 1
		mv "$lb_out.new" "$lb_out"
	fi
	echo "$lb_out"
}

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for()
{
	wf_left=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		wf_left=$((wf_left - 1))
		[ $wf_left -gt 0 ] || return 1
		sleep 0.05
	done
}

live_start()
{
	: >"$WORK/out"
	"$@" >"$WORK/out" 2>"$WORK/err" &
	PID=$!
	own "$PID"
	wait_for 30 grep -q '^ready' "$WORK/out"
}

live_stop()
{
	kill -9 "$PID" 2>/dev/null
	wait "$PID" 2>/dev/null
}

live_alive() { kill -0 "$PID" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$PID/status"; }

#!/bin/bash
# limit: 2400
# src/target against living Go programs: every toolchain × {plain, stripped, PIE, PIE stripped,
# cgo}.
# TAP; what is not here is skipped.
#
#   tests/live/test_target.sh [VERSION...]     default: all toolchains that are there
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/own.sh
BUILD=${BUILD:-build}
PROBE=$BUILD/tests/live/probe_target
CACHE=${GOCACHE:-${BINGO_GO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bingo-top/go}/.build}
TMP=$(mktemp -d)

cleanup()
{
	own_end
	rm -rf "$TMP"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Two files that must be equal and not empty; at most 20 lines of what differs are shown.
equal() # name want got
{
	if cmp -s "$2" "$3" && [ -s "$2" ]; then
		ok "$1"
	else
		diff "$2" "$3" | head -20 >"$TMP/diff"
		not_ok "$1" "$TMP/diff"
	fi
}

# Fills $PID with the program's, which says what stands at pcs through $TMP/in and $TMP/out.
start()
{
	rm -f "$TMP/in" "$TMP/out" # what the one before said is not to be taken for this one's
	mkfifo "$TMP/in"
	"$1" <"$TMP/in" >"$TMP/out" 2>&1 &
	PID=$!
	own "$PID"
	exec 8>"$TMP/in"
	wait_for "$TMP/out" ready
}

wait_for() # file word
{
	for _ in $(seq 200); do
		grep -q "$2" "$1" 2>/dev/null && return 0
		sleep 0.05
	done
	return 1
}

stop()
{
	exec 8>&-
	kill "$PID" 2>/dev/null
	wait "$PID" 2>/dev/null
}

build() # go out flags...
{
	local go=$1 out=$2
	shift 2
	(cd "$TMP/mod" && GOTOOLCHAIN=local GOFLAGS= GOPROXY=off GOCACHE=$CACHE \
		"$go" build -trimpath "$@" -o "$out" . 2>"$TMP/build.log")
}

globals() # file: only addresses that matter, of both forms of output
{
	awk '$1 == "global" && $3 != "0x0" { print $2, $3 }' "$1" | sort
}

# What the process says of pcs all through text, against what we say. Before 1.23 runtime.Frames
# does not add the frames that a pc was inlined into, so only the first is compared.
compare_pcs() # name version options...
{
	local name=$1 v=$2 first=cat
	shift 2
	"$PROBE" sample "$PID" 197 >"$TMP/pcs"
	"$PROBE" pcs "$PID" "$@" <"$TMP/pcs" >"$TMP/ours"
	cat "$TMP/pcs" >&8
	wait_for "$TMP/out" "^$(tail -1 "$TMP/pcs") "
	case $v in 1.19 | 1.2[0-2]) first='s/ |.*//' ;; *) first='' ;; esac
	# Go leaves out the name of the function whose name is the table's first.
	grep -v ^ready "$TMP/out" | grep '^[0-9a-f]* [^|]' | sed "$first" >"$TMP/theirs"
	awk 'NR == FNR { seen[$1]; next } $1 in seen' "$TMP/theirs" "$TMP/ours" |
		sed "$first" >"$TMP/ours.cut"
	mv "$TMP/ours.cut" "$TMP/ours"
	equal "$name: $(wc -l <"$TMP/pcs") pcs as the program itself says" "$TMP/theirs" "$TMP/ours"
}

# All functions: the outermost name and the innermost line at the entry, as go tool addr2line.
compare_addr2line() # name go binary
{
	"$PROBE" funcs "$PID" >"$TMP/funcs"
	cut -f1 "$TMP/funcs" | "$2" tool addr2line "$3" >"$TMP/addr2line" 2>/dev/null
	paste -d '\t' - - <"$TMP/addr2line" | sed 's/\t:-1$/\t?:0/' >"$TMP/theirs"
	cut -f2- "$TMP/funcs" >"$TMP/ours"
	equal "$1: all $(wc -l <"$TMP/funcs") functions as go tool addr2line" "$TMP/theirs" "$TMP/ours"
}

# $1 version, $2 name of the build, $3 binary, $4 its twin with symbols, $5 go, rest: options
look() # version name binary twin go
{
	local v=$1 name="Go $1 $2" bin=$3 twin=$4 go=$5

	start "$bin"
	"$PROBE" symbols "$twin" >"$TMP/symbols"
	globals "$TMP/symbols" >"$TMP/theirs"
	for opt in "" no-symbols no-file $([ "$2" != plain ] || echo no-vm); do
		"$PROBE" open "$PID" $opt >"$TMP/open"
		globals "$TMP/open" >"$TMP/ours"
		if [ "$opt" = no-file ]; then
			# Without the file the bias is not known; only a program at a fixed address compares.
			case $name in *pie*) opt="no-file, that it opens"; cp "$TMP/theirs" "$TMP/ours.x"
				[ "$(wc -l <"$TMP/ours")" = "$(wc -l <"$TMP/theirs")" ] && cp "$TMP/theirs" "$TMP/ours" ;;
			esac
		fi
		equal "$name: $(wc -l <"$TMP/theirs") globals ${opt:+($opt)}" "$TMP/theirs" "$TMP/ours"
	done
	"$PROBE" fault "$PID" >"$TMP/fault" && "$PROBE" fault "$PID" no-vm >"$TMP/fault" &&
		ok "$name: holes in a batch" || not_ok "$name: holes in a batch" "$TMP/fault"
	"$PROBE" reasons "$PID" >"$TMP/reasons"
	if grep -q '^1 GC assist marking$' "$TMP/reasons" && ! grep -q differs "$TMP/reasons"; then
		ok "$name: wait reasons of the table are the program's"
	else
		not_ok "$name: wait reasons" "$TMP/reasons"
	fi
	case $name in *plain | *cgo)
		"$PROBE" layout "$PID" >"$TMP/layout" && ok "$name: $(cat "$TMP/layout")" ||
			not_ok "$name: layout" "$TMP/layout"
		[ "$2" = plain ] && compare_addr2line "$name" "$go" "$bin"
		;;
	esac
	compare_pcs "$name" "$v"
	case $2 in plain | pie-stripped) stop; start "$bin"; compare_pcs "$name, no file" "$v" no-file ;; esac
	stop
}

version() # version go
{
	local v=$1 go=$2

	mkdir -p "$TMP/mod"
	cp tests/live/target_prog.go "$TMP/mod/main.go"
	printf 'module targetprog\n\ngo %s\n' "$v" >"$TMP/mod/go.mod"
	export CGO_ENABLED=0
	build "$go" "$TMP/plain" && build "$go" "$TMP/stripped" -ldflags='-s -w' &&
		build "$go" "$TMP/pie" -buildmode=pie &&
		build "$go" "$TMP/pie-stripped" -buildmode=pie -ldflags='-s -w' || {
		not_ok "Go $v builds" "$TMP/build.log"
		return
	}
	look "$v" plain "$TMP/plain" "$TMP/plain" "$go"
	look "$v" stripped "$TMP/stripped" "$TMP/plain" "$go"
	look "$v" pie "$TMP/pie" "$TMP/pie" "$go"
	look "$v" pie-stripped "$TMP/pie-stripped" "$TMP/pie" "$go"
	# Neither section headers nor build information.
	if command -v objcopy >/dev/null; then
		objcopy --remove-section=.go.buildinfo "$TMP/stripped" "$TMP/bare" 2>/dev/null
		"$PROBE" headless "$TMP/bare"
		look "$v" bare "$TMP/bare" "$TMP/plain" "$go"
	fi
	# The other machine's code cannot run here: what it refers to is looked at in the file.
	if GOARCH=arm64 build "$go" "$TMP/arm64" && "$PROBE" candidates "$TMP/arm64" >"$TMP/out"; then
		ok "Go $v: $(cat "$TMP/out")"
	else
		not_ok "Go $v: variables in arm64 code" "$TMP/out"
	fi
	export CGO_ENABLED=1
	cp tests/live/target_cgo.go "$TMP/mod/cgo.go"
	if command -v gcc >/dev/null && build "$go" "$TMP/cgo" -ldflags=-linkmode=external; then
		look "$v" cgo "$TMP/cgo" "$TMP/cgo" "$go"
	else
		skip "Go $v cgo" "no C compiler"
	fi
	rm -f "$TMP/mod/cgo.go" "$TMP"/{plain,stripped,pie,pie-stripped,bare,cgo,arm64}
}

[ -x "$PROBE" ] || { not_ok "$PROBE is not built"; finish; }
tests/toolchains.sh --list | grep -v '^path' >"$TMP/list"
while read -r v go; do
	[ $# -gt 0 ] && case " $* " in *" $v "*) ;; *) continue ;; esac
	version "$v" "$go"
done <"$TMP/list"
[ -s "$TMP/list" ] || skip "living programs" "no Go toolchain is here (tests/toolchains.sh fetches them)"
finish

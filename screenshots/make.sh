#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes screenshots/*.png of the real program: xterm under Xvfb, keys by tmux, pictures by ImageMagick.
#
#   screenshots/make.sh [NAME...]      those, else all
#
# Needs build/bingo-top, Xvfb, xterm, tmux, import, convert and the font DejaVu Sans Mono; for those of
# running programs a Go toolchain (tests/toolchains.sh) and the rights to watch with BPF; for "stripped" one of
# Debian's daemons. What cannot be made is left as it is, and that is said.
#   OUT            where to (screenshots)
#   BINGO_DAEMONS  a folder that Debian's packages were unpacked to (as for tests/live/daemons.sh), else
#                  daemons are looked for in PATH
set -eu
cd "$(dirname "$0")/.."
root=$PWD
BUILD=${BUILD:-build}
OUT=${OUT:-screenshots}
DAEMONS=${BINGO_DAEMONS:-${XDG_CACHE_HOME:-$HOME/.cache}/bingo-top/daemons}
FONT='DejaVu Sans Mono'
for tool in Xvfb xterm tmux import convert; do
	command -v $tool >/dev/null || {
		echo "screenshots: $tool is missing (Debian: xvfb xterm tmux imagemagick fonts-dejavu-core)" >&2
		exit 1
	}
done
go=$(tests/toolchains.sh --list | tail -n 1 | cut -d' ' -f2-)
work=$(mktemp -d)
mkdir "$work/out" "$work/d"
display=:$((90 + $$ % 400))
tmux="tmux -L bingo-shots-$$ -f $work/tmux.conf"
cat >"$work/tmux.conf" <<'CONF'
set -g status off
set -g default-terminal tmux-256color
set -g escape-time 0
CONF
Xvfb $display -screen 0 2600x1700x24 >/dev/null 2>&1 &
xvfb=$!
pids=
leave()
{
	$tmux kill-server 2>/dev/null || :
	for p in $pids $xvfb; do kill "$p" 2>/dev/null || :; done
	rm -rf "$work"
}
trap leave EXIT
trap 'exit 1' INT TERM

wait_for() # COMMAND...: until it succeeds, a minute at most
{
	tries=600
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "screenshots: gave up waiting for: $*" >&2; $tmux capture-pane -p >&2; exit 1; }
		sleep 0.1
	done
}
shown() { $tmux capture-pane -p | grep -qF -- "$1"; }
settled() # the screen stays as it is for a moment
{
	now=$($tmux capture-pane -p | cksum)
	sleep 0.3
	[ "$now" = "$($tmux capture-pane -p | cksum)" ]
}

# --- what is shown: $what are bingo-top's arguments; 1 where it is not to be had here ---

# target_build FOLDER: tests/targets/FOLDER as $program, under the name of its last part, paths without ours
target_build()
{
	base=$(basename "$1")
	program=$work/$base
	[ ! -x "$program" ] || return 0
	[ -n "$go" ] || return 1
	mkdir "$work/src-$base"
	cp "tests/targets/$1/"*.go "$work/src-$base"
	printf 'module %s\n\ngo 1.18\n' "$base" >"$work/src-$base/go.mod"
	(cd "$work/src-$base" && GOTOOLCHAIN=local GOFLAGS='' CGO_ENABLED=0 "$go" build -trimpath -o "$program" .)
	if [ "$1" = demo ]; then
		mv "$program" "$work/shop"
		ln -s shop "$program"
		program=$work/shop
	fi
}

started() # NAME: was it started already? then $pid
{
	pid=$(cat "$work/pid-$1" 2>/dev/null)
}
note() # NAME: what was started last
{
	pid=$!
	pids="$pids $pid"
	echo $pid >"$work/pid-$1"
}

use_live() # FOLDER ARG...
{
	folder=$1
	target_build "$folder" || return 1
	base=$(basename "$folder")
	shift
	if ! started "$base"; then
		program=$(readlink -f "$program")
		(cd "$work/d" && exec "$program" "$@" >/dev/null 2>&1) &
		note "$base"
	fi
	what="--substitute-path $base=tests/targets/$folder $pid"
}

use_trace() # FOLDER: what a program of the tests recorded of itself
{
	target_build "$1" || return 1
	[ -e "$work/pipeline.trace" ] || "$program" "$work/pipeline.trace"
	what="--substitute-path $(basename "$1")=tests/targets/$1 --replay $work/pipeline.trace"
}

use_demo() { what="--substitute-path /src/shop=tests/targets/demo --replay tests/data/demo.trace"; }

daemon_find()
{
	daemon=$DAEMONS/usr/bin/$1
	[ -x "$daemon" ] || daemon=$(command -v "$1") || return 1
}

use_daemon()
{
	if ! started daemon; then
		cd "$work/d"
		if daemon_find prometheus; then
			printf 'global: {}\n' >p.yml
			"$daemon" --config.file=p.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:18414 >/dev/null 2>&1 &
		elif daemon_find etcd; then
			"$daemon" --data-dir etcd --listen-client-urls http://127.0.0.1:18411 \
				--advertise-client-urls http://127.0.0.1:18411 --listen-peer-urls http://127.0.0.1:18412 \
				--initial-advertise-peer-urls http://127.0.0.1:18412 \
				--initial-cluster default=http://127.0.0.1:18412 >/dev/null 2>&1 &
		else
			cd "$root"
			return 1
		fi
		note daemon
		cd "$root"
	fi
	what=$pid
}

# --- a picture ---

# shot NAME WxH "USE" KEY...: keys as tmux names them; WAIT:text waits for the text, SLEEP:n lets it run
shot()
{
	name=$1 size=$2 use=$3
	shift 3
	case $wanted in *" $name "*) ;; *) return 0 ;; esac
	$use || { echo "screenshots: $name is left as it is: no Go toolchain, or no daemon here" >&2; return 0; }
	wait_for test -e "/tmp/.X11-unix/X${display#:}"
	cat >"$work/run" <<RUN
#!/bin/sh
export LC_ALL=C.UTF-8 TZ=UTC
echo \$WINDOWID >$work/window
exec $tmux -u new-session "LC_ALL=C.UTF-8 TZ=UTC XDG_CONFIG_HOME=$work XDG_STATE_HOME=$work $BUILD/bingo-top $what"
RUN
	chmod +x "$work/run"
	rm -f "$work/window"
	DISPLAY=$display xterm -tn xterm-256color -geometry "$size+0+0" -fa "$FONT" -fs 11 -bg black -fg gray80 \
		-b 6 +sb -e "$work/run" &
	xterm=$!
	wait_for test -s "$work/window"
	wait_for shown Quit
	for key in "$@"; do
		case $key in
		WAIT:*) wait_for shown "${key#WAIT:}" ;;
		SLEEP:*) sleep "${key#SLEEP:}" ;;
		*) $tmux send-keys "$key" ;;
		esac
		sleep 0.15
	done
	case $what in *--replay*) wait_for settled ;; *) sleep 0.4 ;; esac
	import -display $display -window "$(cat "$work/window")" "$work/out/$name.png"
	$tmux kill-server 2>/dev/null || :
	wait $xterm 2>/dev/null || :
	# A screen has few colours: letters stay as sharp with a palette as without.
	convert "$work/out/$name.png" -strip +dither -colors 128 -define png:compression-level=9 \
		-define png:compression-filter=0 "PNG8:$work/out/$name.8.png"
	if command -v optipng >/dev/null; then optipng -quiet -o5 "$work/out/$name.8.png"; fi
	mv "$work/out/$name.8.png" "$OUT/$name.png"
	echo "$OUT/$name.png"
}

all="graph list detail select variables timeline findings flame stripped small wide"
wanted=" ${*:-$all} "
shop="use_live demo -trace= -for=30m"
shot graph 120x30 "use_live faults/philosophers" 6 WAIT:"5 stuck" WAIT:"1 error" Down Down Down Down Down \
	l Down l Down l Down l Down l SLEEP:1 Home
shot list 120x36 use_demo WAIT:warning Down Down Down Right
shot detail 120x36 use_demo WAIT:warning Down Down Down Right Down Enter
shot select 150x30 "use_live objects" SLEEP:2 / selectThree Enter Enter WAIT:CASE
shot variables 160x36 "$shop" SLEEP:3 / transfer Enter 4 Enter Down Down
shot timeline 120x20 use_demo WAIT:warning Down Down Down / 'price|dispatch|Pool|journal' Enter 2 z b 2.2 Enter + +
shot findings 120x28 "$shop" 5 WAIT:proven WAIT:leak z Home
shot flame 150x32 "use_live web -rate=3000 -clients=8" SLEEP:8 f z
shot stripped 120x36 use_daemon SLEEP:2
shot small 80x24 use_demo WAIT:warning Down Right
shot wide 200x55 use_demo WAIT:warning Down Down Down Right Down Tab

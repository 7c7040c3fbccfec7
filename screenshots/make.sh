#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes screenshots/*.png of the real program: xterm under Xvfb, keys by tmux, pictures by ImageMagick's import.
#   screenshots/make.sh [NAME...]
# Needs build/bingo-top, Xvfb, xterm, tmux, import and the font DejaVu Sans Mono; for those of a running
# program a Go toolchain (tests/toolchains.sh).
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
OUT=${OUT:-screenshots}
TRACE=tests/data/demo.trace
for tool in Xvfb xterm tmux import; do
	command -v $tool >/dev/null || {
		echo "screenshots: $tool is missing (Debian: xvfb xterm tmux imagemagick fonts-dejavu-core)" >&2
		exit 1
	}
done
work=$(mktemp -d)
display=:$((90 + $$ % 400))
tmux="tmux -L bingo-shots-$$ -f $work/tmux.conf"
cat >"$work/tmux.conf" <<'CONF'
set -g status off
set -g default-terminal tmux-256color
set -g escape-time 0
CONF
Xvfb $display -screen 0 2600x1700x24 >/dev/null 2>&1 &
xvfb=$!
demo=
trap '$tmux kill-server 2>/dev/null || true; [ -z "$demo" ] || kill $demo; kill $xvfb 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

wait_for() # COMMAND...: until it succeeds, 10 s at most
{
	tries=200
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "screenshots: gave up waiting for: $*" >&2; exit 1; }
		sleep 0.05
	done
}
shown() { $tmux capture-pane -p | grep -qF -- "$1"; }
settled() # the screen stays as it is for a moment
{
	now=$($tmux capture-pane -p | cksum)
	sleep 0.3
	[ "$now" = "$($tmux capture-pane -p | cksum)" ]
}

# The demo's program, running for some seconds: $demo is its pid.
start_demo()
{
	[ -z "$demo" ] || return 0
	go=$(tests/toolchains.sh --list | tail -1 | cut -d' ' -f2)
	mkdir "$work/src"
	cp tests/targets/demo/main.go "$work/src"
	printf 'module shop\n\ngo 1.18\n' >"$work/src/go.mod"
	(cd "$work/src" && GOTOOLCHAIN=local CGO_ENABLED=0 "$go" build -trimpath -o "$work/shop" .)
	"$work/shop" -trace '' -for 10m >/dev/null 2>&1 &
	demo=$!
	sleep 6
}

# shot NAME WxH OPTIONS KEY...: keys as tmux names them; a word WAIT:text waits for the text
shot()
{
	name=$1 size=$2 options=$3
	shift 3
	case $wanted in *" $name "*) ;; *) return 0 ;; esac
	what="--replay $TRACE"
	if [ "$options" = live ]; then
		start_demo
		options='--substitute-path shop=tests/targets/demo' what=$demo
	fi
	wait_for test -e "/tmp/.X11-unix/X${display#:}"
	cat >"$work/run" <<RUN
#!/bin/sh
export LC_ALL=C.UTF-8 TZ=UTC
echo \$WINDOWID >$work/window
exec $tmux -u new-session "LC_ALL=C.UTF-8 TZ=UTC $BUILD/bingo-top $options --substitute-path /src/shop=tests/targets/demo $what"
RUN
	chmod +x "$work/run"
	rm -f "$work/window"
	DISPLAY=$display xterm -tn xterm-256color -geometry "$size+0+0" -fa 'DejaVu Sans Mono' -fs 11 -bg black -fg gray80 \
		-b 6 +sb -e "$work/run" &
	xterm=$!
	wait_for test -s "$work/window"
	wait_for shown Quit
	for key in "$@"; do
		case $key in
		WAIT:*) wait_for shown "${key#WAIT:}" ;;
		*) $tmux send-keys "$key" ;;
		esac
		sleep 0.05
	done
	if [ "$what" = "$demo" ]; then sleep 0.4; else wait_for settled; fi
	import -display $display -window "$(cat "$work/window")" "$OUT/$name.png"
	echo "$OUT/$name.png"
	$tmux kill-server 2>/dev/null || true
	wait $xterm 2>/dev/null || true
}

wanted=" ${*:-list detail filter small wide timeline source help graph findings} "
shot list 120x36 "" Down Down Down Right
shot detail 120x36 "" Down Down Down Right Down Enter
shot filter 120x30 "" / t r a n s f e r
shot small 80x24 "" Down Right
shot wide 200x55 "" Down Down Down Right Down Tab
shot timeline 120x40 "" Down Down Down 2 b 1 . 2 s Enter + + +
shot source 120x40 "" Down Down Down 3 z
shot help 120x40 "" '?'
shot graph 120x36 live 6 WAIT:CYCLE 5 WAIT:proven 6
shot findings 160x45 live 5 WAIT:proven Enter

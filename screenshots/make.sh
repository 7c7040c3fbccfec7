#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the pictures in this folder from the real program: an xterm under Xvfb, keys by tmux.
# Needs xvfb, xterm, tmux, imagemagick and a monospaced font (fonts-dejavu-core).
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
display=:${DISPLAY_NUMBER:-97}
socket=bingo-shots-$$
demo="$BUILD/bingo-top --replay tests/data/demo.trace --substitute-path /src/shop=tests/targets/demo"

Xvfb "$display" -screen 0 1600x1000x24 -nolisten tcp >/dev/null 2>&1 &
xvfb=$!
trap 'tmux -L "$socket" kill-server 2>/dev/null; kill "$xvfb" 2>/dev/null' EXIT
sleep 1

shot() { # NAME WxH KEY…
	name=$1
	size=$2
	shift 2
	tmux -L "$socket" -f /dev/null new-session -d -s shot -x "${size%x*}" -y "${size#*x}" \
		"env TERM=tmux-256color COLORTERM= $demo"
	tmux -L "$socket" set -g status off
	DISPLAY=$display xterm -fa 'DejaVu Sans Mono' -fs 11 -bg black -fg gray85 -b 8 -geometry "$size" -title bingo-shot \
		-e env TERM=xterm-256color LC_ALL=C.UTF-8 tmux -u -L "$socket" attach -t shot &
	xterm=$!
	sleep 2
	for key; do
		tmux -L "$socket" send-keys -t shot "$key"
		sleep 0.4
	done
	sleep 1
	DISPLAY=$display import -window bingo-shot "screenshots/$name.png"
	tmux -L "$socket" kill-session -t shot 2>/dev/null || true
	wait "$xterm" 2>/dev/null || true
	echo "screenshots/$name.png"
}

shot list 120x36 Down Down Down Right
shot detail 120x36 Down Down Down Right Down Enter
shot filter 120x30 / T r a n s f e r
shot small 80x24 Down Right

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# Real programs: stripped Go daemons from Debian's archive, as they come. Every goroutine that a
# SIGQUIT dump of the same process shows is seen, with the same state, stack and creator.
#
#   BINGO_DAEMONS=DIR   where they are unpacked (default ~/.cache/bingo-top/daemons); what is missing
#                       is fetched with apt-get download, nothing is installed
# They run in a network namespace of their own with a loopback alone, where we may make one.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
CACHE=${BINGO_DAEMONS:-${XDG_CACHE_HOME:-$HOME/.cache}/bingo-top/daemons}
mkdir -p "$CACHE/deb"

fetch() # PACKAGE PROGRAM
{
	[ -x "$CACHE/$2" ] && return 0
	command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
	(cd "$CACHE/deb" && timeout 120 apt-get -q=2 download "$1") >"$WORK/fetch.log" 2>&1 || return 1
	dpkg -x "$CACHE/deb/$1"_*.deb "$CACHE" && rm -f "$CACHE/deb/$1"_*.deb
	[ -x "$CACHE/$2" ]
}

alone()
{
	if [ "$(id -u)" = 0 ] && unshare -n true 2>/dev/null && command -v ip >/dev/null; then
		exec unshare -n sh -c 'ip link set lo up; exec "$@"' sh "$@"
	fi
	exec "$@"
}

write_configs()
{
	mkdir -p "$WORK/d"
	printf 'global: {}\n' >"$WORK/prometheus.yml"
	printf '{\n\tadmin off\n\tauto_https off\n}\nhttp://127.0.0.1:18403 {\n\tbind 127.0.0.1\n\trespond "ok"\n}\n' >"$WORK/Caddyfile"
	printf 'version = 2\nroot = "%s/d/root"\nstate = "%s/d/state"\n[grpc]\n  address = "%s/d/sock"\n[ttrpc]\n  address = "%s/d/tsock"\n' \
		"$WORK" "$WORK" "$WORK" "$WORK" >"$WORK/containerd.toml"
}

run_daemon() # NAME PROGRAM
{
	local p=$CACHE/$2

	case $1 in
	etcd-server) alone "$p" --data-dir "$WORK/d/etcd" --listen-client-urls http://127.0.0.1:18401 \
		--advertise-client-urls http://127.0.0.1:18401 --listen-peer-urls http://127.0.0.1:18402 \
		--initial-advertise-peer-urls http://127.0.0.1:18402 --initial-cluster default=http://127.0.0.1:18402 ;;
	prometheus) alone "$p" --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/d/prom" \
		--web.listen-address=127.0.0.1:18404 ;;
	nats-server) alone "$p" -a 127.0.0.1 -p 18405 ;;
	caddy) HOME=$WORK/d alone "$p" run --config "$WORK/Caddyfile" ;;
	syncthing) # the program itself, not the monitor that starts it
		HOME=$WORK/d "$p" generate --home="$WORK/d/st" --no-default-folder >/dev/null 2>&1
		sed -i 's,<\(globalAnnounce\|localAnnounce\|relays\|nat\)Enabled>true,<\1Enabled>false,; s,<crashReportingEnabled>true,<crashReportingEnabled>false,' \
			"$WORK/d/st/config.xml" 2>/dev/null
		STMONITORED=yes HOME=$WORK/d alone "$p" serve --no-browser --no-upgrade --home="$WORK/d/st" --gui-address=127.0.0.1:18406 ;;
	containerd) alone "$p" --config "$WORK/containerd.toml" ;;
	esac
}

settled() # it runs, and has as many goroutines as a moment ago
{
	"$DUMP" "$PID" 2>/dev/null | wc -l >"$WORK/count.new"
	cmp -s "$WORK/count.new" "$WORK/count" && [ "$(cat "$WORK/count")" -gt 3 ]
	same=$?
	mv "$WORK/count.new" "$WORK/count"
	sleep 0.3
	return $same
}

one() # PACKAGE PROGRAM
{
	if ! fetch "$1" "$2"; then
		skip "$1" "not to be had here"
		return
	fi
	if [ "$1" = containerd ] && [ "$(id -u)" != 0 ]; then skip "$1" "not root"; return; fi
	(run_daemon "$1" "$2") >"$WORK/dump" 2>&1 &
	PID=$!
	own "$PID"
	: >"$WORK/count"
	sleep 1
	if ! wait_for 10 settled; then
		not_ok "$1: starts" "$WORK/dump"
		live_stop
		return
	fi
	"$BINGO" --once "$PID" >"$WORK/report" 2>&1
	kill -STOP "$PID"
	wait_for 5 grep -q '^State:.*T' "/proc/$PID/status"
	"$DUMP" -a "$PID" >"$WORK/seen" 2>"$WORK/facts"
	case $1 in
	caddy) kill -ABRT "$PID" ;; # it catches SIGQUIT
	*) kill -QUIT "$PID" ;;
	esac
	kill -CONT "$PID"
	wait "$PID" 2>/dev/null
	awk -v quit=1 -f tests/live/normal.awk "$WORK/dump" | sort >"$WORK/told"
	sed 's/|[^|]*$/|/' "$WORK/seen" | sort >"$WORK/ours"
	cut -d'|' -f1 "$WORK/told" | sort -u >"$WORK/told.ids"
	cut -d'|' -f1 "$WORK/ours" | sort -u >"$WORK/ours.ids"
	last=$(sort -n "$WORK/ours.ids" | tail -1)
	comm -23 "$WORK/told.ids" "$WORK/ours.ids" | awk -v last="$last" '$1 <= last' >"$WORK/missing"
	n=$(wc -l <"$WORK/told.ids") equal=$(comm -12 "$WORK/told" "$WORK/ours" | wc -l)
	is "$1 ($(sed -n '1s/.*  \(go[0-9.]*\) .*/\1/p' "$WORK/report")): every one of $n goroutines is seen" \
		"$(paste -sd' ' "$WORK/missing")" ""
	comm -3 "$WORK/told" "$WORK/ours" >"$WORK/differ"
	# One or two ran on between the two looks: the one that took the signal, timers.
	if [ "$n" -gt 3 ] && [ $((n - equal)) -le $((2 + n / 20)) ]; then
		ok "$1: $equal of $n in the same state and stack"
	else
		not_ok "$1: $equal of $n in the same state and stack" "$WORK/differ"
	fi
	is "$1: all stacks to their end" "$(sed 's/.*\(lost [0-9]*\).*/\1/' "$WORK/facts")" "lost 0"
}

write_configs
one etcd-server usr/bin/etcd
one prometheus usr/bin/prometheus
one nats-server usr/sbin/nats-server
one caddy usr/bin/caddy
one syncthing usr/bin/syncthing
one containerd usr/bin/containerd
finish

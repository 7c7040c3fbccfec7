#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first command on a new machine, tried in a new root: fresh-root.sh SUITE demo|check|build [DIR]
#
# SUITE is a release of Debian or Ubuntu (bookworm, trixie, jammy, noble). debootstrap makes its
# smallest root below DIR (else below a temporary folder that is removed at the end), the last commit
# is cloned into it, and ./bootstrap.sh is given the word; the demo gets a terminal (tmux), its screen
# is shown, and q ends it. Then all of it once more without a network: the second time must need none.
# Needs root, debootstrap, and tmux for the demo.
#   MIRROR     archive to take packages from (else that of this machine's apt)
#   CACHE      a folder of Go toolchains to lend it (else it fetches its own)
#   ROOT_TERM  TERM in the root (xterm-256color)
#   ROOT_LANG  LANG in the root (none)
set -eu

inside=
if [ "${1:-}" = --inside ]; then # NET SUITE DIR: what run_demo calls in its terminal
	inside=$2
	set -- "$3" demo "$4"
fi
usage="usage: fresh-root.sh SUITE demo|check|build [DIR]"
suite=${1:?$usage}
word=${2:?$usage}
here=$(cd "$(dirname "$0")/.." && pwd)
mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)}
dir=${3:-}
keep=$dir
[ -n "$dir" ] || dir=$(mktemp -d)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
root=$dir/$suite
tmux_socket=$dir/tmux
failed=0

say() { printf 'fresh-root: %s\n' "$*"; }
fail() { say "FAILED: $*"; failed=1; }
leave()
{
	tmux -S "$tmux_socket" kill-server 2>/dev/null || :
	[ -n "$keep" ] || rm -rf --one-file-system "$dir"
}
[ -n "$inside" ] || trap leave EXIT
trap 'exit 130' INT TERM HUP

since() { echo "$(($(date +%s) - $1)) s"; }
state() { { cat "$root/var/lib/dpkg/status"; ls -lR --time-style=+%s "$root/var/lib/apt/lists"; } | cksum; }

make_root()
{
	began=$(date +%s)
	debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$dir/$suite.log" 2>&1 ||
		{ tail "$dir/$suite.log"; exit 1; }
	say "$suite: a new root of $(du -sxm "$root" | cut -f1) MB in $(since "$began")"
}

# enter NET COMMAND...: in the root, with mounts and processes that end with it; NET "off": no network
enter()
{
	net=$1
	shift
	[ "$net" = on ] && net= || net=--net
	# shellcheck disable=SC2016,SC2086
	unshare --mount --pid --fork --kill-child $net sh -c '
		root=$1 cache=$2 net=$3
		shift 3
		[ -z "$net" ] || ip link set lo up # what is tested talks to itself
		mount -t proc proc "$root/proc" && mount -t sysfs sys "$root/sys" && mount --rbind /dev "$root/dev"
		if [ -n "$cache" ]; then
			mkdir -p "$root/root/.cache/bingo-top/go" && mount --bind "$cache" "$root/root/.cache/bingo-top/go"
		fi
		exec chroot "$root" "$@"' sh "$root" "${CACHE:-}" "$net" \
		env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CI=true \
		TERM="${ROOT_TERM-xterm-256color}" LANG="${ROOT_LANG-}" "$@"
}

run_plain() # NET
{
	enter "$1" sh -c 'cd /root/bingo-top && exec ./bootstrap.sh "$1"' sh "$word" </dev/null
}

# The demo's screen has to come, and to end with exit code 0 when q is pressed.
run_demo() # NET
{
	rm -f "$dir/rc" "$dir/screen"
	tmux -S "$tmux_socket" -f /dev/null set -g remain-on-exit on \; new-session -d -x 120 -y 36 \
		"'$here/tests/fresh-root.sh' --inside '$1' '$suite' '$dir'"
	until tmux -S "$tmux_socket" capture-pane -p >"$dir/screen" 2>/dev/null && grep -q "Goroutines" "$dir/screen" &&
		! grep -q bootstrap: "$dir/screen"; do
		if [ -e "$dir/rc" ] || [ $(($(date +%s) - began)) -gt 600 ]; then
			cat "$dir/screen"
			return 1
		fi
		sleep 0.2
	done
	say "the first screen after $(since "$began")"
	sleep 1
	tmux -S "$tmux_socket" capture-pane -p | sed 's/ *$//; s/^/    | /'
	tmux -S "$tmux_socket" send-keys q
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -e "$dir/rc" ] && return "$(cat "$dir/rc")"
		sleep 0.5
	done
	say "q does not end it"
	return 1
}

run() { if [ "$word" = demo ]; then run_demo "$1"; else run_plain "$1"; fi; }

if [ -n "$inside" ]; then
	rc=0
	enter "$inside" sh -c 'cd /root/bingo-top && exec ./bootstrap.sh demo' || rc=$?
	echo $rc >"$dir/rc"
	exit 0
fi

[ -e "$root/etc/debian_version" ] || make_root
cp /etc/resolv.conf "$root/etc/resolv.conf"
rm -rf "$root/root/bingo-top"
git clone -q --no-hardlinks "$here" "$root/root/bingo-top"

began=$(date +%s)
run on || fail "the first ./bootstrap.sh $word: exit code $?"
say "$suite: the first ./bootstrap.sh $word took $(since "$began")"
before=$(state)
began=$(date +%s)
run off || fail "the second ./bootstrap.sh $word, without a network: exit code $?"
say "$suite: the second, without a network, took $(since "$began")"
[ "$before" = "$(state)" ] || fail "the second time something was installed or fetched"
exit $failed

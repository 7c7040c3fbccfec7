#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Go toolchains for the tests, taken from Debian's archive into a folder of our own.
#
#   tests/toolchains.sh [VERSION...]   fetch what is missing; "all" is every version known here;
#                                      prints one line each: VERSION /path/to/bin/go
#   tests/toolchains.sh --list         what is there already (and "path", the go on PATH), no network
#
# Nothing is installed and no privileges are needed. A toolchain lives in
# $BINGO_GO_CACHE/VERSION/usr/lib/go-VERSION (default: ~/.cache/bingo-top/go) with its sources and
# their testdata; run it with GOTOOLCHAIN=local. A second run downloads nothing.
set -eu

ALL="1.19 1.21 1.22 1.23 1.24 1.25 1.26 1.27"
DEFAULT="1.19 1.24 1.27"
CACHE=${BINGO_GO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bingo-top/go}

say() { echo "toolchains.sh: $*" >&2; }

go_of() { echo "$CACHE/$1/usr/lib/go-$1/bin/go"; }

have() { [ -f "$CACHE/$1/.complete" ] && [ -x "$(go_of "$1")" ]; }

print_list()
{
	for v in $ALL; do
		if have "$v"; then
			echo "$v $(go_of "$v")"
		elif [ -x "/usr/lib/go-$v/bin/go" ]; then
			echo "$v /usr/lib/go-$v/bin/go"
		fi
	done
	if go=$(command -v go 2>/dev/null); then
		echo "path $go"
	fi
}

# The machine's own Debian mirror: the first archive in its sources with the component "main" for
# the release it runs, whichever of apt's two notations it is written in.
sources_one_line()
{
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$f" ] || continue
		sed -n 's/^[[:space:]]*deb[[:space:]]*\(\[[^]]*\]\)\{0,1\}[[:space:]]*//p' "$f"
	done
}

sources_deb822()
{
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -r "$f" ] || continue
		awk '
			function flush(	n, m, i, j, u, s) {
				n = split(uris, u, " "); m = split(suites, s, " ")
				if (types ~ /(^| )deb( |$)/ && enabled !~ /^(no|false|0)$/)
					for (i = 1; i <= n; i++)
						for (j = 1; j <= m; j++)
							print u[i], s[j], comps
				types = uris = suites = comps = enabled = key = ""
			}
			/^#/ { next }
			/^[[:space:]]*$/ { flush(); next }
			/^[^[:space:]:]+:/ {
				key = tolower($0); sub(/:.*/, "", key)
				sub(/^[^:]*:[[:space:]]*/, "")
			}
			{
				if (key == "types") types = types " " $0
				else if (key == "uris") uris = uris " " $0
				else if (key == "suites") suites = suites " " $0
				else if (key == "components") comps = comps " " $0
				else if (key == "enabled") enabled = tolower($1)
			}
			END { flush() }' "$f"
	done
}

find_mirror()
{
	{ sources_deb822; sources_one_line; } | awk -v code="$1" '
		{
			suite = $2; sub(/\/$/, "", suite)
			if (suite != code && suite !~ /^(oldoldstable|oldstable|stable|testing|sid|unstable)$/)
				next
			for (i = 3; i <= NF; i++)
				if ($i == "main") {
					if ($1 ~ /debian\/*$/) { print $1; found = 1; exit }
					if (!other) other = $1
				}
		}
		END { if (!found && other) print other }'
}

# Suites that carry a version, the best first. A suite that has dropped it costs one look.
suites_of()
{
	case $1 in
	1.19) echo bookworm ;;
	1.21 | 1.22 | 1.23) echo bookworm-backports ;;
	1.24) echo trixie ;;
	1.25) echo trixie-backports ;;
	*) echo sid ;;
	esac
}

aptget()
{
	apt-get -q=2 -c "$APT/apt.conf" "$@"
}

write_apt_conf()
{
	mkdir -p "$APT/lists/partial" "$APT/archives/partial"
	: >"$APT/status"
	cat >"$APT/apt.conf" <<-CONF
		Dir::Etc::sourcelist "$APT/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::Etc::preferences "-";
		Dir::Etc::preferencesparts "-";
		Dir::State "$APT";
		Dir::State::lists "$APT/lists";
		Dir::State::status "$APT/status";
		Dir::Cache "$APT";
		Dir::Cache::archives "$APT/archives";
		APT::Sandbox::User "";
		APT::Get::List-Cleanup "false";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Acquire::Check-Valid-Until "false";
	CONF
}

keyring()
{
	for f in /usr/share/keyrings/debian-archive-keyring.pgp /usr/share/keyrings/debian-archive-keyring.gpg; do
		[ ! -r "$f" ] || { echo "[signed-by=$f]"; return; }
	done
}

# Reads one suite's index. Where this machine's keyring cannot check the suite's signature it is
# read unchecked, and that is said.
read_suite()
{
	suite=$1
	echo "deb $(keyring) $MIRROR $suite main" >"$APT/sources.list"
	if aptget -o APT::Update::Error-Mode=any update >"$APT/log" 2>&1; then
		return 0
	fi
	if grep -q -e NO_PUBKEY -e 'is not signed' -e "couldn't be verified" "$APT/log"; then
		say "no key for $suite in this machine's keyring: its packages are taken unverified"
		echo "deb [trusted=yes] $MIRROR $suite main" >"$APT/sources.list"
		aptget update >"$APT/log" 2>&1 && return 0
	fi
	say "cannot read the package list of $suite:"
	sed 's/^/  /' "$APT/log" >&2
	return 1
}

# Unpacks into a folder beside the final one and renames it last, so a cut run leaves no half.
unpack()
{
	v=$1
	tmp=$CACHE/.new-$v-$$
	rm -rf "${tmp:?}" "${CACHE:?}/$v"
	mkdir -p "$tmp"
	for deb in "$APT/deb-$v"/*.deb; do
		dpkg-deb -x "$deb" "$tmp"
	done
	fix_links "$tmp/usr/lib/go-$v" "$tmp"
	rm -rf "$tmp/usr/share/doc" "$tmp/usr/share/lintian" "$APT/deb-$v"
	if [ ! -x "$tmp/usr/lib/go-$v/bin/go" ] || [ ! -d "$tmp/usr/lib/go-$v/src/runtime" ]; then
		say "the packages of golang-$v lack bin/go or src/runtime"
		rm -rf "$tmp"
		return 1
	fi
	touch "$tmp/.complete"
	mv "$tmp" "$CACHE/$v"
}

# Links that lead to absolute paths are led into the unpacked tree.
fix_links()
{
	find "$1" -type l | while read -r link; do
		to=$(readlink "$link")
		case $to in
		/*) [ -e "$2$to" ] && ln -sfn "$(relative_root "$link" "$2")$to" "$link" ;;
		esac
	done
	return 0
}

relative_root()
{
	dirname "${1#"$2"/}" | sed 's,[^/][^/]*,..,g'
}

fetch()
{
	v=$1
	mkdir -p "$APT/deb-$v"
	rm -f "$APT/deb-$v"/*
	(cd "$APT/deb-$v" && aptget download "golang-$v-go" "golang-$v-src") >"$APT/log" 2>&1 || {
		say "the archive does not give golang-$v ($suite):"
		sed 's/^/  /' "$APT/log" >&2
		return 1
	}
	unpack "$v"
}

fetch_missing()
{
	missing=$*
	for tool in apt-get dpkg-deb; do
		command -v $tool >/dev/null || { say "needs $tool, which is not here"; return 1; }
	done
	# shellcheck disable=SC1091
	. /etc/os-release
	if [ "${ID:-}" != debian ]; then
		say "Go $missing can only be fetched from Debian's archive, and this is ${PRETTY_NAME:-another system}"
		return 1
	fi
	MIRROR=$(find_mirror "${VERSION_CODENAME:-sid}")
	[ -n "$MIRROR" ] || { say "no Debian archive found in this machine's apt sources"; return 1; }
	APT=$CACHE/.apt.$$
	trap 'rm -rf "$APT"' EXIT
	trap 'exit 130' INT TERM HUP
	write_apt_conf

	bad=0 suite=
	for v in $missing; do
		want=$(suites_of "$v")
		if [ "$want" != "$suite" ]; then
			read_suite "$want" || { suite=; bad=1; continue; }
		fi
		say "fetching Go $v from $suite"
		fetch "$v" || bad=1
	done
	return $bad
}

# shellcheck disable=SC2086
case ${1:-} in
--list) print_list; exit 0 ;;
-h | --help) sed -n '3,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
all) set -- $ALL ;;
"") set -- $DEFAULT ;;
esac

need=
for v; do
	case " $ALL " in
	*" $v "*) ;;
	*) say "unknown version $v (known: $ALL)"; exit 2 ;;
	esac
	have "$v" || need="$need $v"
done
mkdir -p "$CACHE"
CACHE=$(cd "$CACHE" && pwd)
rc=0
# shellcheck disable=SC2086
[ -z "$need" ] || fetch_missing $need || rc=1
for v; do
	if have "$v"; then
		echo "$v $(go_of "$v")"
	fi
done
exit $rc

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For suites in sh, to be sourced from the root of the tree: results as TAP lines.
#
#   ok NAME             not_ok NAME [FILE that says why]        skip NAME WHY
#   is NAME GOT WANT    same NAME FILE FILE                     check NAME COMMAND...
#   finish              the plan; exits with 1 where a test failed
# check: the command has to succeed; what it says is shown where it does not.
tap_n=0
tap_failed=0

tap_say() # LINE: names may come from files, and one result is one line
{
	printf '%s' "$1" | tr '\n' ' '
	echo
}

ok()
{
	tap_n=$((tap_n + 1))
	tap_say "ok $tap_n - $1"
}

not_ok()
{
	tap_n=$((tap_n + 1))
	tap_failed=$((tap_failed + 1))
	tap_say "not ok $tap_n - $1"
	[ -z "${2:-}" ] || sed 's/^/# /' "$2"
}

skip()
{
	tap_n=$((tap_n + 1))
	tap_say "ok $tap_n - $1 # SKIP $2"
}

is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		printf 'got:    %s\nwanted: %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

same()
{
	if tap_diff=$(diff -u "$3" "$2" 2>&1); then
		ok "$1"
	else
		not_ok "$1"
		printf '%s\n' "$tap_diff" | sed 's/^/# /'
	fi
}

check()
{
	tap_name=$1
	shift
	if tap_out=$("$@" 2>&1); then
		ok "$tap_name"
	else
		not_ok "$tap_name"
		printf '%s\n' "$tap_out" | sed 's/^/# /'
	fi
}

finish()
{
	echo "1..$tap_n"
	[ "$tap_failed" = 0 ]
	exit
}

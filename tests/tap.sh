# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# tap.sh - the verbs of tests written in shell. stdout is TAP; what else there
# is to say goes to stderr, so to the test's .log. A test ends with tap_end.

# shellcheck disable=SC2034 # for the tests: the build and source directories
B=$PWD
# shellcheck disable=SC2034
S=$(cd "${srcdir:-.}" && pwd)
T=$(mktemp -d "${TMPDIR:-/tmp}/kmem-test.XXXXXX") || exit 99

tap_n=0
tap_failed=0
tap_done=no

note() {
	printf '%s\n' "$*" | sed 's/^/# /' >&2
}

# pass NAME, not_ok NAME [WHY...]
pass() {
	tap_n=$((tap_n + 1))
	printf 'ok %d - %s\n' "$tap_n" "$1"
}

not_ok() {
	tap_n=$((tap_n + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_n" "$1"
	shift
	test $# -eq 0 || note "$@"
	return 1
}

# ok NAME COMMAND...: the command succeeds. fails NAME COMMAND...: it does not.
ok() {
	ok_name=$1
	shift
	if "$@" >"$T/ok.out" 2>&1; then
		pass "$ok_name"
	else
		not_ok "$ok_name" "status $? of: $*" "$(cat "$T/ok.out")"
	fi
}

fails() {
	ok_name=$1
	shift
	if "$@" >"$T/ok.out" 2>&1; then
		not_ok "$ok_name" "succeeded: $*" "$(cat "$T/ok.out")"
	else
		pass "$ok_name"
	fi
}

# status N NAME COMMAND...: the command exits with N; its output: $T/ok.out.
status() {
	ok_want=$1 ok_name=$2 ok_status=0
	shift 2
	"$@" >"$T/ok.out" 2>&1 || ok_status=$?
	if test "$ok_status" -eq "$ok_want"; then
		pass "$ok_name"
	else
		not_ok "$ok_name" "status $ok_status, not $ok_want, of: $*" \
			"$(cat "$T/ok.out")"
	fi
}

# is GOT WANT NAME
is() {
	if test "$1" = "$2"; then
		pass "$3"
	else
		not_ok "$3" "got:  $1
want: $2"
	fi
}

# like TEXT ERE NAME, unlike TEXT ERE NAME: some line matches, none does.
like() {
	if printf '%s\n' "$1" | grep -Eq -e "$2"; then
		pass "$3"
	else
		not_ok "$3" "no match of: $2
in: $1"
	fi
}

unlike() {
	if printf '%s\n' "$1" | grep -Eq -e "$2"; then
		not_ok "$3" "a match of: $2
in: $1"
	else
		pass "$3"
	fi
}

# compare NUMBER OPERATOR NUMBER NAME, with test(1)'s operators: -lt ...
compare() {
	if test "$1" "$2" "$3"; then
		pass "$4"
	else
		not_ok "$4" "not true: '$1' $2 '$3'"
	fi
}

skip() { # WHY NAME
	tap_n=$((tap_n + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_n" "$2" "$1"
}

skip_all() { # WHY
	printf '1..0 # SKIP %s\n' "$*"
	tap_done=yes
	exit 0
}

bail() { # WHY
	printf 'Bail out! %s\n' "$*"
	exit 99
}

# clean NAME OFFENDERS: the text is empty.
clean() {
	if test -z "$2"; then
		pass "$1"
	else
		not_ok "$1" "$2"
	fi
}

# tap_end: the plan, and the end of the test.
tap_end() {
	printf '1..%d\n' "$tap_n"
	tap_done=yes
	exit 0 # TAP has told what failed
}

# Replaced by who has more to clean up.
tap_cleanup() {
	:
}

tap_on_exit() {
	tap_status=$?
	trap '' HUP INT TERM
	tap_cleanup
	rm -rf "$T"
	# A test that ends without its plan has failed, whatever it says.
	test "$tap_done" = yes || test "$tap_status" -ne 0 || tap_status=99
	exit "$tap_status"
}
trap tap_on_exit EXIT
trap 'exit 99' HUP INT TERM

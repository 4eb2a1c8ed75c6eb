#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh - run one libcheck program, with TAP and nothing else on stdout.
#
# usage: run.sh PROGRAM
# KMEM_TEST_WRAP, e.g. "valgrind -q", is put in front of the program.
# What the program itself prints goes to stderr, so to its .log.
# Some tests abort on purpose.
# shellcheck disable=SC3045 # dash and bash have it
ulimit -c 0
set -u

case $1 in
*/*) program=$1 ;;
*) program=./$1 ;;
esac
: "${LIBTOOL:=./libtool}"

tap=$(mktemp "${TMPDIR:-/tmp}/kmem-tap.XXXXXX") || exit 99
trap 'rm -f "$tap"' EXIT
trap 'exit 99' HUP INT TERM

# A program that hangs outside of a test (or with CK_FORK=no) ends as well.
if test -n "${KMEM_TEST_WRAP:-}"; then
	# shellcheck disable=SC2086 # both are lists of words
	set -- $LIBTOOL --mode=execute $KMEM_TEST_WRAP "$program"
else
	set -- "$program"
fi
CK_TAP_LOG_FILE_NAME=$tap CK_VERBOSITY=normal \
	timeout -k 5 "${KMEM_UNIT_TIMEOUT_S:-600}" "$@" >&2
status=$?

# "ok 3 - check_x.c:suite:name: Passed" becomes "ok 3 - name"; what failed
# keeps its place in the source.
sed -e 's/^\(ok [0-9]* - \)[^:]*:[^:]*:\([^:]*\): Passed$/\1\2/' "$tap"

# Failures that TAP tells about need no second word. Anything else (a crash, a
# leak, no plan, no tests at all) must fail by itself.
if test "$status" -ne 0 && grep -q '^not ok' "$tap" && grep -q '^1\.\.' "$tap"
then
	status=0
fi
if ! grep -Eq '^(not )?ok ' "$tap"; then
	echo "Bail out! $program ran no test (status $status)"
	test "$status" -ne 0 || status=99
fi
exit "$status"

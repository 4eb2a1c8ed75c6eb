# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# lib.sh - the verbs of functional tests. A test is
#
#   . "${srcdir:-.}/tests/functional/lib.sh"
#   start_kmemd -n 2
#   ok 'it answers' ctl core.ping
#   is "$(json core.shmmem .total)" 67108864 'total is 64 MB'
#   done_testing
#
# Each test has a directory of its own ($T) with sockets, log and configuration
# in it. done_testing stops what still runs, and fails when anything is left:
# a process, a segment, a report of a sanitizer. stdout is TAP; what else there
# is to say goes to stderr, so to the test's .log.
#
# By hand: cd build && srcdir=.. sh ../tests/functional/NN-name.sh

B=$PWD # the build directory, where make runs the tests
# shellcheck disable=SC2034 # for the tests: the source directory
S=$(cd "${srcdir:-.}" && pwd)
KMEMD=${KMEMD:-$B/daemon/kmemd}
KMEMCTL=${KMEMCTL:-$B/ctl/kmemctl}
T=$(mktemp -d "${TMPDIR:-/tmp}/kmem-test.XXXXXX") || exit 99
KMEMD_SOCK=$T/rpc.sock
KMEMD_LOG=$T/kmemd.log
export KMEMD_SOCK
unset KMEMD_CONF
# Sanitizers of a process without a terminal report to files of the test.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$T/san
UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}print_stacktrace=1:log_path=$T/san
export ASAN_OPTIONS UBSAN_OPTIONS
# Deadlines are for a quiet machine; slow builds (valgrind) raise the factor.
KMEM_SLOW=${KMEM_SLOW:-1}

tap_n=0
tap_failed=0
tap_done=no
kmemd_pid= # the one started last, empty when stopped
sessions=  # of all that were started

# --- TAP ---

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

# --- waiting ---

# wait_until SECONDS COMMAND...: until the command succeeds, or 1 in the end.
# This is the only place of all tests that sleeps.
wait_until() {
	wait_end=$(($(date +%s) + $1 * KMEM_SLOW + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		test "$(date +%s)" -lt "$wait_end" || return 1
		sleep 0.02
	done
}

log_has() { # ERE: the log of kmemd has a line that matches
	grep -Eq -e "$1" "$KMEMD_LOG"
}

gone() { # PID: there is no such process, or it is a zombie
	! test -d "/proc/$1" || grep -q '^State:	[ZX]' "/proc/$1/status"
}

# --- kmemd ---

# The configuration of start_kmemd; a test may write its own before.
write_conf() { # text from stdin is added
	cat >>"$T/kmemd.conf"
}

# start_kmemd_nowait [kmemd arguments...]: $kmemd_pid is it.
start_kmemd_nowait() {
	test -e "$T/kmemd.conf" || : >"$T/kmemd.conf"
	: >>"$KMEMD_LOG"
	# A session of its own names all that it leaves behind.
	setsid "$KMEMD" -D -E -f "$T/kmemd.conf" \
		-o "rpc_socket=$KMEMD_SOCK" -o "attach_socket=$T/attach.sock" \
		-P "$T/kmemd.pid" "$@" >>"$KMEMD_LOG" 2>&1 </dev/null &
	kmemd_pid=$!
	track "$kmemd_pid"
}

# What a test started in another way is watched as well, by its session.
track() {
	sessions="$sessions $1"
}

ready_or_dead() {
	gone "$kmemd_pid" || ctl core.ping
}

# start_kmemd [kmemd arguments...]: returns when it answers; else the test ends.
start_kmemd() {
	start_kmemd_nowait "$@"
	wait_until 10 ready_or_dead || bail "kmemd does not answer in time"
	if gone "$kmemd_pid"; then
		bail "kmemd did not start: $(tail -n 3 "$KMEMD_LOG")"
	fi
}

# stop_kmemd [SIGNAL]: returns its exit status, 99 when it does not stop.
stop_kmemd() {
	test -n "$kmemd_pid" || return 0
	kill -s "${1:-TERM}" "$kmemd_pid" 2>/dev/null
	if wait_until 10 gone "$kmemd_pid"; then
		stop_status=0
		wait "$kmemd_pid" || stop_status=$?
	else
		note "kmemd $kmemd_pid does not stop"
		kill -s KILL "$kmemd_pid"
		wait "$kmemd_pid" 2>/dev/null
		stop_status=99
	fi
	kmemd_pid=
	return "$stop_status"
}

# ctl METHOD [ARGS]: as an operator sees it.
ctl() {
	"$KMEMCTL" -s "$KMEMD_SOCK" "$@"
}

# json METHOD [ARGS] FILTER: what the jq filter makes of the reply's JSON.
json() {
	json_args=
	while test $# -gt 1; do
		json_args="$json_args '$(printf %s "$1" | sed "s/'/'\\\\''/g")'"
		shift
	done
	eval "ctl --json $json_args" >"$T/json.out" || return
	jq -r "$1" <"$T/json.out"
}

# worker_pid RANK, worker_pids
worker_pid() {
	json core.psx ".[] | select(.IDX == $1) | .PID"
}

worker_pids() {
	json core.psx '.[] | select(.IDX > 0) | .PID'
}

# --- what is left ---

# Processes of the sessions that were started, but zombies.
left_processes() {
	for left_dir in /proc/[0-9]*; do
		left_stat=$(cat "$left_dir/stat" 2>/dev/null) || continue
		# state ppid pgrp session, behind a name that may hold anything
		# shellcheck disable=SC2086
		set -- ${left_stat##*) }
		case " $sessions " in
		*" ${4:-none} "*) ;;
		*) continue ;;
		esac
		case $1 in
		Z | X) ;;
		*) echo "${left_dir#/proc/}" ;;
		esac
	done
}

# SysV segments that one of them created, and files in /dev/shm.
left_segments() {
	while read -r _ shmid _ _ cpid _; do
		case " $sessions " in
		*" $cpid "*) echo "SysV segment $shmid of process $cpid" ;;
		esac
	done </proc/sysvipc/shm
	find /dev/shm -newer "$T/begin" -iname '*kmem*' 2>/dev/null
}

sanitizer_reports() {
	cat "$T"/san.* 2>/dev/null
	grep -sE 'Sanitizer|runtime error:' "$KMEMD_LOG" "$T"/*.err
}

# clean NAME COMMAND: the command prints nothing.
clean() {
	clean_out=$("$2")
	if test -z "$clean_out"; then
		pass "$1"
	else
		not_ok "$1" "$clean_out"
	fi
}

no_process_left() {
	test -z "$(left_processes)"
}

done_testing() {
	if test -n "$kmemd_pid"; then
		ok 'kmemd stops with status 0' stop_kmemd
	fi
	if test -n "$sessions"; then
		wait_until 2 no_process_left || :
		clean 'no process is left' left_processes
		clean 'no shared segment is left' left_segments
		is "$(find "$T" -type s)" '' 'no socket is left'
	fi
	clean 'no sanitizer has anything to report' sanitizer_reports
	printf '1..%d\n' "$tap_n"
	tap_done=yes
	exit 0 # TAP has told what failed
}

# Whatever happens, nothing survives the test.
end_of_test() {
	end_status=$?
	trap '' HUP INT TERM
	for end_pid in $(left_processes); do
		kill -s KILL "$end_pid" 2>/dev/null
	done
	if test "$tap_done" = no || test "$tap_failed" -gt 0; then
		for end_file in "$KMEMD_LOG" "$T"/san.*; do
			test -s "$end_file" || continue
			note "--- the end of ${end_file##*/}"
			note "$(tail -n 40 "$end_file")"
		done
	fi
	rm -rf "$T"
	test "$tap_done" = yes || test "$end_status" -ne 0 || end_status=99
	exit "$end_status"
}
trap end_of_test EXIT
trap 'exit 99' HUP INT TERM
: >"$T/begin"

# --- what every test needs ---

for need in "$KMEMD" "$KMEMCTL"; do
	test -x "$need" || skip_all "${need##*/} is not built yet"
done
command -v jq >/dev/null || skip_all 'jq is missing: ./dev install-deps'

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
# a process, a segment, a report of a sanitizer. The verbs of TAP: tests/tap.sh.
#
# By hand: cd build && srcdir=.. sh ../tests/functional/NN-name.sh

. "${srcdir:-.}/tests/tap.sh"

KMEMD=${KMEMD:-$B/daemon/kmemd}
KMEMCTL=${KMEMCTL:-$B/ctl/kmemctl}
KMEMD_SOCK=$T/rpc.sock
KMEMD_LOG=$T/kmemd.log
export KMEMD_SOCK
unset KMEMD_CONF
# Sanitizers of a process without a terminal report to files of the test.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$T/san
UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}print_stacktrace=1:log_path=$T/san
export ASAN_OPTIONS UBSAN_OPTIONS
# Some tests crash it on purpose; few of them want the core.
# shellcheck disable=SC3045 # dash and bash have it
ulimit -c "${CORE_LIMIT:-0}"
# Deadlines are for a quiet machine; slow builds (valgrind) raise the factor.
KMEM_SLOW=${KMEM_SLOW:-1}
# A deadline is for what hangs: a busy machine may take this much longer.
PATIENCE=6

kmemd_pid= # the one started last, empty when stopped
kmemd_starts=0
sessions=  # of all that were started

# --- waiting ---

# wait_until SECONDS COMMAND...: until the command succeeds, or 1 in the end.
# This is the only place of all tests that sleeps.
wait_until() {
	wait_end=$(($(date +%s) + $1 * KMEM_SLOW * PATIENCE + 1))
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
	# A log of its own, so that log_has sees no line of an earlier start.
	if test -s "$KMEMD_LOG"; then
		mv "$KMEMD_LOG" "$KMEMD_LOG.$kmemd_starts"
	fi
	kmemd_starts=$((kmemd_starts + 1))
	: >"$KMEMD_LOG"
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

# Its socket answers before all workers are ready; then it has its title.
ready_or_dead() {
	gone "$kmemd_pid" ||
		{ ctl core.ping &&
			grep -q '^kmemd: supervisor' "/proc/$kmemd_pid/cmdline"; }
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
	await_stop
}

# await_stop: the same of a kmemd that has been told otherwise.
await_stop() {
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
	"$KMEMCTL" --timeout $((10 * PATIENCE)) -s "$KMEMD_SOCK" "$@"
}

# Nobody is connected: what kmemd has open is its own. A kmemctl that has ended
# may still be connected as far as kmemd has heard.
no_client() {
	! grep -q " 03 *[0-9]* $KMEMD_SOCK\$" /proc/net/unix
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

# real_pids PID WORKERS: a script for sed that puts the real pids in the place of
# a page's: PID is the supervisor's there, the next ones are the workers'. They
# are marked first, as a real pid may have one of the page's in it.
real_pids() {
	real_marks=s/$1/@0@/g
	real_script=s/@0@/$kmemd_pid/g
	for real_rank in $(seq "$2"); do
		real_marks="$real_marks;s/$(($1 + real_rank))/@$real_rank@/g"
		real_script="$real_script;s/@$real_rank@/$(worker_pid "$real_rank")/g"
	done
	echo "$real_marks;$real_script"
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
	grep -sE 'Sanitizer|runtime error:' "$KMEMD_LOG"* "$T"/*.err
}

no_process_left() {
	test -z "$(left_processes)"
}

# The end of every test that has run kmemd.
done_testing() {
	if test -n "$kmemd_pid"; then
		ok 'kmemd stops with status 0' stop_kmemd
	fi
	if test -n "$sessions"; then
		wait_until 2 no_process_left || :
		clean 'no process is left' "$(left_processes)"
		clean 'no shared segment is left' "$(left_segments)"
		clean 'no socket is left' "$(find "$T" -type s)"
	fi
	clean 'no sanitizer has anything to report' "$(sanitizer_reports)"
	tap_end
}

# Whatever happens, nothing survives the test.
tap_cleanup() {
	for end_pid in $(left_processes); do
		kill -s KILL "$end_pid" 2>/dev/null
	done
	test "$tap_done" = no || test "$tap_failed" -gt 0 || return 0
	for end_file in "$KMEMD_LOG" "$T"/san.*; do
		test -s "$end_file" || continue
		note "--- the end of ${end_file##*/}"
		note "$(tail -n 40 "$end_file")"
	done
}
: >"$T/begin"

# --- what every test needs ---

for need in "$KMEMD" "$KMEMCTL"; do
	test -x "$need" || skip_all "${need##*/} is not built yet"
done
command -v jq >/dev/null || skip_all 'jq is missing: ./dev install-deps'

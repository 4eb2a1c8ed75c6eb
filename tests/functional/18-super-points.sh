#!/bin/sh
# SPDX-License-Identifier: ISC
# 18-super-points.sh - the supervisor is killed in the middle of what it does:
# the next one takes over, and nobody else notices. CONTRIBUTING.md says how to
# try all.
. "${srcdir:-.}/tests/functional/lib.sh"

KMEMD_ATTACH=$T/attach.sock
export KMEMD_ATTACH
write_conf <<EOT
module_path = "$B/tests/stress/.libs"
loadmodule("points_worker.so")
restart_backoff_min_ms = 1
restart_backoff_max_ms = 1
shm_max_mem_size = 64
EOT

# The instructions of a sanitizer are not those that run. Nor can it look for
# leaks in who is traced.
case ${KMEM_CFLAGS:-} in
*sanitize*)
	calls=-s
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
	;;
*) calls='' ;;
esac

# points MANAGER [OPTIONS]: their last line is $last. A small chunk is soon
# compared.
points() {
	manager=$1
	shift
	setsid "$B/tests/stress/super_points" "$@" "$KMEMD_SOCK" \
		"$KMEMD" -D -E -f "$T/kmemd.conf" -n 3 -m 4 -M 1 -x "$manager" \
		-o "rpc_socket=$KMEMD_SOCK" -o "attach_socket=$KMEMD_ATTACH" \
		-P "$T/kmemd.pid" >"$T/points" 2>"$KMEMD_LOG" </dev/null &
	track $!
	status=0
	wait $! || status=$?
	note "$(cat "$T/points")"
	last=$(tail -n 1 "$T/points")
}

# all_is_well WHAT: so say the tool and kmemd.
all_is_well() {
	is "$status" 0 "$1: the next one goes on, all is as it was"
	like "$last" \
		'^[0-9]{2,} kill points, [0-9]+ operations, nothing is left$' \
		'... at dozens of points'
	unlike "$(cat "$KMEMD_LOG")" 'BUG|CRIT' '... nobody has found a bug'
	unlike "$(cat "$KMEMD_LOG")" '"worker [0-9]+".* was there before us' \
		'... a worker that has ended is not taken for a program'
}

# shellcheck disable=SC2086 # options
points slab $calls ${POINTS:--n 7}
test "$status" -ne 77 || skip_all 'nobody may trace a process here'
all_is_well slab
# shellcheck disable=SC2086 # options
points qm $calls ${POINTS:--n 6 -o death}
all_is_well qm
done_testing

# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# points.sh - kmemd under a tool that follows it, and kills in it at each step
# (tests/stress/worker_points, super_points).
#
#   points worker_points [OPTIONS]     # $status, and its last line: $last
#   points super_points [OPTIONS]

KMEMD_ATTACH=$T/attach.sock
export KMEMD_ATTACH

# The instructions of a sanitizer are not those that run. Nor can it look for
# leaks in who is traced.
# shellcheck disable=SC2034 # points_calls is for the test
case ${KMEM_CFLAGS:-} in
*sanitize*)
	points_calls=-s
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
	;;
*) points_calls='' ;;
esac

# A test may add to it.
write_conf <<EOT
module_path = "$B/tests/stress/.libs"
loadmodule("points_worker.so")
restart_backoff_min_ms = 1
restart_backoff_max_ms = 1
EOT

# $points_manager: of shm. A small chunk is soon compared.
points_manager=slab
# shellcheck disable=SC2034 # status and last are for the test
points() { # TOOL [OPTIONS]
	points_tool=$1
	shift
	setsid "$B/tests/stress/$points_tool" "$@" "$KMEMD_SOCK" \
		"$KMEMD" -D -E -f "$T/kmemd.conf" -n 3 -m 4 -M 1 \
		-x "$points_manager" \
		-o "rpc_socket=$KMEMD_SOCK" -o "attach_socket=$KMEMD_ATTACH" \
		-P "$T/kmemd.pid" >"$T/points" 2>"$KMEMD_LOG" </dev/null &
	track $!
	status=0
	wait $! || status=$?
	note "$(cat "$T/points")"
	# The next one takes the log over.
	test "$status" -eq 0 || note "$(tail -n 30 "$KMEMD_LOG")"
	last=$(tail -n 1 "$T/points")
}

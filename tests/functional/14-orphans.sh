#!/bin/sh
# SPDX-License-Identifier: ISC
# 14-orphans.sh - the supervisor is killed: its workers go by themselves, be
# they idle, spinning or stopped, and nothing keeps the next one from starting.
. "${srcdir:-.}/tests/functional/lib.sh"

kill_supervisor() {
	kill -KILL "$kmemd_pid"
	wait "$kmemd_pid" 2>/dev/null
	kmemd_pid=
}

is_stopped() {
	test "$(ps -o stat= -p "$1" | cut -c1)" = T
}

# next_one: can start with the same files, and leaves nothing.
next_one() {
	start_kmemd -n 2 "$@"
	ok '... the next one starts' ctl core.ping
	ok '... and stops' stop_kmemd
	fails '... the socket is gone' test -e "$KMEMD_SOCK"
	fails '... and the pidfile' test -e "$T/kmemd.pid"
}

for backend in memfd sysv; do
	start_kmemd -n 3 -o shm_backend="$backend"
	kill_supervisor
	ok "$backend: idle workers go with the supervisor" \
		wait_until 5 no_process_left
	clean "$backend: no segment is left" "$(left_segments)"
	next_one -o shm_backend="$backend"
done

write_conf <<EOT
module_path = "$B/tests/functional/.libs"
loadmodule("trouble.so")
modparam("trouble", "act", "spin")
modparam("trouble", "rank", 2)
EOT
start_kmemd -n 3 -o stop_timeout_ms=500 -o shm_backend=sysv
stopped=$(worker_pid 1)
kill -STOP "$stopped"
ok 'one worker is stopped' wait_until 5 is_stopped "$stopped"
ok 'one spins' wait_until 5 log_has 'rank 2 spins'
kill_supervisor
ok 'they go with the supervisor as well' wait_until 5 no_process_left
clean 'no segment is left' "$(left_segments)"
next_one -o shm_backend=sysv

# All at once, as an operator in despair would do it.
start_kmemd -n 3 -o shm_backend=sysv
for pid in $kmemd_pid $(worker_pids); do
	kill -KILL "$pid"
done
wait "$kmemd_pid" 2>/dev/null
kmemd_pid=
ok 'killed all at once, none is left' wait_until 5 no_process_left
clean 'and no segment' "$(left_segments)"
next_one -o shm_backend=sysv

done_testing

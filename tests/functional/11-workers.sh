#!/bin/sh
# SPDX-License-Identifier: ISC
# 11-workers.sh - the death of workers, and stops that do not go smoothly.
. "${srcdir:-.}/tests/functional/lib.sh"

MODULES=$B/tests/functional/.libs

is_ready() { # RANK OLD-PID: a new process has the rank
	test "$(json core.psx ".[] | select(.IDX == $1) | .PID")" -ne "$2" &&
		grep -q "worker $1 (pid $(worker_pid "$1")) is ready" \
			"$KMEMD_LOG"
}

descriptors() {
	find "/proc/$kmemd_pid/fd" -type l | wc -l
}

start_kmemd -n 4 -o debug=3 -o restart_backoff_min_ms=10
before=$(descriptors)
others=$(worker_pid 1) pid=$(worker_pid 2)

kill -KILL "$pid"
ok 'a killed worker is replaced with the same rank' wait_until 5 is_ready 2 "$pid"
like "$(cat "$KMEMD_LOG")" "worker 2 \(pid $pid\) killed by signal 9" \
	'the log has rank, pid, and how it died'
is "$(worker_pid 1)" "$others" 'the others are the same'

for n in 20 40; do
	pid=$(worker_pid 2)
	kill -KILL "$pid"
	ok "it is replaced again" wait_until 5 is_ready 2 "$pid"
	ok "after a pause of $n ms" log_has "worker 2 is started again in $n ms"
done

pid=$(worker_pid 3)
kill -TERM "$pid"
ok 'a worker that is told to end is replaced' wait_until 5 is_ready 3 "$pid"
ok 'it has ended with status 0' log_has "worker 3 \(pid $pid\) exited with status 0"

# Stopped, not dead: nobody is disturbed, and it is the same afterwards.
pid=$(worker_pid 4)
kill -STOP "$pid"
ok 'with a stopped worker the service answers' ctl core.ping
is "$(worker_pid 4)" "$pid" 'the stopped worker is not replaced'
kill -CONT "$pid"

n=0
while test "$n" -lt 20; do
	kill -KILL "$(worker_pid $((n % 4 + 1)))" 2>/dev/null
	n=$((n + 1))
done
all_ready() {
	test "$(worker_pids | wc -l)" -eq 4 || return
	for pid in $(worker_pids); do
		gone "$pid" && return 1
		grep -q "(pid $pid) is ready" "$KMEMD_LOG" || return 1
	done
}
ok 'after 20 quick kills all workers are back' wait_until 10 all_ready
is "$(descriptors)" "$before" 'the supervisor has as many descriptors as before'
is "$(ps -o stat= --ppid "$kmemd_pid" | tr -dc Z)" '' 'there is no zombie'
is "$(grep -c 'kmemd-pkg' "/proc/$kmemd_pid/maps")" 5 \
	'and one pkg pool for each process'

kill -HUP "$kmemd_pid"
ok 'SIGHUP reopens the log' wait_until 2 log_has 'logs reopened'
ok 'memlog can be set' ctl cfg.set_now_int core memlog 1
ok 'mem_summary can be set' ctl cfg.set_now_int core mem_summary 19
kill -USR1 "$kmemd_pid"
ok 'SIGUSR1 writes the supervisor'\''s status' \
	wait_until 2 log_has "\[$kmemd_pid 0\] shm: total 67108864 "
pid=$(worker_pid 1)
kill -USR1 "$pid"
ok 'and that of a worker' wait_until 2 log_has "\[$pid 1\] pkg: total 8388608 "
ok 'it stops' stop_kmemd

# A worker that cannot hear us.
start_kmemd -n 2 -o stop_timeout_ms=100
pid=$(worker_pid 1)
kill -STOP "$pid"
ok 'a stopped worker does not keep it from stopping' stop_kmemd TERM
ok 'it says that it killed it' \
	log_has '[12] workers did not stop within 100 ms' # the other may be slow
ok 'and which one' log_has "worker 1 \\(pid $pid\\) killed by signal 9"

# Killed at its exit, a process may be in the middle of its leak check.
leaky_options=$ASAN_OPTIONS
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
start_kmemd -n 2 -o stop_timeout_ms=60000
kill -STOP "$(worker_pid 1)"
kill -TERM "$kmemd_pid"
ok 'the first SIGTERM waits' wait_until 2 log_has 'signal 15: stopping$'
ok 'the second one does not' stop_kmemd TERM
# Up to its last moment, when its handlers are about to go.
stop_by_many() {
	while ! gone "$kmemd_pid"; do
		kill -TERM "$kmemd_pid" 2>/dev/null
	done
	await_stop
}
for round in 1 2 3 4 5; do
	start_kmemd -n 1
	ok "SIGTERM again and again ends it with status 0 ($round)" stop_by_many
done
ASAN_OPTIONS=$leaky_options

# The pause starts anew when a worker has lived longer than the longest one.
lived_long() {
	awk -v hz="$(getconf CLK_TCK)" 'NR == 1 { up = $1; next }
		{ sub(/.*\) /, ""); exit up - $20 / hz > 0.2 ? 0 : 1 }' \
		/proc/uptime "/proc/$1/stat"
}
start_kmemd -n 1 -o debug=3 -o restart_backoff_min_ms=11 \
	-o restart_backoff_max_ms=100
for n in 1 2; do
	pid=$(worker_pid 1)
	ok 'a worker lives for a while' wait_until 5 lived_long "$pid"
	kill -KILL "$pid"
	ok 'it is replaced' wait_until 5 is_ready 1 "$pid"
done
is "$(grep -c 'worker 1 is started again in 11 ms' "$KMEMD_LOG")" 2 \
	'after the shortest pause each time'
ok 'it stops' stop_kmemd

# A death that can tell nobody.
start_kmemd -n 3
kill -KILL "$kmemd_pid"
wait "$kmemd_pid" 2>/dev/null
kmemd_pid=
ok 'workers end with the supervisor' wait_until 5 no_process_left
start_kmemd -n 1
ok 'and the next one takes over pidfile and socket' ctl core.ping
ok 'it stops' stop_kmemd

# Modules in workers.
cat >"$T/kmemd.conf" <<-EOF
	module_path = "$MODULES"
	loadmodule("trouble.so")
	modparam("trouble", "rank", 9)
EOF
: >"$KMEMD_LOG"
start_kmemd -n 3
for rank in 0 1 2 3; do
	ok "rank $rank has what was stored before the fork" log_has \
		"rank $rank has \"stored before the fork\""
done
is "$(sed -n 's/.*before the fork" at \(0x[0-9a-f]*\),.*/\1/p' "$KMEMD_LOG" |
	sort -u | wc -l)" 1 'all at the same address'
is "$(json core.psx '.[2].DSC')" 'trouble maker' 'a module describes itself'
pid=$(worker_pid 3)
kill -KILL "$pid"
replaced() {
	test "$(worker_pid 3)" -ne "$pid" && log_has "\[$(worker_pid 3) 3\] trouble: rank 3"
}
ok 'a replacement has what the supervisor has now' wait_until 5 replaced
ok 'it stops' stop_kmemd
for rank in 0 1 2 3; do
	letter=$(printf '%b' "\\0$((101 + rank))")
	ok "rank $rank has kept its own value" log_has \
		"destroy in rank $rank, \"${letter}tored before"
done
unlike "$(cat "$KMEMD_LOG")" 'BUG|ERROR|libevent' 'nothing went wrong'

# One that is too busy to notice the death of the supervisor.
cat >>"$T/kmemd.conf" <<-EOF
	modparam("trouble", "act", "spin")
	modparam("trouble", "rank", 1)
EOF
start_kmemd -n 2 -o stop_timeout_ms=100
ok 'a worker spins' wait_until 5 log_has 'rank 1 spins'
ok 'the service answers' ctl core.ping
kill -KILL "$kmemd_pid"
wait "$kmemd_pid" 2>/dev/null
kmemd_pid=
ok 'it does not outlive the supervisor for long' wait_until 5 no_process_left

start_kmemd -n 0
is "$(json core.psx length)" 1 'it runs without workers, too'
ok 'it stops' stop_kmemd

# A worker that is killed while the service starts ends the start.
cat >>"$T/kmemd.conf" <<-EOF
	modparam("trouble", "act", "hang")
	modparam("trouble", "rank", 2)
EOF
: >"$KMEMD_LOG"
start_kmemd_nowait -n 3
ok 'a worker hangs in child_init' wait_until 5 log_has 'rank 2 has'
kill -KILL "$(sed -n 's/.*\[\([0-9]*\) 2\] trouble: rank 2 has.*/\1/p' "$KMEMD_LOG")"
ok 'when it is killed, the start ends' wait_until 5 gone "$kmemd_pid"
wait "$kmemd_pid"
is $? 1 'with status 1'
kmemd_pid=
ok 'and the reason' log_has 'killed by signal 9 .* before it was ready'

done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 51-hostile.sh - clients that do not behave, all at once: others are answered
# meanwhile, and what they cost is bounded and given back.
. "${srcdir:-.}/tests/functional/lib.sh"

CALLS=$B/tests/stress/calls
HOSTILE=$B/tests/stress/hostile
WORST_MS=10000 # of a client that behaves; a machine may be busy

CONNECTIONS=100
REQUEST_SIZE=65536
OUTPUT_QUEUE=65536
REPLY_SIZE=1048576
READ_AHEAD=65536 # see INPUT_MOST in rpc/conn.c
DEAFS=20	 # see hostile.c: each has one reply more than its queue
SLACK_MB=16	 # trees of requests at work, walks of dumps, fragmentation
GROWTH_MB=$(((CONNECTIONS * (REQUEST_SIZE + OUTPUT_QUEUE + READ_AHEAD) + \
	DEAFS * REPLY_SIZE) / 1048576 + SLACK_MB))

# Exact, other than the values of status.
rss_kb() {
	awk '/^Rss:/ { print $2 }' "/proc/$kmemd_pid/smaps_rollup"
}

descriptors() {
	find "/proc/$kmemd_pid/fd" -type l | wc -l
}

has_descriptors() {
	test "$(descriptors)" -le "$1"
}

# A busy machine takes its time for 10 MB. Less than hostile.c waits for a word.
PARTIAL_MS=$((15000 + 5000 * KMEM_SLOW))

# The quarantine of a sanitizer is memory that grows until it is full.
ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1:thread_local_quarantine_size_kb=64
write_conf <<EOT
module_path = "$B/tests/functional/.libs"
loadmodule("trouble.so")
modparam("trouble", "n_shm", 20000)
rpc_connections_per_uid = $CONNECTIONS
rpc_request_size = $REQUEST_SIZE
rpc_output_queue = $OUTPUT_QUEUE
rpc_reply_size = $REPLY_SIZE
rpc_partial_ms = $PARTIAL_MS
restart_backoff_min_ms = 10
restart_backoff_max_ms = 100
EOT
start_kmemd -n 4
if grep -q 'lib.san' "/proc/$kmemd_pid/maps"; then
	GROWTH_MB=$((GROWTH_MB * 3)) # red zones, and shadow
fi
ok 'it is at work' "$CALLS" "$KMEMD_SOCK" call 100
ok 'and has dumped' ctl mem_dump_shm
wait_until 10 no_client || bail 'kmemd keeps a client'
idle=$(descriptors)
before=$(rss_kb)
most=$before

# --- who attacks and who behaves ---

hostile_pids=
attack() { # NAME
	"$HOSTILE" "$KMEMD_SOCK" "$1" >"$T/$1.out" 2>&1 &
	hostile_pids="$hostile_pids $1:$!"
}

# Signals to the supervisor and deaths of workers, until the attacks are over.
disturb() {
	kill -HUP "$kmemd_pid"
	kill -USR1 "$kmemd_pid"
	disturb_pid=$(pgrep -P "$kmemd_pid" | head -n 1)
	test -z "$disturb_pid" || kill -KILL "$disturb_pid"
	disturb_kb=$(rss_kb)
	test "$disturb_kb" -le "$most" || most=$disturb_kb
}

is_over() {
	disturb
	for attack_pid in $hostile_pids; do
		gone "${attack_pid#*:}" || return 1
	done
}

attacks_end() {
	wait_until 100 is_over
	for attack_pid in $hostile_pids; do
		ok "${attack_pid%:*}: told what is wrong, and no more" \
			wait "${attack_pid#*:}"
		sed -n '/^#/p' "$T/${attack_pid%:*}.out"
	done
	hostile_pids=
}

"$CALLS" "$KMEMD_SOCK" watch 0 >"$T/watch.out" 2>&1 &
watch_pid=$!
ok 'a client that behaves asks all the time' wait_until 5 \
	grep -q watching "$T/watch.out"

for name in noise halves brackets string values batch deaf; do
	attack "$name"
done
attacks_end
attack many
attacks_end
attack flood
attacks_end

# --- afterwards ---

ok 'the supervisor answers' ctl core.ping
kill -TERM "$watch_pid"
ok 'the client that behaves had all its answers' wait "$watch_pid"
worst=$(awk 'END { printf "%d", $2 }' "$T/watch.out")
echo "# calls, worst wait in ms: $(tail -n 1 "$T/watch.out")"
compare "${worst:-99999}" -lt $((WORST_MS * KMEM_SLOW)) \
	"none took $WORST_MS ms"
echo "# RSS: $before kB before, $most kB at most, $(rss_kb) kB after"
compare $(((most - before) / 1024)) -lt "$GROWTH_MB" \
	"the supervisor has not grown by $GROWTH_MB MB"
all_there() {
	test "$(worker_pids | wc -w)" -eq 4 || return 1
	for pid in $(worker_pids); do
		kill -0 "$pid" || return 1
	done
}
ok 'the dead workers are replaced' wait_until 10 all_there
ok 'its descriptors are those of before' wait_until 10 has_descriptors "$idle"
unlike "$(cat "$KMEMD_LOG")" 'BUG|libevent' 'nothing has gone wrong inside'

done_testing

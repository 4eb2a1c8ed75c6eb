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
restart_backoff_min_ms = 10
restart_backoff_max_ms = 100
EOT

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

# --- what they find and what they leave ---

all_there() {
	test "$(worker_pids | wc -w)" -eq 4 || return 1
	for pid in $(worker_pids); do
		kill -0 "$pid" || return 1
	done
}

before_attacks() { # OPTION...: of kmemd
	start_kmemd -n 4 "$@"
	growth_mb=$GROWTH_MB
	if grep -q 'lib.san' "/proc/$kmemd_pid/maps"; then
		growth_mb=$((GROWTH_MB * 3)) # red zones, and shadow
	fi
	ok 'it is at work' "$CALLS" "$KMEMD_SOCK" call 100
	ok 'and has dumped' ctl mem_dump_shm
	wait_until 10 no_client || bail 'kmemd keeps a client'
	idle=$(descriptors)
	before=$(rss_kb)
	most=$before
	"$CALLS" "$KMEMD_SOCK" watch 0 >"$T/watch.out" 2>&1 &
	watch_pid=$!
	ok 'a client that behaves asks all the time' wait_until 5 \
		grep -q watching "$T/watch.out"
}

after_attacks() {
	ok 'the supervisor answers' ctl core.ping
	kill -TERM "$watch_pid"
	ok 'the client that behaves had all its answers' wait "$watch_pid"
	worst=$(awk 'END { printf "%d", $2 }' "$T/watch.out")
	echo "# calls, worst wait in ms: $(tail -n 1 "$T/watch.out")"
	compare "${worst:-99999}" -lt $((WORST_MS * KMEM_SLOW)) \
		"none took $WORST_MS ms"
	echo "# RSS: $before kB before, $most kB at most, $(rss_kb) kB after"
	compare $(((most - before) / 1024)) -lt "$growth_mb" \
		"the supervisor has not grown by $growth_mb MB"
	ok 'the dead workers are replaced' wait_until 10 all_there
	ok 'its descriptors are those of before' \
		wait_until 10 has_descriptors "$idle"
	ok 'it stops' stop_kmemd
	unlike "$(cat "$KMEMD_LOG")" 'BUG|libevent' \
		'nothing has gone wrong inside'
}

# A busy machine takes its time for the 10 MB of one request.
before_attacks -o rpc_partial_ms=3600000
for name in noise brackets string values batch; do
	attack "$name"
done
attacks_end
attack many
attacks_end
attack flood
attacks_end
after_attacks

# These are told that they take too long.
before_attacks -o rpc_partial_ms=2000
attack halves
attack deaf
attacks_end
after_attacks

done_testing

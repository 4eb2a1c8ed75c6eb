#!/bin/sh
# SPDX-License-Identifier: ISC
# 50-growth.sh - the supervisor does not grow with what it has answered, and a
# large service costs no memory before it is used.
. "${srcdir:-.}/tests/functional/lib.sh"

CALLS=$B/tests/stress/calls
SLACK_KB=256 # of malloc and of tables that fill up once
SERVICE_MB=16 # -m 1024 -n 8: of nine processes, shared pages once

rss_kb() {
	# Exact, other than VmRSS of status.
	awk '/^Rss:/ { print $2 }' "/proc/$kmemd_pid/smaps_rollup"
}

descriptors() {
	find "/proc/$kmemd_pid/fd" -type l | wc -l
}

has_descriptors() { # NUMBER: a connection may still be about to be closed
	test "$(descriptors)" -le "$1"
}

# The quarantine of a sanitizer is memory that grows until it is full.
ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1:thread_local_quarantine_size_kb=64
sanitized() {
	grep -q 'lib.san' "/proc/$kmemd_pid/maps"
}

start_kmemd -n 2
if sanitized; then
	SLACK_KB=4096 SERVICE_MB=0
fi
idle=$(descriptors)
ok 'a client warms up' "$CALLS" "$KMEMD_SOCK" call 2000
ok 'and connections do' "$CALLS" "$KMEMD_SOCK" connect 500
ok 'the clients are gone' wait_until 5 has_descriptors "$idle"
idle=$(descriptors) # without the client that has started it
before=$(rss_kb)

ok '20,000 calls on one connection are answered' \
	"$CALLS" "$KMEMD_SOCK" call 20000
ok 'its descriptor is closed' wait_until 5 has_descriptors "$idle"
after=$(rss_kb)
echo "# 20,000 calls: RSS $before kB before, $after kB after"
compare "$((after - before))" -le "$SLACK_KB" \
	"the supervisor has not grown by more than $SLACK_KB kB"

ok '2,000 clients connect, ask and close' \
	"$CALLS" "$KMEMD_SOCK" connect 2000
ok 'their descriptors are closed' wait_until 5 has_descriptors "$idle"
after=$(rss_kb)
echo "# 2,000 clients: RSS $after kB after"
compare "$((after - before))" -le "$SLACK_KB" \
	"the supervisor has not grown by more than $SLACK_KB kB"
ok 'it stops' stop_kmemd

# A page that several processes share counts once in the sum.
service_kb() {
	for pid in "$kmemd_pid" $(worker_pids); do
		cat "/proc/$pid/smaps_rollup"
	done | awk '/^Pss:/ { kb += $2 } END { print kb }'
}

start_kmemd -m 1024 -n 8
is "$(json core.shmmem .total)" 1073741824 'a chunk of 1024 MB'
is "$(worker_pids | wc -l)" 8 'and 8 workers'
kb=$(service_kb)
echo "# -m 1024 -n 8: $kb kB in all processes"
compare "${kb:-0}" -gt 0 'take some memory'
if test "$SERVICE_MB" -gt 0; then
	compare "${kb:-0}" -lt $((SERVICE_MB * 1024)) "but less than $SERVICE_MB MB"
else
	skip 'a sanitizer has memory of its own' 'but less'
fi

done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 52-siege.sh - all attacks at once, without end, with the limits that are the
# defaults; workers die and signals come meanwhile. One client that was there
# before goes on as if nothing were.
. "${srcdir:-.}/tests/functional/lib.sh"

SIEGE=$B/tests/stress/siege
SECONDS_LONG=4
WORST_MS=10000 # on a machine that has twenty other processes to run
DEAFS=16      # see attack.c
READ_AHEAD=65536 # see INPUT_MOST in rpc/conn.c
SLACK_MB=32	 # requests at work, pages of dumps, fragmentation

# MB that the limits let all these clients have.
allowed_mb() {
	json cfg.get core "((.rpc_connections_per_uid *
		(2 * .rpc_request_size + .rpc_output_queue + $READ_AHEAD) +
		$DEAFS * .rpc_reply_size) / 1048576 | floor) + $SLACK_MB"
}

value() { # KEY: of the outcome
	sed -n "s/.*\\b$1=\\([0-9]*\\).*/\\1/p" "$T/outcome"
}

write_conf <<EOT
module_path = "$B/tests/functional/.libs"
restart_backoff_min_ms = 10
restart_backoff_max_ms = 20
loadmodule("trouble.so")
modparam("trouble", "n_shm", 20000)
EOT
start_kmemd -n 4
ok 'all attacks are told what they must be' \
	"$SIEGE" "$KMEMD_SOCK" "$kmemd_pid" "$SECONDS_LONG"
sed 's/^/# /' "$T/ok.out"
tail -n 1 "$T/ok.out" >"$T/outcome"

compare "$(value asked)" -gt 100 'the client that was there is answered'
compare "$(value worst_ms)" -lt $((WORST_MS * KMEM_SLOW)) \
	"always within $WORST_MS ms"
compare "$(value signals)" -gt 10 'while signals came'
compare "$(value killed)" -gt 10 'and workers died, and were replaced'
is "$(value fds_after)" "$(value fds_before)" \
	'the descriptors are as many as before'
allowed=$(allowed_mb)
if grep -q 'lib.san' "/proc/$kmemd_pid/maps"; then
	allowed=$((allowed * 3)) # red zones, shadow, quarantine
fi
compare $((($(value heap_most_kb) - $(value heap_before_kb)) / 1024)) -lt \
	"$allowed" "its heap has not grown by the $allowed MB of the limits"
ok 'a new client is answered' ctl core.ping
unlike "$(cat "$KMEMD_LOG")" 'BUG|CRITICAL|libevent' 'nothing is wrong inside'
ok 'it stops' stop_kmemd

done_testing

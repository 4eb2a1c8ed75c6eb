#!/bin/sh
# SPDX-License-Identifier: ISC
# 27-hoard.sh - with the limits that a service has unless told otherwise, many
# clients that ask for much and read nothing cost no more than rpc_output_total.
. "${srcdir:-.}/tests/functional/lib.sh"

HOARDS=150 # see hostile.c
BATCH=40
SLACK_MB=24 # input of all of them, trees of replies at work, fragmentation

rss_kb() {
	awk '/^Rss:/ { print $2 }' "/proc/$kmemd_pid/smaps_rollup"
}
# The quarantine of a sanitizer is memory that grows until it is full.
ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1:thread_local_quarantine_size_kb=64
start_kmemd -n 1 -m 16
max_mb=$(($(json ctl.connections .max_queued) / 1048576))
is "$max_mb" 64 'the limit is 64 MB'
GROWTH_MB=$((max_mb + SLACK_MB))
if grep -q 'lib.san' "/proc/$kmemd_pid/maps"; then
	GROWTH_MB=$((GROWTH_MB * 3)) # red zones, and shadow
fi
ctl --json rpc.discover >"$T/doc"
asked_mb=$((HOARDS * BATCH * $(wc -c <"$T/doc") / 1048576))
compare "$asked_mb" -gt $((2 * max_mb)) 'they ask for much more'
before=$(rss_kb)

"$B/tests/stress/hostile" "$KMEMD_SOCK" hoard >"$T/hoard.out" 2>&1 &
hoard_pid=$!
# All that the server will read of them has been answered.
has_settled() {
	grep -q holding "$T/hoard.out" || return 1
	settled=$(json ctl.connections '"\(.connections) \(.queued)"')
	test -n "$settled" || return 1
	test "$settled" = "$(cat "$T/settled" 2>/dev/null)" && return 0
	echo "$settled" >"$T/settled"
	return 1
}
ok 'they hold what they have got' wait_until 25 has_settled
queued=$(json ctl.connections .queued)
after=$(rss_kb)
echo "# $asked_mb MB asked for, $((queued / 1048576)) MB wait;" \
	"RSS $before kB before, $after kB after"
compare "$queued" -gt $((max_mb * 1048576 / 4)) 'a good part of the limit waits'
compare "$queued" -le $((max_mb * 1048576)) 'and no more than all of it'
compare $(((after - before) / 1024)) -lt "$GROWTH_MB" \
	"the supervisor has not grown by $GROWTH_MB MB"
ask_much() { # a share is 64 KB
	ctl core.echo "$(head -c 60000 /dev/zero | tr '\0' x)" >"$T/much" 2>&1
}
ok 'one who reads is answered' ctl core.psx
ok 'with all that is his share' ask_much
kill "$hoard_pid"
wait "$hoard_pid" 2>/dev/null
all_gone() {
	test "$(json ctl.connections '"\(.connections) \(.queued)"')" = '1 0'
}
ok 'nothing waits when they have gone' wait_until 10 all_gone
done_testing

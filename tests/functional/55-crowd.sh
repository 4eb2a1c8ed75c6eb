#!/bin/sh
# SPDX-License-Identifier: ISC
# 55-crowd.sh - programs come and go at random, in all ways there are: no block
# is lost or given out twice, and kmemd keeps nothing of them.
#
# CROWD="PROGRAMS LIVES ROUNDS" changes how many: CROWD="500 1500 9" takes
# five minutes. After each round all that is left is freed: slots of the dead that
# live blocks name are not given out again, and there are 4096.
. "${srcdir:-.}/tests/functional/lib.sh"

: "${CROWD:=30 150 2}"
KMEMD_ATTACH=$T/attach.sock
export KMEMD_ATTACH

descriptors() {
	find "/proc/$kmemd_pid/fd" -type l | wc -l
}

files_mapped() {
	grep -c ' /' "/proc/$kmemd_pid/maps"
}

all_gone() {
	test "$(json core.psx length)" = 2 && test "$(descriptors)" -eq "$idle"
}

# Each of the dead at its turn, until nothing is left.
reap_all() {
	json shm.orphans '[.processes[].pid] | unique | .[]' >"$T/dead"
	while read -r pid; do
		ctl shm.reap "$pid" >"$T/reaped" 2>&1 || cat "$T/reaped" >&2
	done <"$T/dead"
	test "$(json core.shmmem .used)" = 0
}

# Its own: pages of the chunk that nobody else has mapped just now would count
# as private.
own_kb() {
	awk '/^Anonymous:/ { print $2 }' "/proc/$kmemd_pid/smaps_rollup"
}

# shellcheck disable=SC2086 # a list
set -- $CROWD
programs=$1 lives=$2 rounds=$3

round() { # N
	ok "round $1: $lives programs come and go, $programs at a time" \
		timeout -k 10 $((600 * KMEM_SLOW)) \
		"$B/tests/stress/crowd" "$programs" "$lives" "$1"
	note "$(cat "$T/ok.out")"
	ok '... all that have gone are forgotten' \
		wait_until $((100 * KMEM_SLOW)) all_gone
	is "$(json core.shmmem .used)" "$(json mem.top .bytes)" \
		'... the accounts are the sum of all blocks'
	is "$(json shm.orphans .bytes)" "$(json core.shmmem .used)" \
		'... which are those that the dead have left'
	is "$(json mem.check '[.[].findings | length] | add')" 0 \
		'... no block is damaged'
	ok '... what they have left can be freed' reap_all
	is "$(json mem.top .blocks)" 0 '... all of it'
}

# The quarantine of a sanitizer is memory that grows until it is full.
SLACK_KB=4096
ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1:thread_local_quarantine_size_kb=64
# Room for what all of a round leave behind: who is told that there is none has
# looked everywhere, and hundreds that do so get nothing else done. Some leave a
# child behind, which joins when they have gone already.
start_kmemd -n 1 -m $((256 + lives / 8)) \
	-o attach_programs=$((programs * 2 + 100)) \
	-o attach_programs_per_uid=$((programs * 2 + 100))
if grep -q 'lib.san' "/proc/$kmemd_pid/maps"; then
	SLACK_KB=$((SLACK_KB * 4))
fi
wait_until 10 no_client || bail 'kmemd keeps a client'
idle=$(descriptors)
maps=$(files_mapped)
round 1
before=$(own_kb)
i=1
while test "$i" -lt "$rounds"; do
	i=$((i + 1))
	round "$i"
done
is "$(files_mapped)" "$maps" 'kmemd keeps no map of them'
compare "$(own_kb)" -le $((before + SLACK_KB)) 'and no memory'
done_testing

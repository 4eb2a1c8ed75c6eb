#!/bin/sh
# SPDX-License-Identifier: ISC
# 28-chunk.sh - what can be had of the chunk, and what goes back to the system.
. "${srcdir:-.}/tests/functional/puppet.sh"

takes() { # SIZE: worker 1 gets so much, and gives it back
	tell 1 take_shm "$1" && test "$(said 1 take_shm)" = 'done' &&
		tell 1 give_shm
}

takes_not() { # SIZE
	tell 1 take_shm "$1" && test "$(said 1 take_shm)" = 'no room'
}

# Kilobytes of the chunk that are really there.
resident() {
	awk '/memfd:kmemd-shm/ { on = 1 } on && /^Rss/ { print $2; exit }' \
		"/proc/$(worker_pid 1)/smaps"
}

for manager in slab qm; do
	puppet_managers="-X qm -x $manager"
	start_puppets -n 1 -m 32
	is "$(json shm.info .size)" $((32 << 20)) "$manager: size is that of -m"
	compare "$(json shm.info .counted)" -gt 0 "$manager: metadata count"
	largest=$(json shm.info .largest)
	compare "$largest" -gt $((24 << 20)) "$manager: most of it can be had"
	ok "$manager: in one piece, as it says" takes "$largest"
	ok "$manager: and no more than that" takes_not $((largest + 1))
	ok "$manager: it stops" stop_kmemd
done

puppet_managers='-X qm -x slab'
start_puppets -n 1 -m 32
tell 1 take_shm 16000000
ctl shm.trim
compare "$(resident)" -ge 15625 'a block keeps its memory'
tell 1 give_shm
compare "$(resident)" -ge 15625 'the pool keeps it too'
compare "$(json shm.trim .released)" -ge 16000000 'until it is trimmed'
compare "$(resident)" -lt 8192 'then the system has it'
is "$(json shm.trim .real_used)" "$(json core.shmmem .real_used)" \
	'real_used is that of the pool'
ok 'what was trimmed can be had again' takes 16000000
ok 'it stops' stop_kmemd

puppet_managers='-X qm -x qm'
start_puppets -n 1
fails 'qm gives nothing back' ctl shm.trim
like "$(ctl shm.trim 2>&1)" 'manager qm .*shm_manager = "slab"' 'and says who does'
done_testing

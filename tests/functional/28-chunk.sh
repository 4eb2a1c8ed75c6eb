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
compare "$(resident)" -ge 15625 'it stays for a minute'
ok 'or less, if told so' ctl cfg.set_now_int core shm_trim_s 1
is_resident_below() {
	test "$(resident)" -lt "$1"
}
ok 'then it goes back by itself' wait_until 20 is_resident_below 8192
ok 'it stops' stop_kmemd

puppet_managers='-X qm -x qm'
start_puppets -n 1
fails 'qm gives nothing back' ctl shm.trim
like "$(ctl shm.trim 2>&1)" 'manager qm .*shm_manager = "slab"' 'and says who does'
ok 'it stops' stop_kmemd

# --- growth ---

puppet_managers='-X qm -x slab'
start_puppets -n 2 -m 8 -o shm_max_mem_size=64
is "$(json core.shmmem .total)" $((8 << 20)) 'it begins with shm_mem_size'
is "$(json shm.info .max_size)" $((64 << 20)) 'and says how far it grows'
pid=$(worker_pid 1)
ok 'a worker gets more than there was' takes 20000000
total=$(json core.shmmem .total)
compare "$total" -gt 20000000 'the chunk is larger now'
is "$(json shm.grow 4 .size)" $((total + (4 << 20))) 'shm.grow adds to it'
is "$(json core.shmmem '.total - .free - .real_used')" 0 'the accounts agree'
ok 'another one fills it to the end' tell 2 keep_shm 99999
ok 'and gets a large block' tell 2 take_shm 30000000
is "$(said 2 take_shm)" 'done' 'in what is new'
compare "$(json shm.report .max_used_frag_size)" -ge 30000000 'a walk sees it'
is "$(worker_pid 1)" "$pid" 'nobody was started again for that'
kill -KILL "$(worker_pid 2)"
ok 'its worker dies; another one takes over' \
	wait_until 5 log_has 'worker 2 .* has replaced'
is "$(json shm.info .max_size)" $((64 << 20)) 'the limit is what it was'
fails 'shm.grow stops there' ctl shm.grow 64
like "$(ctl shm.grow 64 2>&1)" 'up to 64 MB \(shm_max_mem_size\)' 'and says so'
for n in 0 -1 x; do
	fails "not by $n" ctl shm.grow "$n"
done
ok 'it stops' stop_kmemd

ignored() { # ERE [kmemd arguments...]
	ignored_why=$1
	shift
	start_puppets -n 1 -m 8 -o shm_max_mem_size=64 "$@"
	like "$(cat "$KMEMD_LOG")" "shm_max_mem_size is ignored: $ignored_why" \
		"a limit is ignored with a line: $ignored_why"
	is "$(json shm.info .max_size)" $((8 << 20)) 'it is the size'
	fails 'shm.grow is refused' ctl shm.grow 1
	like "$(ctl shm.grow 1 2>&1)" "$ignored_why|does not grow" 'and says why'
	ok 'it stops' stop_kmemd
}
ignored 'SysV shared memory does not grow' -o shm_backend=sysv
puppet_managers='-X qm -x qm'
ignored 'pools of the manager qm do not grow'
puppet_managers='-X qm -x slab'
start_puppets -n 0 -m 10 -o shm_max_mem_size=1000
ok 'what 10-daemon has been told is enough, is' ctl core.ping
ok 'it stops' stop_kmemd
fails 'a limit below the size is refused' \
	"$KMEMD" -D -E -f "$T/kmemd.conf" -m 8 -o shm_max_mem_size=4
like "$(cat "$T/ok.out")" 'shm_max_mem_size \(4 MB\) is below' 'with a line'
done_testing

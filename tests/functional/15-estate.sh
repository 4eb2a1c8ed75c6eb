#!/bin/sh
# SPDX-License-Identifier: ISC
# 15-estate.sh - what a dead worker leaves in shm: told in the log, listed by
# shm.orphans, given away by shm.adopt, freed by shm.reap.
. "${srcdir:-.}/tests/functional/puppet.sh"

kill_worker() { # RANK
	dead=$(worker_pid "$1")
	kill -KILL "$dead"
	wait_until 10 log_has "worker $1 \(pid $dead\) killed by signal 9"
	wait_until 10 is_replaced "$1"
}

is_replaced() {
	replaced=$(worker_pid "$1")
	test "$replaced" != "$dead" &&
		log_has "worker $1 \\(pid $replaced\\) has replaced"
}

orphans() { # FILTER
	json shm.orphans "$1" | tr '\n' ' '
}

for puppet_managers in '-X qm -x qm' '-X slab -x slab'; do
	m=${puppet_managers#*-x }
	start_puppets -n 3
	used=$(json shm.stats .used)
	is "$(orphans '.bytes, .blocks, .processes')" '0 0 [] ' \
		"$m: nobody has died, there are no orphans"
	tell 1 keep_shm 50
	tell 2 keep_shm 7
	is "$(json shm.orphans .blocks)" 0 'what the living have is no orphan'
	fails 'the living are not reaped' ctl shm.reap "$(worker_pid 1)"
	like "$(ctl shm.reap "$(worker_pid 1)" 2>&1)" 'is alive' 'and it says why'

	kill_worker 1
	first=$dead
	ok 'the log tells what it has left, and from where' wait_until 10 log_has \
		"worker 1 \(pid $first\) has left 5000 bytes in 50 blocks of shm .*: 5000 bytes in 50 from puppet: .*: leak_shm"
	is "$(orphans '.bytes, .blocks, (.processes | length)')" '5000 50 1 ' \
		'shm.orphans has the blocks'
	is "$(orphans '.processes[0] | .pid, .name, .rank, .bytes')" \
		"$first worker 1 1 5000 " 'whose they were'
	like "$(json shm.orphans '.processes[0].sites[0].site')" \
		'^puppet: .*: leak_shm' 'and from where'
	kill_worker 2
	second=$dead
	is "$(orphans '.bytes, .blocks, (.processes | length)')" '5700 57 2 ' \
		'another one dies'
	is "$(json shm.orphans "$second" '.blocks')" 7 'of one pid'
	is "$(json shm.orphans 1 '.blocks')" 0 'of a pid that never was'
	is "$(json shm.stats .used)" $((used + 5700)) 'all of it is live'

	is "$(json shm.reap "$first" nowhere .blocks)" 0 'no such site, none freed'
	is "$(json shm.reap "$first" leak_shm '.blocks, .bytes' | tr '\n' ' ')" \
		'50 5000 ' 'shm.reap frees by site'
	is "$(json shm.reap "$first" .blocks)" 0 'once'
	is "$(json shm.stats .used)" $((used + 700)) 'they are free'

	heir=$(worker_pid 3)
	fails 'the dead inherit nothing' ctl shm.adopt "$second" "$first"
	is "$(json shm.adopt "$second" "$heir" '.blocks, .bytes' | tr '\n' ' ')" \
		'7 700 ' 'shm.adopt gives them to the living'
	is "$(json shm.orphans .blocks)" 0 'they are no orphans then'
	is "$(json mem_dump_shm "[.blocks[] | select(.owner == $heir)] | length")" \
		7 'but the blocks of the heir'
	kill_worker 3
	is "$(json shm.orphans "$heir" .blocks)" 7 'until it dies'
	is "$(json shm.reap "$heir" .blocks)" 7 'and is reaped'
	is "$(json shm.stats .used)" "$used" 'all is as it was'
	is "$(json mem.check shm '.[0].found')" 0 'and sound'
	fails 'a pid that nobody had' ctl shm.reap 1

	tell 1 root table
	is "$(said 1 root)" root 'a worker makes a root'
	one=$(worker_pid 1)
	is "$(json shm.roots '.roots[] | .name, .what, .size, .owner' |
		tr '\n' ' ')" "table block 200 $one " 'shm.roots has it'
	like "$(json shm.roots '.roots[0].site')" '^puppet: .*: do_root\(' \
		'and where it was made'
	kill_worker 1
	is "$(json shm.orphans .blocks)" 0 'what a root has is no orphan'
	ctl shm.reap "$one" >/dev/null
	tell 2 root table
	is "$(said 2 root)" root 'and is not reaped: others find it'
	dead=$(worker_pid 3)
	echo 'root_die other' >"$T/do.3"
	wait_until 10 is_replaced 3
	is "$(json shm.roots '.roots[0] | .name, .what' | tr '\n' ' ')" \
		'other being made ' 'one is killed while it makes a root'
	is "$(json shm.orphans .blocks)" 0 'that is no orphan either'
	tell 3 root other
	is "$(said 3 root)" root 'the next one makes it'
	is "$(json shm.roots '[.roots[].what] | unique | .[]')" block 'all is there'
	used=$(json shm.stats .used)

	tell 1 keep_owned 20
	is "$(json shm.stats .used)" $((used + 2000)) 'blocks that their owner has'
	kill_worker 1
	ok 'are free when it is dead' wait_until 10 log_has \
		"worker 1 \\(pid $dead\\): 20 blocks that it owned in shm are free"
	is "$(json shm.stats .used)" "$used" 'all of them'
	ok 'it stops' stop_kmemd
done

# --- what a worker forks itself: under slab, a participant of its own ---

start_puppets -n 1
used=$(json shm.stats .used)
tell 1 fork 500
child=$(said 1 fork)
ok 'a worker forks a process, which is seen' wait_until 10 log_has \
	"pid $child, which worker 1 has forked, is in the shm pool: watched"
kill -KILL "$child"
ok '... and when it dies, what it has left' wait_until 10 log_has \
	"worker 1 \(pid $child\) has left 500 bytes in 1 blocks of shm"
is "$(json shm.orphans '.processes[] | .pid, .blocks' | tr '\n' ' ')" \
	"$child 1 " '... which shm.orphans lists'
is "$(json shm.reap "$child" .bytes)" 500 '... and shm.reap frees'
tell 1 fork_die 600
ok 'another one is dead before anybody has looked' wait_until 10 log_has \
	"worker 1 \(pid $(said 1 fork_die)\) has left 600 bytes in 1 blocks"
is "$(json shm.reap "$(said 1 fork_die)" .bytes)" 600 '... and is reaped'
is "$(json shm.stats .used)" "$used" 'all is as it was'
tell 1 fork 700
child=$(said 1 fork)
kill_worker 1
ok 'a process outlives the worker that has forked it' wait_until 10 log_has \
	"pid $child, which worker 1 has forked, is in the shm pool: watched"
kill -KILL "$child"
ok '... and is seen to die' wait_until 10 log_has \
	"worker 1 \(pid $child\) has left 700 bytes in 1 blocks of shm"
is "$(json shm.reap "$child" .bytes)" 700 '... and is reaped'

tell 1 fork_thread 800
child=$(said 1 fork_thread)
ok 'one whose thread has ended is seen' wait_until 10 log_has \
	"pid $child, which worker 1 has forked, is in the shm pool: watched"
kill -KILL "$child"
ok '... and its death' wait_until 10 log_has \
	"worker 1 \(pid $child\) has left 800 bytes in 1 blocks of shm"
is "$(json shm.reap "$child" .bytes)" 800 '... and is reaped'

tell 1 fork_blind 900
child=$(said 1 fork_blind)
ok 'one that cannot say when it has started is seen' wait_until 10 log_has \
	"pid $child, which worker 1 has forked, is in the shm pool: watched"
kill -KILL "$child"
ok '... and its death' wait_until 10 log_has \
	"worker 1 \(pid $child\) has left 900 bytes in 1 blocks of shm"
is "$(json shm.reap "$child" .bytes)" 900 '... and is reaped'

# Its pid is somebody else's here, who would be watched, or killed, for it.
tell 1 fork_apart 100
case $(said 1 fork_apart) in
cannot) skip 'no pid namespace can be made' 'one in a pid namespace of its own' ;;
*) is "$(said 1 fork_apart)" refused 'one in a pid namespace of its own is not let in' ;;
esac

# free_descriptors N: kmemd can open so many more.
free_descriptors() {
	fd=0 free=0
	while test "$free" -lt "$1"; do
		test -e "/proc/$kmemd_pid/fd/$fd" || free=$((free + 1))
		fd=$((fd + 1))
	done
	prlimit --pid "$kmemd_pid" --nofile="$fd:"
}

if command -v prlimit >/dev/null; then
	ok 'no client is left' wait_until 10 no_client
	for few in 0 1; do
		files=$(prlimit --pid "$kmemd_pid" --nofile -o SOFT --noheadings |
			tr -dc 0-9)
		free_descriptors "$few"
		before=$(lines 'cannot watch')
		tell 1 fork 1000
		first=$(said 1 fork)
		tell 1 fork 2000
		second=$(said 1 fork)
		ok "kmemd has $few descriptors left, which it says" wait_until 10 \
			log_has "cannot watch pid $first, .*: Too many"
		kill -KILL "$second"
		tell 1 wait "$second"
		ok '... it needs none to see that one is dead' wait_until 10 log_has \
			"worker 1 \(pid $second\) has left 2000 bytes in 1 blocks"
		prlimit --pid "$kmemd_pid" --nofile="$files:"
		ok '... a living one waits until there are some' wait_until 10 log_has \
			"pid $first, which worker 1 has forked, is in the shm pool: watched"
		unlike "$(grep "pid $first)" "$KMEMD_LOG")" 'has ended' \
			'... and was not taken for dead'
		is "$(lines 'cannot watch')" $((before + 1)) '... it was said once'
		kill -KILL "$first"
		ok '... until it is' wait_until 10 log_has \
			"worker 1 \(pid $first\) has left 1000 bytes in 1 blocks"
		ctl shm.reap "$first" >/dev/null
		ctl shm.reap "$second" >/dev/null
		ok 'no client is left' wait_until 10 no_client
	done
fi
is "$(json shm.stats .used)" "$used" 'all is as it was'
is "$(json core.shmmem '.total - .free - .real_used')" 0 'the accounts agree'
is "$(json mem.check shm '.[0].found')" 0 'and nothing is broken'

# --- and the next kmemd ---

tell 1 fork 900
child=$(said 1 fork)
kill -KILL "$kmemd_pid"
wait "$kmemd_pid" 2>/dev/null
start_puppets -n 1
ok 'the next kmemd ends what workers have forked' log_has \
	"ending worker 1 \\(pid $child\\) of the kmemd before"
ok '... and tells what it has left' wait_until 10 log_has \
	"worker 1 \(pid $child\) has left 900 bytes in 1 blocks of shm"
ok 'it stops' stop_kmemd

done_testing

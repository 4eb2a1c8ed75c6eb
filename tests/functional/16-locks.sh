#!/bin/sh
# SPDX-License-Identifier: ISC
# 16-locks.sh - lock.list: who has a lock, from where, and who waits; what
# happens when one of them is killed.
. "${srcdir:-.}/tests/functional/puppet.sh"

n_of() { # holders|waiters
	json lock.list "[.locks[].$1[]] | length"
}

are() { # COUNT holders|waiters
	test "$(n_of "$2")" = "$1"
}

# start_to RANK VERB: it may have to wait for it.
start_to() {
	echo "$2" >"$T/do.$1"
}

told() { # RANK VERB RESULT
	wait_until 10 log_has "$1\\] puppet: $2: $3"
}

kill_worker() { # RANK
	kill -KILL "$(worker_pid "$1")"
}

for puppet_managers in '-X qm -x qm' '-X slab -x slab'; do
	m=${puppet_managers#*-x }
	start_puppets -n 3
	one=$(worker_pid 1) two=$(worker_pid 2)
	is "$(json lock.list .locks)" '[]' "$m: nobody has a lock"
	tell 1 hold
	is "$(json lock.list '.locks[] | .what, (.holders[] | .pid, .name, .as)' |
		tr '\n' ' ')" "lock $one worker 1 owner " 'a lock has a holder'
	like "$(json lock.list '.locks[0].holders[0].site')" \
		'^puppet: .*: do_hold\(' 'which got it there'
	start_to 2 hold
	ok 'another one waits' wait_until 10 are 1 waiters
	is "$(json lock.list '.locks[0].waiters[0].pid')" "$two" 'which is this one'
	kill_worker 1
	ok 'the holder is killed: it gets the lock' told 2 hold 'done'
	is "$(json lock.list '.locks[].holders[].pid')" "$two" 'and is the holder'
	is "$(n_of waiters)" 0 'nobody waits'
	tell 2 let_go
	is "$(json lock.list .locks)" '[]' 'nobody has a lock any more'

	tell 2 read
	tell 3 read
	is "$(json lock.list '.locks[0].holders[].as' | tr '\n' ' ')" \
		'reader reader ' 'two readers'
	wait_until 10 log_has "worker 1 .* has replaced"
	start_to 1 write
	ok 'a writer waits for them' wait_until 10 are 1 waiters
	tell 2 stop
	is "$(n_of waiters)" 1 'for both'
	kill_worker 3
	ok 'one is killed: the writer gets the lock' told 1 write 'done'
	is "$(json lock.list '.locks[0].holders[].as')" owner 'alone'
	start_to 2 read
	ok 'a reader waits' wait_until 10 are 1 waiters
	kill_worker 1
	ok 'the writer is killed: the reader is told' told 2 read repair
	is "$(json lock.list '.locks[0].holders[].as')" owner 'and is alone'
	tell 2 stop
	is "$(json lock.list .locks)" '[]' 'nobody has it any more'
	ok 'it stops' stop_kmemd
done

done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 72-misuse.sh - what is done wrong with a block is told by one line, and the
# service goes on, or the process aborts: as mem_safety says.
. "${srcdir:-.}/tests/functional/puppet.sh"

P='puppet: [^ ]*puppet\.c'

# bug KIND FUNCTION LINE-ERE...: telling the worker gives these lines.
bug() {
	bug_kind=$1
	shift
	ok "$bug_kind: the worker goes on" tell 1 misuse "$bug_kind"
	for ere; do
		ok "$bug_kind: $ere" log_has "BUG: .*BUG: $ere.*pid $pid"
	done
}

start_puppets -n 1
pid=$(worker_pid 1)
bug tail "pkg_free\(0x[0-9a-f]+\) at $P: overwrite_tail\([0-9]+\): tail of block was overwritten: size 20, allocated at $P: overwrite_tail\([0-9]+\), freed at \?, found at byte 20: 00 c5 c5"
bug head "shm_free\(.*\) at $P: overwrite_head.*: head of block was overwritten: size 20, allocated at $P: overwrite_head\([0-9]+\), freed at \?, found at byte -16: .* 68 68 68 68 68 68 68 68 \".{8}hhhhhhhh\""
bug twice "shm_free\(.*: block is free already: size 20, allocated at $P: free_twice\([0-9]+\), freed at $P: free_twice\([0-9]+\)"
bug inside "pkg_free\(.*: pointer is no block: "
bug elsewhere \
	"shm_free\(.*: pointer is of the pkg pool: size 20, allocated at $P: free_elsewhere\(" \
	"pkg_free\(.*: pointer is of the shm pool: size 20, allocated at $P: free_elsewhere\("
bug foreign "pkg_free\(.*: pointer is not in this pool: "
bug realloc "pkg_realloc\(.*: block is free already: size 20, allocated at $P: realloc_free\([0-9]+\), freed at $P: realloc_free\("
is "$(lines "BUG: .*BUG: ")" 8 'one line for each'
is "$(worker_pid 1)" "$pid" 'it is the same worker'
ok 'and what was overwritten can be seen from outside' \
	test -n "$(json mem.check . | grep -o 'tail of block was overwritten')"

# From now on, in every process and without a restart: a core.
ok 'mem_safety 0' ctl cfg.set_now_int core mem_safety 0
replaced() {
	test "$(worker_pid 1)" -ne "$pid" && test -p "$T/do.1" &&
		log_has "worker 1 \(pid $(worker_pid 1)\) has replaced"
}
for kind in tail head twice inside elsewhere foreign realloc; do
	pid=$(worker_pid 1)
	echo "misuse $kind" >"$T/do.1"
	ok "$kind: with mem_safety 0 the worker is replaced" \
		wait_until 10 replaced
	ok "$kind: it has said why" log_has \
		"BUG: .*pid $pid: aborting \(mem_safety=0\)"
	ok "$kind: and aborted" log_has "pid $pid\) killed by signal 6"
done

# slab has guards when it is told so.
ok 'and kmemd stops' stop_kmemd TERM
puppet_managers='-x slab -X slab'
puppet_guard=yes
start_puppets -n 1
pid=$(worker_pid 1)
bug tail "pkg_free\(0x[0-9a-f]+\) at $P: overwrite_tail\([0-9]+\): tail of block was overwritten: size 20, allocated at $P: overwrite_tail\([0-9]+\), freed at \?, found at byte 20: 00"
ok 'and mem.check finds it under slab' \
	test -n "$(json mem.check . | grep -o 'tail of block was overwritten')"

done_testing

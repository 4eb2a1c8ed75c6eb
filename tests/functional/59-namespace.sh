#!/bin/sh
# SPDX-License-Identifier: ISC
# 59-namespace.sh - programs in another pid namespace join, live and die like all.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/member.sh"

command -v pkg-config >/dev/null || skip_all 'pkg-config is missing'
unshare -p -f --mount-proc true 2>/dev/null ||
	skip_all 'no pid namespace can be made here'
install_kmem
ok 'alpha builds' build_member alpha
ok 'beta builds' build_member beta

row() { # NAME FILTER: of pkg.stats
	json pkg.stats ".[] | select(.desc == \"$1\") | $2"
}

has_left() {
	test -z "$(row "$1" .pid)"
}

orphans() { # NAME: bytes
	json shm.orphans \
		"[.processes[] | select(.name == \"$1\") | .bytes] | add // 0"
}

start_kmemd -n 1
for name in alpha beta; do
	start_member $name unshare -p -f --mount-proc --kill-child
	tell $name attach 0
	is "$answer" attached "$name attaches"
done
pid=$(row alpha .pid)
compare "$pid" -gt 2 'it has its pid of here'
tell alpha pkg 333
tell alpha shm 100
block=$answer
tell alpha write "$block" hello
tell beta read "$block"
is "$answer" hello 'both share a block'
tell alpha thread 4000
if test "$(id -u)" -eq 0; then
	is "$(json mem_dump_pkg "$pid" '.blocks[0].size')" 333 \
		'its pkg pool is seen'
fi
tell beta fork 50
like "$answer" '^[0-9]+ 0x' 'a child allocates'
before=$(json core.shmmem .used)
kill -KILL "$pid"
ok 'its death is noticed' wait_until 10 has_left alpha
is "$(json core.shmmem .used)" "$before" 'its blocks stay'
compare "$(orphans alpha)" -ge 4100 'as orphans, those of its thread too'

# The next kmemd knows it as this one did.
pid=$(row beta .pid | head -n 1)
kill -KILL "$kmemd_pid"
wait "$kmemd_pid" 2>/dev/null
start_kmemd -n 1
is "$(row beta .pid | head -n 1)" "$pid" 'the next kmemd lists it'
tell beta shm 100
like "$answer" '^0x' 'and it goes on'

end_members
wait_until 10 has_left beta
done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 70-chapter.sh - what the memory chapter of Kamailio's developer guide
# promises, row by row, on a live service. Each test is named after its row.
. "${srcdir:-.}/tests/functional/puppet.sh"

# The rows, and each has a test here or in the files beside this one.
rows='init no-shm-in-config shm-after-config sysv-fallback pkg-private
	pkg-before-fork pkg-api pkg-realloc-in-place shm-visible shm-api
	shm-locking leak-or-small overwrite debugger-where debugger-trace
	memdbg-build memlog status-by-rpc dump-rpc monitor-shm monitor-pkg
	gdb-walk gdb-core'
clean 'each row of the chapter has a test' "$(
	for row in $rows; do
		grep -qE "[\"']$row: " "$S"/tests/functional/7[0-9]-*.sh ||
			echo "$row"
	done
)"

used_of() { # RANK: of its pkg pool
	json pkg.stats ".[] | select(.rank == $1) | .used"
}

maps() { # PID: of both pools
	grep -E 'memfd:kmemd-(shm|pkg)' "/proc/$1/maps"
}

# inside METHOD [PID]: every block is inside of the pool's mapping.
inside() {
	inside_base=$1
	shift
	json "$@" '.blocks[].address' | while read -r address; do
		test $((address - inside_base)) -gt 0 &&
			test $((address - inside_base)) -lt 8388608 || return 1
	done
}

start_puppets -n 3
pid=$(worker_pid 1)

before=$(maps "$pid")
is "$(echo "$before" | wc -l)" 2 'init: one piece for pkg, one for shm'
ok 'init: a worker takes blocks' tell 1 keep_pkg 1000
ok 'init: of both' tell 1 keep_shm 1000
is "$(maps "$pid")" "$before" 'init: and takes nothing more from the system'
ok 'init: pkg blocks are parts of its piece' \
	inside 0x7e8000000000 mem_dump_pkg "$pid"
ok 'init: shm blocks are parts of theirs' inside 0x7e9000000000 mem_dump_shm

ok 'no-shm-in-config: a module that is loaded gets none' \
	log_has 'shm while the configuration is read: no'
ok 'no-shm-in-config: and the log says why' log_has \
	'shm: no pool yet, called from puppet: .*on_load\([0-9]+\): shm memory is there once the configuration has been read'

is "$(used_of 2) $(used_of 3)" '64 64' 'pkg-private: no other worker has them'
ok 'pkg-private: one value' tell 1 show one
ok 'pkg-private: another in worker 2' tell 2 show two
ok 'pkg-private: look again' tell 1 show one
like "$(said 1 show)" 'pkg 0x[0-9a-f]* "one" ' \
	'pkg-private: each has its own, at the same address'
ok 'pkg-before-fork: worker 3 looks' tell 3 show three
like "$(said 3 show)" 'pkg 0x[0-9a-f]* "before-the-fork" ' \
	'pkg-before-fork: what was stored before the fork is there'

ok 'pkg-api: malloc, realloc, free' tell 1 api_pkg
like "$(cat "$KMEMD_LOG")" 'api_pkg: kept$' 'pkg-api: realloc keeps the contents'
is "$(said 1 api_pkg)" NULL 'pkg-api: without room it is NULL'
is "$(used_of 1)" 100064 'pkg-api: what was freed is free'
ok 'pkg-realloc-in-place: a worker tries' tell 1 inplace
is "$(said 1 inplace)" 'in place, then moved' \
	'pkg-realloc-in-place: into the free space behind, as long as it lasts'
ok 'shm-api: malloc, realloc, free' tell 2 api_shm
like "$(cat "$KMEMD_LOG")" 'api_shm: kept$' 'shm-api: realloc keeps the contents'
is "$(said 2 api_shm)" NULL 'shm-api: without room it is NULL'

ok 'shm-visible: a worker stores a text' tell 2 show visible
ok 'shm-visible: another looks' tell 1 show x
like "$(said 1 show)" 'shm 0x[0-9a-f]* "visible"' 'shm-visible: and sees it'

for rank in 1 2 3; do
	echo 'count 50000' >"$T/do.$rank"
done
counted() {
	test "$(lines 'puppet: count: 50000')" -eq 3
}
ok 'shm-locking: three workers count at once' wait_until 30 counted
ok 'shm-locking: what is the sum' tell 1 sum
is "$(said 1 sum)" 150000 'shm-locking: with a lock nothing is lost'

# --- the monitor ---

is "$(echo core.shmmem | ctl | sed -n 's/^	\([a-z_]*\): [0-9]*$/\1/p' | xargs)" \
	'total free used real_used max_used fragments' \
	'monitor-shm: core.shmmem at the prompt has the six keys'
is "$(echo 'pkg.stats' | ctl | sed -n 's/^	*\([a-z_]*\): .*/\1/p' |
	head -n 9 | xargs)" \
	'entry pid rank used free real_used total_size total_frags desc' \
	'monitor-pkg: pkg.stats at the prompt has the keys'
is "$(json pkg.stats 'map("\(.entry) \(.rank)") | join(",")')" \
	'0 0,1 1,2 2,3 3' 'monitor-pkg: of each process'

like "$(ctl mem_dump_pkg "$pid")" 'site: puppet: .*puppet.c: leak_pkg\([0-9]+\)$' \
	'debugger-where: a pkg block has file and line'
like "$(ctl mem_dump_shm)" 'site: puppet: .*puppet.c: leak_shm\([0-9]+\)$' \
	'debugger-where: a shm block has file and line'

# --- what goes to the log, without a restart ---

fails 'debugger-trace: at first no call is in the log' log_has 'pkg_free\('
ok 'debugger-trace: memdbg is set' ctl cfg.set_now_int core memdbg 1
ok 'debugger-trace: calls' tell 1 api_pkg
ok 'debugger-trace: of shm, in another process' tell 2 api_shm
ok 'debugger-trace: memdbg is set back' ctl cfg.set_now_int core memdbg 4
for call in 'pkg_malloc\(10\)' 'pkg_realloc\(0x[0-9a-f]+, 20\)' \
	'shm_malloc\(10\)' 'shm_realloc\(0x[0-9a-f]+, 5000\)'; do
	ok "debugger-trace: $call" log_has \
		"$call called from puppet: .*puppet.c: do_api_...\([0-9]+\): returns 0x[0-9a-f]+, pid "
done
ok 'debugger-trace: pkg_free' log_has \
	"pkg_free\(0x[0-9a-f]+\) called from puppet: .*: size 5000, allocated at puppet: .*do_api_pkg\([0-9]+\), pid $pid"
n=$(lines '_malloc\(')
ok 'debugger-trace: calls again' tell 1 api_pkg
is "$(lines '_malloc\(')" "$n" 'debugger-trace: nothing when it is off'

fails 'memlog: at first no status is in the log' log_has 'heap size='
ok 'memlog: it is set' ctl cfg.set_now_int core memlog 1
kill -USR1 "$pid"
ok 'memlog: the status of pkg is printed' wait_until 5 log_has \
	"\[$pid 1\] +count= +1000 size=    100000 bytes from puppet: .*leak_pkg\("
ok 'memlog: and that of shm' wait_until 5 log_has \
	"\[$pid 1\] +count= +1000 size=    100000 bytes from puppet: .*leak_shm\("

is "$(lines ' F +address=')" 0 'memlog: free fragments are not printed'
ok 'memlog: mem_summary is set' ctl cfg.set_now_int core mem_summary 1
ok 'memlog: and mem_status_mode' ctl cfg.set_now_int core mem_status_mode 1
kill -USR1 "$pid"
ok 'memlog: they are with mem_status_mode 1' wait_until 5 log_has \
	"\[$pid 1\] +[0-9]+\. F address=0x[0-9a-f]+ room="
ok 'memlog: and 0 again' ctl cfg.set_now_int core mem_status_mode 0
ok 'memlog: mem_summary back' ctl cfg.set_now_int core mem_summary 12
fragments=$(json core.shmmem .fragments)
ok 'mem_join is set to 0' ctl cfg.set_now_int core mem_join 0
ok 'what is freed then' tell 1 api_shm
compare "$(json core.shmmem .fragments)" -gt "$fragments" \
	'stays in pieces, without a restart'
ok 'mem_join is set to 1' ctl cfg.set_now_int core mem_join 1

ok 'dump-rpc: core mem_dump_pkg' ctl cfg.set_now_int core mem_dump_pkg "$pid"
like "$(cat "$T/ok.out")" "pid: $pid" 'dump-rpc: of the process asked for'
is "$(lines " 0\] .*N address=.* size=100 .*leak_pkg")" 1000 \
	'dump-rpc: each block of pkg is in the log'
ok 'dump-rpc: core mem_dump_shm' ctl cfg.set_now_int core mem_dump_shm 1
is "$(lines 'N address=.* size=100 .*leak_shm')" 1000 \
	'dump-rpc: each block of shm is in the log'

# --- a leak ---

ok 'leak-or-small: a worker leaks, and is out of memory' tell 2 keep_pkg 99999
is "$(said 2 keep_pkg)" 'no room' 'leak-or-small: it gets NULL'
ok 'leak-or-small: the message names who holds most, and -M' log_has \
	'worker 2: out of memory: 100 bytes asked at puppet: .*leak_pkg.*leak_pkg\([0-9]+\) holds most, [0-9]+ blocks of [0-9]+ bytes in all, 99 % of what is used: a leak there if it keeps growing, else raise pkg_mem_size \(-M\)'
leaker=$(worker_pid 2)
ok 'leak-or-small: the status follows' log_has \
	"\[$leaker 2\] +count= +[0-9]+ size= *[0-9]+ bytes from puppet: .*leak_pkg\("
ok 'status-by-rpc: a command to the process that printed it' \
	ctl mem_dump_pkg "$leaker"
ok 'status-by-rpc: writes its status to the log' log_has \
	"\[$kmemd_pid 0\] worker 2 \(qm\): heap size= 8388608, "
ok 'status-by-rpc: the service stops' stop_kmemd
ok 'status-by-rpc: and each worker writes its own' log_has \
	"\[$leaker 2\] worker 2 \(qm\): heap size= 8388608, "
ok 'status-by-rpc: the supervisor that of shm' log_has \
	" 0\] +count= +1000 size=    100000 bytes from puppet: .*leak_shm\("

start_puppets -n 1 -M 64
ok 'leak-or-small: with a larger -M' tell 1 keep_pkg 99999
is "$(said 1 keep_pkg)" 'done' 'leak-or-small: there is room'
ok 'overwrite: a block is written beyond its end' tell 1 misuse tail
ok 'overwrite: BUG, the tail of a block was overwritten' log_has \
	'BUG: .*tail of block was overwritten: size 20, allocated at puppet: .*overwrite_tail'
ok 'overwrite: one before its start' tell 1 misuse head
ok 'overwrite: BUG, the head of a block was overwritten' log_has \
	'BUG: .*head of block was overwritten: size 20, allocated at puppet: .*overwrite_head'
pid=$(worker_pid 1)
if grep -q __asan_init "$KMEMD"; then
	skip 'AddressSanitizer takes it' 'overwrite: or a crash'
else
	echo 'misuse all' >"$T/do.1"
	ok 'overwrite: or a crash' wait_until 10 log_has \
		"worker 1 \(pid $pid\) killed by signal 11"
fi
ok 'overwrite: nobody else notices' stop_kmemd

# --- the shared memory of the system ---

segments() { # of SysV, which one of the service's processes created
	awk -v pid="$kmemd_pid" '$5 == pid' /proc/sysvipc/shm
}
if test "$(id -u)" -eq 0; then
	chmod 755 "$T"
	start_kmemd -n 1 -u nobody -o shm_backend=sysv -f /dev/null
	is "$(segments | awk '{ print $8, $3 % 1000 }')" "$(id -u nobody) 600" \
		'shm-after-config: a SysV segment is of the configured user'
	ok 'shm-after-config: it stops' stop_kmemd
	rm -f "$KMEMD_SOCK" "$T/kmemd.pid"
else
	skip 'not root' 'shm-after-config: a SysV segment is of the configured user'
fi
cat >"$T/without" <<EOT
#!/bin/sh
exec "$B/tests/stress/no_memfd" "$KMEMD" "\$@"
EOT
chmod +x "$T/without"
"$B/tests/stress/no_memfd" true
if test $? -eq 77; then
	skip 'no seccomp filters here' 'sysv-fallback: without memfd'
else
	KMEMD=$T/without
	start_puppets -n 1
	fails 'sysv-fallback: without memfd' grep -q memfd: \
		"/proc/$kmemd_pid/maps"
	compare "$(segments | wc -l)" -ge 1 'sysv-fallback: it is SysV memory'
	ok 'sysv-fallback: that works' tell 1 keep_shm 10
	is "$(said 1 keep_shm)" 'done' 'sysv-fallback: as any other'
fi

done_testing

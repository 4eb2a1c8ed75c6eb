#!/bin/sh
# SPDX-License-Identifier: ISC
# 71-gdb.sh - gdb on a live worker and on a core of it: the guide's recipe as
# it is published, and the commands of etc/gdb/kmem.py.
. "${srcdir:-.}/tests/functional/gdb.sh"

start_puppets -n 2 -m 4
pid=$(worker_pid 1)
debug -p "$pid" -ex 'p $_inferior' -ex 'info proc' >"$T/attach"
grep -qx "process $pid" "$T/attach" ||
	skip_all "no process can be attached to here: $(tail -n 1 "$T/attach")"

ok 'a worker has blocks' tell 1 keep_pkg 2300
ok 'and some in shm' tell 1 keep_shm 50

# --- the recipe ---

debug -p "$pid" -x "$T/recipe" >"$T/live"
walked 'a live worker' "$T/live"
like "$(debug -p "$pid" -ex 'p *mem_block->last_frag')" 'is_free = 1' \
	'gdb-walk: the sentinel can be printed'
ok 'gdb-walk: the worker goes on' tell 1 sum

debug -p "$pid" -ex "generate-core-file $T/core" >"$T/gcore"
ok 'gdb-core: a core of a live worker' test -s "$T/core"
ok 'gdb-core: the worker goes on' tell 1 sum
debug "$KMEMD" "$T/core" -x "$T/recipe" >"$T/dead"
walked 'a core' "$T/dead"

# --- kmem.py ---

# kmem WHERE COMMAND: what it prints in the live worker, or the core.
kmem() {
	where="-p $pid"
	test "$1" = live || where="$KMEMD $T/core"
	shift
	# shellcheck disable=SC2086 # two words
	debug $where -x "$S/etc/gdb/kmem.py" -ex "echo \n--\n" \
		-ex "kmem $*" | sed '1,/^--$/d'
}

address=$(json mem_dump_pkg "$pid" \
	'.blocks[] | select(.site | test("leak_pkg")) | .address' | head -n 1)
for on in live core; do
	like "$(kmem $on pools)" "^0x[0-9a-f]+ pkg \(worker 1, qm\): total=8388608 free=[0-9]+ used=$(json pkg.stats '.[] | select(.rank == 1) | .used') " \
		"kmem pools: $on, pkg with its accounts"
	like "$(kmem $on pools)" "^0x[0-9a-f]+ shm \(shm, qm\): total=4194304 .* used=$(json core.shmmem .used) .*fragments=$(json core.shmmem .fragments) " \
		"kmem pools: $on, shm"
	is "$(kmem $on walk pkg | grep -c ' N address=.* size=100 room=112 owner=[0-9]* worker 1 from puppet: .*puppet.c: leak_pkg')" \
		2300 "kmem walk: $on, all blocks of pkg"
	is "$(kmem $on walk shm | grep -c ' N address=.* size=100 .* worker 1 from puppet: .*leak_shm')" \
		50 "kmem walk: $on, all blocks of shm"
	is "$(kmem $on walk pkg 10 5 | grep -c address=)" 5 "kmem walk: $on, a range"
	like "$(kmem $on find "$address+7")" 'at byte 7 of it' \
		"kmem find: $on, a block"
	like "$(kmem $on find "$address+7")" "N address=$address size=100 .*leak_pkg" \
		"kmem find: $on, with its site"
	like "$(kmem $on find 1)" '0x1 is in no pool' \
		"kmem find: $on, what is in no pool"
	like "$(kmem $on top pkg 1)" \
		'^count=  2300 size=    230000 bytes from puppet: .*leak_pkg' \
		"kmem top: $on"
	like "$(kmem $on check)" '^pkg \(worker 1\): [0-9]+ fragments, 0 findings' \
		"kmem check: $on, pkg is sound"
	like "$(kmem $on check)" '^shm \(shm\): [0-9]+ fragments, 0 findings' \
		"kmem check: $on, shm is sound"
	like "$(kmem $on walk nonsense)" 'No symbol "nonsense"' \
		"kmem walk: $on, of what is no pool is an error"
done
stripped=$T/stripped
strip -o "$stripped" "$KMEMD"
like "$(debug "$stripped" "$T/core" -x "$S/etc/gdb/kmem.py" \
	-ex 'kmem top pkg 1')" '^count=  2300 .*leak_pkg' \
	'kmem top: without the debug information of kmemd'

# Damage: a tail that was overwritten, and a head, that the walk gets over.
ok 'a tail is overwritten' tell 1 misuse tail
ok 'a head is overwritten' tell 1 misuse head
like "$(kmem live check)" \
	'N address=.* size=20 .*overwrite_tail.*tail of block was overwritten, found at byte 20: 00 c5' \
	'kmem check: a tail that was overwritten'
like "$(kmem live check shm)" 'head of the block at 0x[0-9a-f]* was overwritten' \
	'kmem check: a head that was overwritten'
like "$(kmem live check shm)" '^shm \(shm\): 5[0-9] fragments, 1 findings' \
	'kmem check: and what is behind it'
# Another layout is refused: the header says so.
like "$(debug -p "$pid" -x "$S/etc/gdb/kmem.py" -ex 'set var ((int*)mem_block->first_frag)[-1]=0' \
	-ex 'python QM_BLOCK_SIZES.clear()' -ex 'kmem pools')" \
	'use the one installed with that kmemd' \
	'kmem pools: another layout is refused'
is "$(json pkg.stats length)" 3 'the service answers'

# --- the manager slab ---

ok 'it stops' stop_kmemd
qm_managers=$puppet_managers puppet_managers='-X slab -x slab'
start_puppets -n 1 -m 4
pid=$(worker_pid 1)
ok 'a worker has blocks under slab' tell 1 keep_pkg 2300
ok 'and in shm' tell 1 keep_shm 50
ok 'and a large one' tell 1 keep_large 100000
like "$(kmem live pools)" "^0x[0-9a-f]+ pkg \(worker 1, slab\): total=8388608 free=$(json pkg.stats '.[1].free') used=$(json pkg.stats '.[1].used') real_used=$(json pkg.stats '.[1].real_used') " \
	'kmem pools: slab, the accounts are those of pkg.stats'
is "$(kmem live walk pkg | grep -c ' N address=.* size=100 .* from puppet: .*puppet.c: leak_pkg')" \
	2300 'kmem walk: slab, all blocks of pkg'
like "$(kmem live walk pkg)" ' N address=.* size=100000 .* from puppet: .*large' \
	'kmem walk: slab, a run of pages'
like "$(kmem live top shm 1)" \
	'^count=    50 size=      5000 bytes from puppet: .*leak_shm' \
	'kmem top: slab'
address=$(json mem_dump_pkg "$pid" \
	'.blocks[] | select(.site | test("leak_pkg")) | .address' | head -n 1)
like "$(kmem live find "$address+7")" 'at byte 7 of it' 'kmem find: slab'
ok 'it stops' stop_kmemd
puppet_managers=$qm_managers

# --- a core of an abort: mem_safety 0 ---

start_puppets -n 2 -m 4

cat >"$T/abort" <<EOT
handle SIGABRT stop print
handle SIGCONT SIGUSR1 nostop noprint pass
python import os; os.system("echo misuse tail >$T/do.2")
continue
generate-core-file $T/core2
kill
EOT
ok 'mem_safety 0' ctl cfg.set_now_int core mem_safety 0
debug -p "$(worker_pid 2)" -x "$T/abort" >"$T/aborted"
ok 'gdb-core: an abort leaves a core' test -s "$T/core2"
debug "$KMEMD" "$T/core2" -ex bt >"$T/bt"
like "$(cat "$T/bt")" ' abort \(|__GI_abort' 'gdb-core: the backtrace ends in abort'
like "$(cat "$T/bt")" 'overwrite_tail .*at .*puppet\.c:[0-9]+' \
	'gdb-core: it has file and line of the one who overwrote'

done_testing

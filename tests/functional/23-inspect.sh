#!/bin/sh
# SPDX-License-Identifier: ISC
# 23-inspect.sh - who holds it (mem.top, mod.stats), what is there (mem.find),
# is it sound (mem.check), what is free (shm.report).
. "${srcdir:-.}/tests/functional/lib.sh"

trouble() { # NAME=VALUE...
	: >"$T/kmemd.conf"
	write_conf <<-EOT
	module_path = "$B/tests/functional/.libs"
	loadmodule("trouble.so")
	EOT
	for param in "$@"; do
		write_conf <<-EOT
		modparam("trouble", "${param%%=*}", ${param#*=})
		EOT
	done
}

# Heads and tails are qm's. 300 blocks of 1 ... 100 bytes in shm, three times 5050 bytes; 100 in pkg of
# worker 2; and one of 64 bytes in shm, and in pkg of all.
trouble n_shm=300 n_pkg=100 rank=2
start_kmemd -n 2 -x qm -X qm
one=$(worker_pid 1) two=$(worker_pid 2)

# --- mem.top ---

is "$(json mem.top '.pool, .blocks, .bytes' | tr '\n' ' ')" 'shm 301 15214 ' \
	'mem.top is of shm, when nothing is said'
is "$(json mem.top .used)" "$(json core.shmmem .used)" 'with its accounts'
is "$(json mem.top .largest_free)" "$(json core.shmmem .free)" \
	'and its largest free piece'
like "$(json mem.top '.sites[0].site')" '^trouble: .*: keep_shm\([0-9]+\)$' \
	'the site that holds most comes first'
is "$(json mem.top '.sites[0] | .bytes, .blocks, .share' | tr '\n' ' ')" \
	'15150 300 99.6 ' 'with its bytes, blocks, and share'
is "$(json mem.top '.sites[0].ages | add')" 300 'its blocks are counted by age'
is "$(json mem.top '.sites[0].ages."1m"')" 300 'and are young'
is "$(json mem.top '.sites[0] | .oldest >= .newest')" true \
	'the oldest is not younger than the newest'
is "$(json mem.top shm blocks 1 '.sites | length')" 1 'as many as are asked for'
is "$(json mem.top shm blocks 1 '.others | .sites, .bytes, .blocks' |
	tr '\n' ' ')" '1 64 1 ' 'the others are not forgotten'
is "$(json mem.top blocks '.sites[0].share')" 99.7 'a share of blocks'
is "$(json mem.top pkg "$two" '.pid, .blocks' | tr '\n' ' ')" "$two 101 " \
	'mem.top of the pkg pool of a process'
is "$(json mem.top pkg "$one" '.sites | map(.bytes) | add')" 64 \
	'and of another one'
for bad in 'pkg' 'pkg 1' 'shm bits' 'shm bytes 0' 'shm 10001' 'shm 1 2' \
	'bytes shm' '1.5'; do
	# shellcheck disable=SC2086 # words
	status 1 "mem.top $bad is refused" ctl mem.top $bad
done
ask_by_name() { # PARAMS FILTER
	printf '{"jsonrpc":"2.0","id":1,"method":"mem.top","params":%s}\n' "$1" |
		"$B/tests/stress/ask" "$KMEMD_SOCK" | jq -r "$2"
}
is "$(ask_by_name '{"pid":'"$two"',"by":"blocks"}' .result.blocks)" 101 \
	'by name, a pid is enough'
is "$(ask_by_name '{"count":1}' '.result.sites | length')" 1 'and so is a count'

# --- mod.stats ---

is "$(json mod.stats 'length')" 4 'mod.stats has each module in each pool'
is "$(json mod.stats all pkg '[.[] | .pid] | sort | map(tostring) | join(" ")')" \
	"$(printf '%s\n' "$kmemd_pid" "$one" "$two" | sort -n | tr '\n' ' ' |
		sed 's/ $//')" 'pkg is that of each process'
is "$(json mod.stats trouble shm '.[0].Module, .[0].sites.Total' |
	tr '\n' ' ')" 'trouble 15214 ' 'of one module in shm, with its total'
like "$(ctl mod.stats trouble shm)" '^		keep_shm\([0-9]+\): 15150$' \
	'and its functions as operators know them'
is "$(json mod.stats trouble pkg '[.[].sites.Total] | add')" \
	"$(json pkg.stats '[.[].used] | add')" 'sums are those of pkg.stats'
status 1 'a module that has nothing is refused' ctl mod.stats nix
like "$(cat "$T/ok.out")" 'trouble' 'naming those that have'
status 1 'and a pool that is none' ctl mod.stats all heap

# --- shm.report ---

is "$(json shm.report 'keys_unsorted | join(" ")')" \
	'total_size free_size_s used_size_s real_used_s max_used_s free_frags used_frags total_frags max_free_frag_size max_used_frag_size min_free_frag_size min_used_frag_size' \
	'shm.report has the keys that operators know'
is "$(json shm.report '[.total_size, .free_size_s, .used_size_s,
	.real_used_s, .max_used_s, .free_frags]')" \
	"$(json core.shmmem '[.total, .free, .used, .real_used, .max_used,
		.fragments]')" 'with what core.shmmem says'
is "$(json shm.report '.used_frags, .total_frags' | tr '\n' ' ')" '301 302 ' \
	'and the number of fragments'
is "$(json shm.report '.max_used_frag_size >= 100 and
	.min_used_frag_size < 100 and .min_free_frag_size > 1000000')" true \
	'and their sizes'

# --- mem.find ---

block=$(json mem_dump_shm '.blocks[] | select(.size == 64) | .address' |
	sort | tail -n 1)
is "$(json mem.find "$block" '.[0] | .pool, .what, .size, .offset' |
	tr '\n' ' ')" 'shm block 64 0 ' 'mem.find has the block'
inside=$((block + 10))
is "$(json mem.find "$inside" '.[0] | .block, .offset' | tr '\n' ' ')" \
	"$block 10 " 'and finds it from the inside, by a number'
is "$(json mem.find "$block" '.[0].owner')" "$kmemd_pid" 'its owner'
like "$(json mem.find "$block" '.[0].site')" ': mod_init\(' 'its site'
is "$(json mem.find "$block" '.[0].before.size')" 100 'the block before'
is "$(json mem.find "$block" '.[0].after.free')" "$(json core.shmmem .free)" \
	'and what is behind'
is "$(json mem.find "$inside" '.[0].text' | cut -c1-6)" '......' 'its bytes'
own=$(json mem_dump_pkg "$one" '.blocks[0].address')
is "$(json mem.find "$own" 'map(.pid) | length')" 3 \
	'an address of pkg is in all processes'
is "$(json mem.find "$own" "$one" '.[0].text' | cut -c1-22)" \
	'Btored before the fork' 'it is asked for in one'
is "$(json mem.find "$own" "$one" '.[0].hex' | cut -c1-8)" '42 74 6f' 'as bytes'
is "$(json mem.find $((own + 70)) "$one" '.[0].what')" head 'between blocks'
is "$(json mem.find $((own + 4096)) "$one" '.[0].what')" free 'what is free'
is "$(json mem.find $((0x7e9000000000)) '.[0].what')" tables \
	'and what is before all blocks'
status 1 'an address of no pool is refused' ctl mem.find 0x1234
like "$(cat "$T/ok.out")" 'shm 0x7e9.* to 0x.*, pkg 0x7e8.* to 0x' \
	'with the ranges that there are'
for bad in x '' 0x 0xg -0x1 1.5 0x11112222333344445; do
	status 1 "\"$bad\" is no address" ctl mem.find "s:$bad"
done
status 1 'nor has a stranger pools' ctl mem.find "$own" $$

# --- mem.check ---

is "$(json mem.check '[.[] | .pool] | join(" ")')" 'shm pkg pkg pkg' \
	'mem.check is of all pools, when nothing is said'
is "$(json mem.check '[.[] | .blocks] | join(" ")')" '301 1 1 101' \
	'it sees all blocks'
is "$(json mem.check '[.[] | .found] | add')" 0 'and there is nothing'
is "$(json mem.check pkg '. | length')" 3 'of all pkg pools'
is "$(json mem.check shm '. | length')" 1 'of shm'
is "$(json mem.check pkg "$two" '.[0].blocks')" 101 'of one process'
status 1 'a stranger has none' ctl mem.check pkg $$
ok 'it stops' stop_kmemd

trouble n_pkg=100 overrun=5 damage_before=30 rank=1
start_kmemd -n 1 -X qm
is "$(json mem.check '[.[] | .found] | join(" ")')" '0 0 1' \
	'a block that was written past is found'
is "$(json mem.check pkg "$(worker_pid 1)" '.[0].findings[0] | .kind, .size' |
	tr '\n' ' ')" 'tail 70 ' 'it is said what and how large'
like "$(json mem.check pkg "$(worker_pid 1)" '.[0].findings[0].site')" \
	'trouble.c: keep_pkg\(' 'who asked for it'
like "$(json mem.check pkg "$(worker_pid 1)" '.[0].findings[0].found')" \
	'at byte 70: 79 79 79 79 79 ' 'and what was found in the guard'
ok 'it stops' stop_kmemd

trouble n_pkg=100 damage=48 damage_before=30 rank=1
start_kmemd -n 1 -X qm
like "$(json mem.check pkg "$(worker_pid 1)" '.[0].findings[0] | .kind, .address')" \
	'^(damage|head)' 'a head that was written over is found'
is "$(json mem.check pkg "$(worker_pid 1)" '.[0].findings[0].before.size')" 69 \
	'with the block before it'
is "$(json mem.check pkg "$(worker_pid 1)" '.[0].blocks')" 100 \
	'and all other blocks are looked at'
address=$(json mem.check pkg "$(worker_pid 1)" '.[0].findings[0].address')
is "$(json mem.find $((address + 16)) "$(worker_pid 1)" '.[0].what')" damage \
	'mem.find knows as well'
is "$(json mem.top pkg "$(worker_pid 1)" '.damage | length')" 1 \
	'and mem.top'
is "$(json mod.stats trouble pkg '[.[] | select(.damaged)] | length')" 1 \
	'and mod.stats'

done_testing

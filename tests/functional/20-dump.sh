#!/bin/sh
# SPDX-License-Identifier: ISC
# 20-dump.sh - a dump needs nothing of its process: it may idle, spin, be
# stopped or dead. It is complete over pages, and its sums are the accounts.
. "${srcdir:-.}/tests/functional/lib.sh"

MODULES=$B/tests/functional/.libs

# trouble [NAME=VALUE...]: a configuration with the module of this name.
trouble() {
	: >"$T/kmemd.conf"
	: >"$KMEMD_LOG"
	write_conf <<-EOT
	module_path = "$MODULES"
	loadmodule("trouble.so")
	EOT
	for param in "$@"; do
		write_conf <<-EOT
		modparam("trouble", "${param%%=*}", ${param#*=})
		EOT
	done
}

is_spinning() { # PID: running, and not sleeping
	test "$(ps -o stat= -p "$1" | cut -c1)" = R
}

is_stopped() {
	test "$(ps -o stat= -p "$1" | cut -c1)" = T
}

# ask_dump FILE METHOD [ARGS]: the JSON of a dump, with a second to come in.
ask_dump() {
	ask_file=$1
	shift
	ctl --timeout "$KMEM_SLOW" --json "$@" >"$ask_file"
}

# balanced FILE: each block once, and the sums are the accounts. Pages come as
# one text each, or as one text in all.
balanced() {
	jq -se '(map(.blocks // []) | add) as $blocks |
		(map(.sums // []) | add) as $sums |
		($blocks | length) == ($blocks | unique_by(.address) | length)
		and ($blocks | map(.size) | add // 0) == .[0].used
		and ($sums | map(.size) | add // 0) == .[0].used
		and ($sums | map(.count) | add // 0) == ($blocks | length)
		and ($blocks | map(select(.seq > 0)) |
			length == (unique_by(.seq) | length))
		and .[-1].dumped.blocks == ($blocks | length)
		and .[-1].dumped.size == .[0].used
		and .[-1].exact
		and .[0].total == .[0].free + .[0].real_used' "$1"
}

# site FILE: of the block that trouble took before the fork.
site() {
	jq -sr 'map(.blocks // []) | add | .[] |
		select(.size == 64) | .site' "$1"
}

# dumps_well NAME PID: by the method, and by the variable.
dumps_well() {
	ok "$1: mem_dump_pkg answers within a second" \
		ask_dump "$T/dump.json" mem_dump_pkg "$2"
	is "$(jq -s '.[0].pid' "$T/dump.json")" "$2" "$1: it is the one asked for"
	like "$(site "$T/dump.json")" '^trouble: .*trouble\.c: mod_init\([0-9]+\)$' \
		"$1: its blocks have their sites"
	ok "$1: its sums are its accounts" balanced "$T/dump.json"
	ok "$1: cfg.set_now_int core mem_dump_pkg answers too" \
		ask_dump "$T/set.json" cfg.set_now_int core mem_dump_pkg "$2"
	is "$(jq -c .blocks "$T/set.json" | sed 's/"age":[0-9]*,//g')" \
		"$(jq -c .blocks "$T/dump.json" | sed 's/"age":[0-9]*,//g')" \
		"$1: with the same blocks"
}

trouble 'act="spin"' rank=1
start_kmemd -n 4 -o restart_backoff_min_ms=3600000 \
	-o restart_backoff_max_ms=3600000
spins=$(worker_pid 1) stopped=$(worker_pid 2) idle=$(worker_pid 3)
dead=$(worker_pid 4)
ok 'worker 1 is in for(;;);' wait_until 5 is_spinning "$spins"
kill -STOP "$stopped"
ok 'worker 2 is stopped' wait_until 5 is_stopped "$stopped"
kill -KILL "$dead"
ok 'worker 4 is dead' wait_until 5 log_has "pid $dead\) killed by signal 9"

dumps_well 'spinning' "$spins"
dumps_well 'stopped' "$stopped"
dumps_well 'idle' "$idle"
dumps_well 'dead' "$dead"
dumps_well 'the supervisor' "$kmemd_pid"
ok 'mem_dump_shm answers as well' ask_dump "$T/shm.json" mem_dump_shm
ok 'and its sums are its accounts' balanced "$T/shm.json"
is "$(json pkg.stats length)" 5 'pkg.stats has all five'

# --- the log ---

unlike "$(cat "$KMEMD_LOG")" ' N  *address=|heap size=' \
	'while memlog > debug nothing of it is in the log'
ok 'memlog can be set to 1' ctl cfg.set_now_int core memlog 1
ok 'a dump again' ask_dump "$T/dump.json" mem_dump_pkg "$spins"
like "$(cat "$KMEMD_LOG")" 'worker 1 \([a-z]+\): heap size= 8388608, ' \
	'with memlog <= debug the log has the totals'
for address in $(jq -r '.blocks[].address' "$T/dump.json"); do
	ok "and block $address" log_has \
		"address=$address size=[0-9]+ .* from .*: .*\([0-9]+\)$"
done
like "$(cat "$KMEMD_LOG")" \
	'count= *1 size= *64 bytes from trouble: .*: mod_init\(' \
	'and the sums of each site'
ok 'memlog back' ctl cfg.set_now_int core memlog 9
lines=$(wc -l <"$KMEMD_LOG")
ok 'a dump again' ask_dump "$T/dump.json" mem_dump_pkg "$spins"
# That of the variable itself is one.
is "$(wc -l <"$KMEMD_LOG")" "$lines" 'is not in the log'

# --- refused ---

# refused PID NAME: an error that names those there are.
refused() {
	status 1 "$2 is refused" ctl mem_dump_pkg "$1"
	for pid in "$kmemd_pid" "$spins" "$stopped" "$idle" "$dead"; do
		like "$(cat "$T/ok.out")" "[ ,]$pid(,|$|\))" "... naming $pid"
	done
	status 1 '... and by the variable' ctl cfg.set_now_int core \
		mem_dump_pkg "$1"
}
refused $$ 'a pid of no process of the service'
refused 0 'pid 0'
refused -1 'pid -1'
refused $((4294967296 + idle)) 'a pid beyond the range of pids'
for from in -1 9223372036854775807 8388608 99999999; do
	status 1 "a page from $from is refused" ctl mem_dump_pkg "$idle" $from
	unlike "$(cat "$T/ok.out")" 'damaged' \
		'... and the pool is not called damaged'
done
ok 'a page from the middle of a block goes on with the next one' \
	ctl mem_dump_pkg "$idle" 100001
ok 'it stops, spinning and stopped workers as well' stop_kmemd

# --- pages ---

# whole NAME SITE COUNT METHOD [ARGS]: with so many blocks of that site.
whole() {
	whole_name=$1 whole_site=$2 whole_count=$3
	shift 3
	ok "$whole_name: it is dumped" ask_dump "$T/dump.json" "$@"
	is "$(jq -s "map(.blocks // []) | add | map(select(.site |
		test(\": $whole_site\\\\(\"))) | length" "$T/dump.json")" \
		"$whole_count" "$whole_name: every block is there"
	ok "$whole_name: each once, and the sums are the accounts" \
		balanced "$T/dump.json"
	is "$(jq -s "map(.sums // []) | add | map(select(.site |
		test(\": $whole_site\\\\(\"))) | .[].count" "$T/dump.json")" \
		"$whole_count" "$whole_name: its site has all of them"
}

trouble n_pkg=5000 rank=2 n_shm=5000
start_kmemd -n 2
whole '5000 pkg blocks' keep_pkg 5000 mem_dump_pkg "$(worker_pid 2)"
whole '5000 shm blocks' keep_shm 5000 mem_dump_shm
whole 'by the variable' keep_shm 5000 cfg.set_now_int core mem_dump_shm 1
is "$(json pkg.stats '.[] | select(.rank == 2) | .used')" \
	"$(json mem_dump_pkg "$(worker_pid 2)" '.used' | head -n 1)" \
	'pkg.stats agrees'
is "$(json mem_dump_pkg "$(worker_pid 1)" '.blocks | length')" 1 \
	'the other worker has none of them'
ok 'it stops' stop_kmemd

# --- damage: a dump goes on behind it, and says where it is ---

# all FILTER: of the dump in all its pages.
all() {
	jq -s "[.[].$1 // [] | .[]] | $2" "$T/dump.json"
}

trouble n_pkg=50000 rank=1 damage=48 damage_before=20500
start_kmemd -n 2 -M 16 -X qm
pid=$(worker_pid 1)
ok 'a damaged pool can be dumped' ask_dump "$T/dump.json" mem_dump_pkg "$pid"
# That of before the fork, and those of the worker but one.
is "$(all blocks length)" 50000 'it has all blocks but the damaged one'
is "$(all damage length)" 1 'it has one row of damage'
is "$(all damage '.[0].bytes')" \
	"$(all damage '.[0] | .bytes | select(. >= 128 and . <= 512)')" \
	'which is as long as one block'
is "$(all damage '.[0].before.size')" 99 'and names the block before it'
like "$(all damage '.[0].before.site')" 'trouble.c: keep_pkg' '... and its site'
is "$(jq -s '.[-1].exact' "$T/dump.json")" true \
	'what it has is the same at its end'
is "$(jq -s '.[-1].sums | map(.count) | add' "$T/dump.json")" 50000 \
	'and in its sums'
ok 'memlog can be set to 1' ctl cfg.set_now_int core memlog 1
ok 'a dump again' ask_dump "$T/dump.json" mem_dump_pkg "$pid"
address=$(all damage '.[0].address' | tr -d '"')
ok 'the log has the damage as well' log_has " damaged: from $address to 0x"
is "$(grep -c ' N address=' "$KMEMD_LOG")" 50000 'and all blocks but one'
ok 'the others are whole' ask_dump "$T/dump.json" mem_dump_pkg "$(worker_pid 2)"
is "$(all damage length)" 0 'and have no damage'
ok 'it stops' stop_kmemd

trouble n_pkg=1000 rank=1 damage=48
start_kmemd -n 1 -X qm
ok 'damage behind a full page' \
	ask_dump "$T/dump.json" mem_dump_pkg "$(worker_pid 1)"
is "$(all blocks length) $(all damage length)" '1000 1' 'is found as well'
ok 'it stops' stop_kmemd

# --- a pool that changes between the pages ---

trouble n_shm=2000
start_kmemd -n 1
ctl --json mem_dump_shm | head -n 1 >"$T/dump.json"
from=$(jq .next.params.from "$T/dump.json")
seen=$(jq -r .next.params.seen "$T/dump.json")
is "$(json mem_dump_shm "$from" "$seen" .exact | tail -n 1)" true \
	'nothing happens between two pages: the dump is exact'
is "$(json mem_dump_shm "$from" .exact | tail -n 1)" false \
	'of a page without the ones before that is not known'
like "$(json mem_dump_shm "$from" .note | tail -n 1)" 'not known' 'it says so'
# As if another block had been there.
other="${seen%.*}.0"
is "$(json mem_dump_shm "$from" "$other" .exact | tail -n 1)" false \
	'a block that was another one is noticed'
like "$(json mem_dump_shm "$from" "$other" .note | tail -n 1)" \
	'changed meanwhile' 'and what can be relied on is said'
for bad in x 1.2 1.2.x 1.2.3.4 ''; do
	status 1 "seen \"$bad\" is refused" ctl mem_dump_shm "$from" "s:$bad"
done
ok 'it stops' stop_kmemd

done_testing

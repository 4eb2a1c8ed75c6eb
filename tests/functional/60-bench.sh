#!/bin/sh
# SPDX-License-Identifier: ISC
# 60-bench.sh - the benchmarks work. What they measure is not looked at here.
. "${srcdir:-.}/tests/functional/lib.sh"

case ${KMEM_CFLAGS:-} in
*sanitize*) skip_all 'the heaps that it measures would be those of a sanitizer' ;;
esac

bench() {
	"$B/tests/bench/bench_heap" "$@"
}

for manager in qm slab; do
	for workload in W2 W3 W4 W6 W7; do
		like "$(bench --heap pkg --manager "$manager" --pairs 1000 \
			"$workload" 2>&1)" '^ns=[0-9.]+ pairs=[0-9]+$' \
			"$manager: $workload is played in pkg"
	done
	for workload in W4 W5 W7-shm W8; do
		like "$(bench --heap shm --manager "$manager" --processes 2 \
			--pairs 1000 "$workload" 2>&1)" \
			'^ns=[0-9.]+ pairs=[0-9]+$' \
			"$manager: $workload is played in shm, by two processes"
	done
	for workload in W2 W8; do
		like "$(bench --heap shm --manager "$manager" --processes 2 \
			--flat "$workload" 2>&1)" \
			'^flat=yes used=([0-9]+),\1 blocks=([0-9]+),\2 ' \
			"$manager: $workload leaves shm as full after twice as many"
	done
done
like "$("$B/tests/bench/bench_pair" 1 '' '' name sh -c 'echo out' 2>&1)" \
	'^name +wall +[0-9.]+ +[0-9.]+ +[0-9.]+  cpu +[0-9.]+ ' \
	'a program is run on two libraries in turn'
like "$("$B/tests/bench/bench_pair" -o 1 one two name \
	sh -c 'test "$BENCH_LIBRARY" = one && echo 2 || echo 3' 2>&1)" \
	'cpu +2\.000 +3\.000 +1\.50$' 'or says itself what it took'
status 1 'one that fails is no measurement' \
	"$B/tests/bench/bench_pair" 1 '' '' name false
status 77 'a manager that does not exist is skipped' \
	bench --heap pkg --manager none W6
status 77 'a private heap is not between processes' bench --heap pkg W5
status 2 'an unknown workload is refused' bench --heap pkg W99

sh "$S/tests/bench/heaps.sh" -q -n 1000 -p 1 -a 'glibc kmem-qm' -j "$T/json" \
	W6 >"$T/table" 2>&1 || note "$(cat "$T/table")"
like "$(cat "$T/table")" '^ +shm +kmem-qm +[0-9.]+' 'the table has a row'
is "$(jq -c '[.workload, .heap, .processes, .allocator]' "$T/json" |
	tr '\n' ' ')" \
	'["W6","pkg",1,"glibc"] ["W6","pkg",1,"kmem-qm"] ["W6","shm",1,"kmem-qm"] ' \
	'each row is an object'
is "$(jq 'select(.ns_min > .ns_median or .ns_median > .ns_max or
	.ns_min <= 0)' "$T/json")" '' 'with a median between least and most'

for manager in slab qm; do
	start_kmemd -n 0 -x "$manager"
	KMEMD_ATTACH=$T/attach.sock "$B/tests/bench/bench_death" 3 work \
		>"$T/death" 2>&1
	is "$(grep -Ec '^(without|with a death|until recovered) .*[0-9]$' \
		"$T/death")" 3 "$manager: a survivor is measured while others die"
	like "$(cat "$T/death")" '^3 deaths; recovered after ms: median [0-9.]+,' \
		'and how long they take to be recovered'
	stop_kmemd TERM
done

# What is requested is known from counting, so a pool must agree.
peak() { # HEAP
	bench --heap "$1" --memory W4 |
		sed -n 's/^used=\([0-9]*\) counted=[0-9]* held=.*/\1/p'
}
requested=$(peak none)
used=$(peak shm)
compare "$used" -le "$requested" \
	'no more is used in a pool than was requested at the peak'
compare "$used" -gt $((requested - requested / 100)) 'and not 1 % less'
status 3 'a pool that is too small is told' \
	bench --heap pkg --memory --pool 4096 W4

sh "$S/tests/bench/heaps.sh" -m memory -k shm -a kmem-qm --json "$T/json" \
	W7-shm >"$T/table" 2>&1 || note "$(cat "$T/table")"
is "$(jq '.counted >= 1 and .held >= .counted and .min_pool >= 1 and
	.min_pool < 4' "$T/json")" true 'memory has its ratios'

# A picture of figures of our own.
for live in 1000 10000 100000; do
	printf '%s pkg %s %s\n' "$live" kmem-qm 30 "$live" glibc 20
done | awk -f "$S/tests/bench/plot.awk" >"$T/plot.svg"
is "$(grep -c '<polyline points=" [0-9]*\.[0-9],[0-9]' "$T/plot.svg")" 2 \
	'the plot has a curve for each'
done_testing

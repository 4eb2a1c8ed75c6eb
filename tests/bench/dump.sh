#!/bin/sh
# SPDX-License-Identifier: ISC
# dump.sh - what a dump of a million live blocks costs, and whom. Rows of make
# bench; nothing is asserted.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/figures.sh"

row() { # NAME TEXT
	printf '%-34s %s\n' "$1" "$2"
}

N=1000000
start_with "$N"
ctl mem_dump_shm >"$T/dump.txt" & # the machine for itself
alone_pid=$!
begin=$(date +%s%N)
wait "$alone_pid"
row "mem_dump_shm, $N blocks" "$(echo "$begin $(date +%s%N)" |
	awk '{ printf "%.1f", ($2 - $1) / 1e9 }') s through kmemctl"
measure_dump "$T/dump.txt" mem_dump_shm
row '... while core.shmmem is called' "$dump_s s"
row 'core.shmmem meanwhile' \
	"$calls calls; ms: p99 $p99, worst $worst (goal: p99 5)"
row 'growth of the supervisor' "$grown_kb kB (goal 8192)"
stop_kmemd TERM
tap_done=yes

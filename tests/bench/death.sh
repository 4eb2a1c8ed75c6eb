#!/bin/sh
# SPDX-License-Identifier: ISC
# death.sh - how long malloc and free take in a program while another one, with
# 10,000 live blocks, is killed and recovered. Rows of make bench; nothing is
# asserted.
. "${srcdir:-.}/tests/functional/lib.sh"

RUNS=${BENCH_RUNS:-200}
KMEMD_ATTACH=$T/attach.sock
export KMEMD_ATTACH

for manager in slab qm; do
	for mb in 64 1024; do
		start_kmemd -n 1 -m "$mb" -x "$manager"
		for victim in idle work; do
			printf '%-18s %9s %7s %7s %7s %8s %8s %8s %6s\n' \
				"$manager $mb $victim" pairs 'p50 ns' 'p99 ns' \
				p99.9 'worst us' alone most preempted
			"$B/tests/bench/bench_death" "$RUNS" "$victim"
		done
		stop_kmemd TERM
	done
done
tap_done=yes

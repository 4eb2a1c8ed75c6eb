#!/bin/sh
# SPDX-License-Identifier: ISC
# attach.sh - how long a program takes from km_attach() to its first block of
# shm. Rows of make bench; nothing is asserted.
. "${srcdir:-.}/tests/functional/lib.sh"

RUNS=${BENCH_RUNS:-201}
KMEMD_ATTACH=$T/attach.sock
export KMEMD_ATTACH

row() { # NAME TEXT
	printf '%-34s %s\n' "$1" "$2"
}

for mb in 64 1024; do
	start_kmemd -n 4 -m "$mb"
	row "attach to first block, -m $mb" "$("$B/tests/bench/bench_attach" \
		"$RUNS" | sed 's/^attach: //') (goal 1000 us)"
	stop_kmemd TERM
done
tap_done=yes

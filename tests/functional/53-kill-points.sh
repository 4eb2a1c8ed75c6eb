#!/bin/sh
# SPDX-License-Identifier: ISC
# 53-kill-points.sh - whoever allocates is killed, or stopped, at instructions
# of each operation: the heap is whole. CONTRIBUTING.md says how to try all.
. "${srcdir:-.}/tests/tap.sh"

case ${KMEM_CFLAGS:-} in
*sanitize*) skip_all 'the instructions of a sanitizer are not those that run' ;;
esac
"$B/tests/stress/kill_points" >"$T/points" 2>&1
status=$?
note "$(cat "$T/points")"
if test "$status" -eq 77; then
	skip_all 'nobody may trace a process here'
fi
is "$status" 0 'nothing is lost, given out twice or in the way of others'
like "$(tail -n 1 "$T/points")" \
	'^[0-9]{4,} kill points, 0 deadlocks, 0 inconsistent heaps, 0 bytes lost, 0 double handouts$' \
	'at thousands of instructions'
tap_end

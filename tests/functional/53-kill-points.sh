#!/bin/sh
# SPDX-License-Identifier: ISC
# 53-kill-points.sh - whoever allocates is killed, or stopped, at instructions
# of each operation: the heap is whole; or uses a lock: others get it.
# CONTRIBUTING.md says how to try all.
. "${srcdir:-.}/tests/tap.sh"

case ${KMEM_CFLAGS:-} in
*sanitize*) skip_all 'the instructions of a sanitizer are not those that run' ;;
esac
for manager in slab qm; do
	"$B/tests/stress/kill_points" -x "$manager" >"$T/points" 2>&1
	status=$?
	note "$(cat "$T/points")"
	if test "$status" -eq 77; then
		skip_all 'nobody may trace a process here'
	fi
	is "$status" 0 "$manager: nothing is lost, given out twice or in the way of others"
	like "$(tail -n 1 "$T/points")" \
		'^[0-9]{4,} kill points, 0 deadlocks, 0 inconsistent heaps, 0 bytes lost, 0 double handouts$' \
		"$manager: at thousands of instructions"
done

# Locks: after some of their instructions, of which -a tries each.
"$B/tests/stress/lock_points" >"$T/locks" 2>&1
is "$?" 0 'whoever has a lock, or waits: the others go on'
note "$(cat "$T/locks")"
like "$(tail -n 1 "$T/locks")" \
	'^[0-9]{3,} kill points, 0 deadlocks, 0 times broken$' \
	'at hundreds of instructions'
"$B/tests/stress/lock_points" -x >"$T/locks" 2>&1
is "$?" 1 'that nobody looks after the dead is found'
like "$(cat "$T/locks")" 'the dead is still noted' '... and said'
tap_end

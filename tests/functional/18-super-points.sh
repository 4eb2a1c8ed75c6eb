#!/bin/sh
# SPDX-License-Identifier: ISC
# 18-super-points.sh - the supervisor is killed in the middle of what it does:
# the next one takes over, and nobody else notices. CONTRIBUTING.md says how to
# try all.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/points.sh"

write_conf <<EOT
shm_max_mem_size = 64
EOT

# all_is_well WHAT: so say the tool and kmemd.
all_is_well() {
	is "$status" 0 "$1: the next one goes on, all is as it was"
	like "$last" \
		'^[0-9]{2,} kill points, [0-9]+ operations, nothing is left$' \
		'... at dozens of points'
	unlike "$(cat "$KMEMD_LOG")" 'BUG|CRIT' '... nobody has found a bug'
	unlike "$(cat "$KMEMD_LOG")" '"worker [0-9]+".* was there before us' \
		'... a worker that has ended is not taken for a program'
}

# shellcheck disable=SC2086 # options
points super_points $points_calls ${POINTS:--n 7}
test "$status" -ne 77 || skip_all 'nobody may trace a process here'
all_is_well slab
points_manager=qm
# shellcheck disable=SC2086 # options
points super_points $points_calls ${POINTS:--n 6 -o death}
all_is_well qm
done_testing

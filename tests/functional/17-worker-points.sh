#!/bin/sh
# SPDX-License-Identifier: ISC
# 17-worker-points.sh - a worker is killed at each step of its way from the fork
# into its loop: it is replaced, nobody else notices, nothing is left of it.
# CONTRIBUTING.md says how to try all.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/points.sh"

how=${POINTS:-${points_calls:+$points_calls -n 200}}

lines() { # ERE: of the log
	grep -Ec -e "$1" "$KMEMD_LOG"
}

# shellcheck disable=SC2086 # options
points worker_points $how
test "$status" -ne 77 || skip_all 'nobody may trace a process here'
is "$status" 0 'each time all is as it was before'
like "$last" '^[0-9]{2,} kill points, [0-9]+ deaths, nothing is left$' \
	'at dozens of points'
kills=${last%% *} deaths=${last#*points, } deaths=${deaths%% *}
is "$(lines 'worker 1 \(pid [0-9]+\) killed by signal 9')" "$deaths" \
	'the log has each death'
compare "$(lines 'killed by signal 9 .* before it was ready')" -gt \
	"$((kills / 2))" '... those on the way as such'
is "$(lines 'worker 1 is started again in 1 ms')" "$deaths" \
	'... and that one is started again'
unlike "$(cat "$KMEMD_LOG")" 'worker [23].*(died|killed)|BUG|CRIT' \
	'nothing else has happened'

# shellcheck disable=SC2086 # none, or one
points worker_points $points_calls -k -n 16
is "$status" 0 'with its supervisor in fork(): the next kmemd finds all of it'
like "$last" '^16 kill points, [0-9]+ deaths, nothing is left$' '... each time'

# shellcheck disable=SC2086 # none, or one
points worker_points $points_calls -l -n 16
is "$status" 0 'it outlives its supervisor: the next kmemd is not in its way'
like "$last" '^16 kill points, [0-9]+ deaths, nothing is left$' '... each time'
done_testing

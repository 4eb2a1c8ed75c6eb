#!/bin/sh
# SPDX-License-Identifier: ISC
# 54-storm.sh - programs and workers are killed at random instants while they
# share memory: the heap is whole. CONTRIBUTING.md says how to try more.
. "${srcdir:-.}/tests/tap.sh"

kills=$((300 / ${KMEM_SLOW:-1}))
none='0 deadlocks, 0 inconsistent heaps, 0 bytes lost, 0 double handouts'

storm() { # [ARGS]: its last line is $last
	TMPDIR=$T "$B/tests/stress/storm" "$@" >"$T/storm" 2>&1
	status=$?
	last=$(tail -n 1 "$T/storm")
}

storm --rounds "$kills"
note "$(cat "$T/storm")"
is "$status" 0 'nothing is lost, given out twice or in the way of others'
like "$last" "^[0-9]{2,} kills, $none, recovery median [0-9.]+ ms, max [0-9.]+ ms\$" \
	'so says the last line'

storm --rounds "$((kills / 2))" --supervisor
note "$(cat "$T/storm")"
is "$status" 0 '... nor when kmemd is killed as well'
like "$last" "^[0-9]{2,} kills, $none," '... so says the last line'

# What is wrong is found: a participant, or kmemd, is told to do it.
while read -r spoil what; do
	storm --rounds 40 --patience 2 --spoil "$spoil"
	is "$status" 1 "$spoil: the storm fails"
	like "$(grep ' kills, ' "$T/storm")" "$what" "... and says of what kind" ||
		note "$(cat "$T/storm")"
done <<'EOT'
lose [1-9][0-9]* bytes lost
free [1-9][0-9]* inconsistent heaps
write [1-9][0-9]* double handouts
hang 1 deadlocks
deaf 1 deadlocks
EOT
clean 'no process, socket or file is left' "$(find "$T" -name 'kmem-storm*')"
tap_end

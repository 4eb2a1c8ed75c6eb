#!/bin/sh
# SPDX-License-Identifier: ISC
# 56-attach-hostile.sh - programs that do not behave at the attach socket: each
# is told why it is refused, and kmemd is as before.
. "${srcdir:-.}/tests/functional/lib.sh"

HOSTILE=$B/tests/stress/attach_hostile

descriptors() {
	find "/proc/$kmemd_pid/fd" -type l | wc -l
}

files_mapped() {
	grep -c ' /' "/proc/$kmemd_pid/maps"
}

as_before() {
	test "$(descriptors)" -eq "$idle" && test "$(json pkg.stats length)" = 2
}

# hears CASE ERE NAME
hears() {
	like "$(timeout 120 "$HOSTILE" "$T/attach.sock" "$1")" "$2" "$3"
}

start_kmemd -n 1 -o attach_timeout_ms=$((2000 * KMEM_SLOW))
ctl core.shmmem >"$T/shmmem"
wait_until 10 no_client || bail 'kmemd keeps a client'
idle=$(descriptors)
maps=$(files_mapped)

hears truncated 'refused: a message of 100 bytes: all have 512' \
	'a truncated message is refused'
hears tiny 'refused: a message of 1 bytes: the shortest has 16' 'one of a byte'
hears empty closed 'an empty one is the end'
hears oversized 'refused: a message of more than 512 bytes' 'one too large'
hears version 'speaks version 7 .* kmemd version 1' \
	'another version: both are named'
hears layout 'layout 12345678; kmemd has ABI 1, layout' \
	'another layout: both are named'
hears not_hello 'refused: a WELCOME where a HELLO is due' 'one out of turn'
hears other_pid '^welcome' 'one that gives itself a pid is known by its own'
hears other_start 'refused: .* another process by now' \
	'the start time of another'
hears noise '^refused: |^closed' 'random bytes'
like "$(grep -c 'attach: .*refused' "$KMEMD_LOG")" '^[0-9]$' \
	'refusals are logged, a few of them'

hears no_descriptor 'HELLO with 0 descriptors: it should have 1' \
	'a descriptor that is missing'
hears surplus_descriptor 'HELLO with 1 descriptors: it should have 0' \
	'one that nobody wants'
hears deaf '^welcome|^closed' 'one that does not read stops nobody'
hears garbage_later '^closed' 'one that sends garbage later is cut off'
hears silent 'refused: no HELLO within .* \(attach_timeout_ms\)' \
	'one that says nothing is told so'
hears crowd 'refused: no HELLO|^refused' 'many connections of one'
hears twice 'refused: pid .* has attached already' 'one that attaches twice'

# What kmemd reads is really the program's own memory, or nothing is read.
looks() { # CASE ERE NAME
	rm -f "$T/in"
	mkfifo "$T/in"
	"$HOSTILE" "$T/attach.sock" "$1" stay <"$T/in" >"$T/out" &
	pid=$!
	exec 9>"$T/in"
	wait_until 20 test -s "$T/out"
	is "$(cat "$T/out")" welcome "$3: it may attach"
	like "$(json pkg.stats pid "$pid" '.[0].error')" "$2" '... and is listed so'
	for method in 'mem_dump_pkg' 'mem.check pkg' 'mem.top pkg'; do
		# shellcheck disable=SC2086 # words
		timeout 60 "$KMEMCTL" -s "$KMEMD_SOCK" $method "$pid" \
			>"$T/look" 2>&1
		compare $? -lt 124 "... $method ends"
	done
	ok '... mod.stats ends' timeout 60 "$KMEMCTL" -s "$KMEMD_SOCK" mod.stats
	exec 9>&-
	wait "$pid" 2>/dev/null
}
looks wrong_descriptor 'is not its /proc/self/mem' 'a pipe as its memory'
looks memory_of_another 'is not its /proc/self/mem' 'the memory of another'
looks writable_memory 'is not its /proc/self/mem' 'memory to be written'
looks no_pool '.' 'memory without a pool'
looks random_pool '.' 'a pool of random bytes'

got=$(timeout 60 "$HOSTILE" "$T/attach.sock" shrink)
is "$(echo "$got" | sort -u | tr '\n' ' ')" \
	'grow no punch no seal no shrink no welcome ' \
	'the chunk can be neither shrunk nor sealed by who has it'
got=$(timeout 60 "$HOSTILE" "$T/attach.sock" observe)
is "$(echo "$got" | sort -u | tr '\n' ' ')" 'punch no welcome write no ' \
	'an observer cannot write'

ok 'all descriptors are closed again' wait_until 20 as_before
is "$(files_mapped)" "$maps" 'no map is left'
ctl core.shmmem >"$T/shmmem.after"
ok 'the accounts are as before' cmp "$T/shmmem" "$T/shmmem.after"
done_testing

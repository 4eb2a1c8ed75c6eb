#!/bin/sh
# SPDX-License-Identifier: ISC
# 35-watch.sh - watch with a real service: one that goes, and one that hangs.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/terminal.sh"

start_kmemd -n 1

# watch ARGS...: in the background, with its output in $T/watch.out.
watch() {
	: >"$T/watch.out"
	"$KMEMCTL" -s "$KMEMD_SOCK" --timeout 1 watch "$@" \
		>"$T/watch.out" 2>"$T/watch.err" &
	watch_pid=$!
	ok "watch $1 shows something" wait_until 10 test -s "$T/watch.out"
}

watch_status() {
	wait_until 10 gone "$watch_pid" || note 'watch does not end'
	wait "$watch_pid"
}

answers() {
	grep -c 'every' "$T/watch.out"
}
has_more_than() {
	test "$(answers)" -gt "$1"
}

watch ctl.connections -n 0.05
ok 'again and again' wait_until 10 has_more_than 2
like "$(cat "$T/watch.out")" '^	requests: [0-9]+  \+[0-9]+ \(\+[0-9.]+/s\)$' \
	'with what has changed'
unlike "$(cat "$T/watch.out")" '^	max: .*\+' 'and nothing where nothing has'

ok 'the service is told to stop' stop_kmemd
status 3 'without a service, watch ends' watch_status
like "$(cat "$T/watch.err")" 'cannot connect to|closed the connection' \
	'and says why'
start_kmemd -n 1

# Two answers with another service between them: the pause is as long as it
# takes.
watch core.psx -n 2
kill -STOP "$watch_pid"
ok 'the service is told to stop' stop_kmemd
start_kmemd -n 1
count=$(answers)
kill -CONT "$watch_pid"
ok 'a service that was restarted in the pause is found' \
	wait_until 10 has_more_than "$count"
like "$(cat "$T/watch.err")" 'connecting again' 'and that is said'
kill -STOP "$kmemd_pid"
status 4 'a service that does not answer ends it' watch_status
like "$(cat "$T/watch.err")" 'no answer in time' 'and says why'
kill -CONT "$kmemd_pid"

status 1 'an error of the method ends it' ctl watch mem_dump_pkg 1
is "$(ctl --json watch core.echo -5 -n 0.01 -c 2)" '[-5]
[-5]' 'a negative number is an argument, and JSON has no block'

if ! command -v tmux >/dev/null; then
	skip 'tmux is missing' 'a watch on a terminal'
	done_testing
fi
terminal_run 60 12 "KMEMD_SOCK=$KMEMD_SOCK $KMEMCTL watch ctl.connections -n 0.1
	echo \"status \$?\"; cat"
shows '^        requests: [0-9]+  \+1 \(\+[0-9.]+/s\)$' 'on a terminal as well'
is "$(screen | grep -c every)" 1 'in place'
is "$(screen | grep -c '^}')" 1 'with nothing left of the last'
type_keys C-c
shows '^status 0$' '^C ends it'
terminal_end
terminal_run 60 8 "KMEMD_SOCK=$KMEMD_SOCK $KMEMCTL watch pkg.stats -n 0.1; cat"
shows '^\.\.\. [0-9]+ more lines$' 'what does not fit is counted'
like "$(screen | head -n 1)" 'pkg.stats, every 0.1 s' 'and the begin is there'
terminal_end
done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 34-prompt.sh - the prompt in a real terminal, as somebody sees it.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/terminal.sh"

command -v tmux >/dev/null || skip_all 'tmux is missing: ./dev install-deps'
start_kmemd -n 2
first=$(worker_pid 1)

# prompt [VARIABLE=VALUE...]: kmemctl in a terminal; what it ends with is shown.
prompt() {
	terminal_run 80 24 "env HOME=$T KMEMD_SOCK=$KMEMD_SOCK $* $KMEMCTL
		echo \"status \$?\"; cat"
	shows '^kmemctl> *$' 'there is a prompt'
}

# answers KEYS ERE NAME: what is typed on a cleared screen shows that.
answers() {
	type_keys C-l
	wait_until 5 screen_has '^kmemctl>$'
	type_keys "$1" Enter
	shows "$2" "$3"
}

prompt NO_COLOR=1
answers 'core.shmmem' '^	?\t* *fragments: 1$' 'an answer has its shape'
is "$(screen | sed -n '/^kmemctl> core/,/^}/p' | head -n 3)" \
	'kmemctl> core.shmmem
{
        total: 67108864' 'from its first line on'
answers 'core.shmem' '^kmemctl: core.shmem: Method not found: core.shmem \(did you mean' 'an error'
answers "mem_dump_pkg 1" 'no process of this service has pid 1 ' \
	'an error of a method'
answers 'core.echo "a b' '^kmemctl: a " is not closed$' 'a broken line'
answers 'core.echo -5' '^-5$' 'a negative number'
answers 'help core.shmmem' '^core.shmmem \[unit:string\]$' 'help for a method'
answers 'help' '^system.methodSignature$' 'help'
answers 'ps' 'DSC: worker child=1$' 'a short word'

type_keys C-l 'core.sh' Tab
shows '^kmemctl> core.sh$' 'Tab does not guess'
type_keys Tab
shows '^core.shmmem +core.shutdown$' 'Tab lists what it could be'
shows '^kmemctl> core.sh$' 'and the line is there again'
type_keys 'm' Tab 'k' Enter
shows 'total: 65536$' 'Tab completes'
type_keys C-l 'cfg.get co' Tab 'memd' Tab Enter
shows '^kmemctl> cfg.get core memdbg$' 'Tab completes a group and a variable'
type_keys C-l 'pkg.stats p' Tab "$first" Tab Enter
shows "^kmemctl> pkg.stats pid $first\$" 'and a pid'
shows 'desc: worker child=0$' 'that is answered'

type_keys C-l 'core.sh' C-c
shows '^kmemctl> core.sh\^C$' '^C gives up a line'
answers 'core.ping' '^pong$' 'and it goes on'

# A service that is stopped does not answer.
kill -STOP "$kmemd_pid"
type_keys C-l 'core.sh' Tab
shows '^kmemctl> core.sh$' 'Tab does not wait for one that does not answer'
type_keys C-u 'core.ping' Enter
shows '^kmemctl> core.ping$' 'a call does'
type_keys C-c
shows '^kmemctl: interrupted$' '^C ends it'
kill -CONT "$kmemd_pid"
answers 'core.ping' '^pong$' 'and it goes on with a new connection'

type_keys 'exit' Enter
shows '^status 0$' 'exit leaves'
terminal_end

is "$(stat -c %a "$T/.kmemctl_history")" 600 \
	'the history is a file of its owner alone'
prompt NO_COLOR=1
type_keys Up
shows '^kmemctl> exit$' 'the last line of the prompt before is there'
type_keys Up Enter
shows '^pong$' 'and can be used again'
type_keys C-r 'memd'
shows 'cfg.get core memdbg' '^R finds an older one'
type_keys Enter C-d
shows '^status 0$' '^D leaves'
terminal_end

rm "$T/.kmemctl_history"
prompt KMEMCTL_HISTORY=
answers 'core.ping' '^pong$' 'without a history it works as well'
type_keys 'quit' Enter
shows '^status 0$' 'quit leaves'
terminal_end
fails 'and none is written' test -e "$T/.kmemctl_history"

prompt KMEMCTL_HISTORY="$T/none/history"
answers 'core.ping' 'none/history: cannot write the history: No such file' \
	'a history that cannot be written is said'
shows '^pong$' 'and changes nothing'
terminal_end

# Colours: on a terminal that has them.
prompt
type_keys C-l 'core.shmem' Enter 'core.shmmem' Enter
shows 'fragments: 1$' 'an answer'
esc=$(printf '\033')
like "$(coloured_screen)" "$esc\[36mfragments$esc\[39m: 1" 'names have a colour'
like "$(coloured_screen)" "$esc\[31mkmemctl: core.shmem: Method" 'errors have one'
terminal_end
prompt NO_COLOR=1
type_keys C-l 'core.shmem' Enter 'core.shmmem' Enter
shows 'fragments: 1$' 'an answer'
unlike "$(coloured_screen)" "$esc" 'NO_COLOR: none has'
terminal_end
is "$(ctl core.shmmem | grep -c "$esc")" 0 'nor in a pipe'
terminal_run 80 24 "KMEMD_SOCK=$KMEMD_SOCK $KMEMCTL --json core.uptime; cat"
shows '^  "uptime": [0-9]+$' 'JSON is spread on a terminal'
terminal_end
is "$(ctl --json core.uptime | wc -l)" 1 'and one line in a pipe'

done_testing

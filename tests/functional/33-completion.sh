#!/bin/sh
# SPDX-License-Identifier: ISC
# 33-completion.sh - what kmemctl says could come next, and the shells that ask.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/terminal.sh"

write_conf <<-EOT
	module_path = "$B/daemon/modules/.libs"
	loadmodule("replay.so")
	modparam("replay", "file", "$S/tests/data/sip-trace.txt.gz")
	modparam("replay", "hold", 1)
EOT
start_kmemd -n 2
first=$(worker_pid 1)
: "${KMEM_BASH:=bash}" "${KMEM_ZSH:=zsh}" "${KMEM_FISH:=fish}"

# could WORDS...: what kmemctl says, on one line.
could() {
	"$KMEMCTL" --complete "$@" | cut -f 1 | tr '\n' ' '
}

is "$(could core.sh)" 'core.shmmem core.shutdown ' 'methods'
is "$(could wh)" 'who ' 'short words'
is "$(could --he)" '--help ' 'options'
is "$(could -s)" '-s ' 'an option that is whole'
is "$(could -s '')" '' 'not the value of an option'
is "$(could -s "$KMEMD_SOCK" --json core.pi)" 'core.ping ' 'after options'
is "$(could cfg.get '')" 'core replay ' 'groups of variables'
is "$(could cfg.get core memd)" 'memdbg ' 'variables of a group'
is "$(could mem_dump_pkg '')" \
	"$(json core.psx '.[].PID' | sort | tr '\n' ' ')" 'pids'
is "$(could pkg.stats '')" 'index pid rank ' 'words of a parameter'
is "$(could pkg.stats rank '')" '0 1 2 ' 'and what they are about'
is "$(could core.shmmem k)" 'k kb ' 'units'
is "$(could mem.top '')" 'pkg shm ' 'pools'
is "$(could mod.stats '')" 'all core replay ' 'modules'
is "$(could help core.shm)" 'core.shmmem ' 'methods to be explained'
is "$(could watch -n 1 core.shm)" 'core.shmmem ' 'methods to be watched'
is "$(could watch -n '')" '' 'not how often'
is "$(could watch core.shmmem k)" 'k kb ' 'and their arguments'
is "$(could core.shmmem k x)" '' 'nothing behind the last argument'
is "$(could nix '')" '' 'nothing about what is no method'
is "$(could -x core.)" '' 'nothing behind a wrong option'
like "$("$KMEMCTL" --complete core.shm)" '^core.shmmem	accounts of ' \
	'and what it is'
is "$(could -s "$T/nix" wh)$(could -s "$T/nix" core.)" 'who ' \
	'without a service, what kmemctl itself knows'

# The shells find kmemctl by its name.
mkdir "$T/bin"
ln -s "$(realpath "$KMEMCTL")" "$T/bin/kmemctl"
PATH=$T/bin:$PATH
export PATH

bash_could() { # LINE
	# shellcheck disable=SC2016 # for bash
	"$KMEM_BASH" --norc -c '
		. "$1/etc/completion/bash/kmemctl"
		read -r -a COMP_WORDS <<<"$2"
		[[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_kmemctl kmemctl
		printf "%s " "${COMPREPLY[@]}"
	' bash "$S" "$1"
}
if command -v "$KMEM_BASH" >/dev/null; then
	is "$(bash_could 'kmemctl core.sh')" 'core.shmmem core.shutdown ' \
		'bash: methods'
	is "$(bash_could "kmemctl -s $KMEMD_SOCK pkg.stats pid $first")" \
		"$first " 'bash: a pid'
	is "$(bash_could "kmemctl --socket = $KMEMD_SOCK core.pi")" \
		'core.ping ' 'bash: words that it has cut'
else
	skip 'bash is missing' 'bash: methods'
fi

fish_could() { # LINE
	HOME=$T "$KMEM_FISH" -N -c "
		source $S/etc/completion/fish/kmemctl.fish
		complete -C '$1'" | cut -f 1 | tr '\n' ' '
}
if command -v "$KMEM_FISH" >/dev/null; then
	is "$(fish_could 'kmemctl core.sh')" 'core.shmmem core.shutdown ' \
		'fish: methods'
	is "$(fish_could 'kmemctl --json cfg.get core memd')" 'memdbg ' \
		'fish: a variable'
	is "$(fish_could 'kmemctl pkg.stats ')" 'index pid rank ' \
		'fish: a new word'
else
	skip 'fish is missing' 'fish: methods'
fi

# zsh completes in its line editor only; the other two there as well.
# in_shell COMMAND: set a shell up, and try Tab in it.
in_shell() {
	terminal_run 80 24 "$2"
	shows '^ready> $|^ready>$' "$1: starts in a terminal"
	type_keys "$3" Enter
	type_keys 'clear' Enter
	type_keys 'kmemctl cfg.get core memd' Tab
	shows 'ready> kmemctl cfg.get core memdbg$' "$1: Tab completes a word"
	type_keys C-u 'kmemctl core.sh' Tab Tab
	shows 'core.shutdown' "$1: Tab lists what there is"
	like "$(screen)" 'core.shmmem' "$1: and all of it"
	type_keys C-c
	terminal_end
}
if ! command -v tmux >/dev/null; then
	skip 'tmux is missing' 'shells in a terminal'
	done_testing
fi
if command -v "$KMEM_BASH" >/dev/null; then
	in_shell bash \
		"env HISTFILE= PS1='ready> ' $KMEM_BASH --norc --noprofile" \
		". $S/etc/completion/bash/kmemctl"
fi
if command -v "$KMEM_ZSH" >/dev/null; then
	in_shell zsh "env HOME=$T PS1='ready> ' $KMEM_ZSH -f" \
		"fpath=($S/etc/completion/zsh \$fpath); autoload -U compinit; compinit -D"
else
	skip 'zsh is missing' 'zsh: completes a word'
fi
done_testing

# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# terminal.sh - a real terminal for a test: tmux, with a server of its own.

# A locale that knows UTF-8, whatever the environment has.
terminal() {
	env -u TMUX LC_ALL=C.UTF-8 tmux -S "$T/tmux.sock" -f /dev/null "$@"
}

# terminal_run COLUMNS ROWS COMMAND: in a terminal of that size.
terminal_run() {
	terminal new-session -d -x "$1" -y "$2" "$3"
}

# type_keys KEYS...: as tmux send-keys(1) names them; text is typed as it is.
type_keys() {
	terminal send-keys "$@"
}

# screen: what can be seen, a line that was too wide as one, without blanks at
# its end.
screen() {
	terminal capture-pane -p -J | sed 's/ *$//'
}

# The same with its colours, as sequences.
coloured_screen() {
	terminal capture-pane -p -J -e
}

screen_has() { # ERE
	screen >"$T/screen"
	grep -Eq -e "$1" "$T/screen"
}

# shows ERE NAME: sooner or later some line of the screen matches.
shows() {
	if wait_until 10 screen_has "$1"; then
		pass "$2"
	else
		not_ok "$2" "no match of: $1" "$(screen)"
	fi
}

terminal_is_over() {
	! terminal has-session
}

terminal_end() {
	terminal kill-server 2>/dev/null
	wait_until 5 terminal_is_over
	rm -f "$T/tmux.sock"
}

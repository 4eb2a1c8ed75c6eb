#!/bin/sh
# SPDX-License-Identifier: ISC
# 36-man-kmemctl.sh - each example of kmemctl(1) is what it really says, but
# for numbers; and the page has each option, short word and exit status.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/man.sh"

start_kmemd -n 2
man_blocks kmemctl.1
kmemctl() {
	"$KMEMCTL" "$@"
}

# plain: numbers do not matter, of any number of digits.
one_line() {
	sed -E 's/[0-9]+(\.[0-9]+)?/N/g' | tr '\n' '~'
}

# pattern: what an output must be to be this one; "..." stands for any lines.
pattern() {
	one_line | sed -e 's/[][\\.*^$(){}|+?]/\\&/g' \
		-e 's/~	*\\\.\\\.\\\.~/~([^~]*~)*/g'
}

n=0
run_example() {
	test -s "$T/command" || return 0
	n=$((n + 1))
	(eval "$(cat "$T/command")") >"$T/got" 2>&1 </dev/null
	if one_line <"$T/got" | grep -Eqx -e "$(pattern <"$T/expected")"; then
		pass "$(head -n 1 "$T/command")"
	else
		not_ok "$(head -n 1 "$T/command")" "says $(cat "$T/got")"
	fi
	: >"$T/command"
}

# A here-document belongs to its command.
run_block() {
	to=$T/expected
	: >"$T/command"
	while IFS= read -r line; do
		case $line in
		'$ '*)
			run_example
			: >"$T/expected"
			printf '%s\n' "${line#* }" >"$T/command"
			case $line in *'<<'*) to=$T/command ;; esac
			continue
			;;
		esac
		printf '%s\n' "$line" >>"$to"
		test "$line" != END || to=$T/expected
	done <"$1"
	run_example
}

for block in "$T"/kmemctl.1.*; do
	run_block "$block"
done
compare "$n" -ge 8 'all examples have been tried'

page=$S/man/kmemctl.1
ctl --help >"$T/help"
clean 'the page has each option' "$(
	sed -n 's/.* --\([a-z-]*\).*  .*/\1/p' "$T/help" | while read -r name; do
		grep -q "^\.It.* Fl -$name" "$page" || echo "$name"
	done
)"
clean 'and each short word' "$(
	sed -n '/^short words/,/^$/s/^  \([a-z]*\).*/\1/p' "$T/help" | sort -u |
		while read -r name; do
			grep -qE "^\.It Ic ([a-z]* , )?$name( |\$)" "$page" ||
				echo "$name"
		done
)"
is "$(sed -n '/EXIT STATUS/,/^\.El/s/^\.It //p' "$page" | tr '\n' ' ')" \
	"$(sed -n '/^exit status/,$s/^  \([0-9]\).*/\1/p' "$T/help" |
		tr '\n' ' ')" 'and each exit status'
done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 31-man-commands.sh - each example of kmemd-rpc(7) is what a real kmemd says,
# but for numbers; and each method has one.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/man.sh"

: "${CC:=cc}" "${KMEM_CFLAGS:=}" "${LINT_CFLAGS:=}"

# The service that the page says its examples are for.
man_blocks kmemd-module.3
man_blocks kmemd-rpc.7
cp "$(man_block kmemd-module.3 KMEMD_EXPORTS)" "$T/tally.c"
sed "s|\./|$T/|" "$(man_block kmemd-module.3 loadmodule)" | write_conf
build_tally() {
	# shellcheck disable=SC2086 # lists
	(cd "$T" && $CC -std=gnu11 $KMEM_CFLAGS $LINT_CFLAGS -fPIC -shared \
		-I"$S/libclient" -I"$S" -o tally.so tally.c)
}
ok 'the module of the examples is built' build_tally
start_kmemd -m 64 -x qm -X qm
pids=$(real_pids 4711 2)

# plain: output without what differs from run to run. Numbers of lines stay.
plain() {
	sed -E -e '/site: /b' \
		-e 's/^(	*(now|up_since|time_now|time_started|since|compiled|compiler|flags|path)): .*/\1: T/' \
		-e 's/0x[0-9a-f]+|-?[0-9]+/N/g'
}

# one_line: for grep, which has no lines in its patterns, and needs one to match
# when there is no output.
one_line() {
	tr '\n' '~'
	echo .
}

# pattern: what an output must be to be this one; "..." stands for any lines.
pattern() {
	plain | sed -e 's/[][\\.*^$(){}|+?]/\\&/g' \
		-e 's/^	*\\\.\\\.\\\.$/@/' | one_line | sed 's/@~/([^~]*~)*/g'
}

# run_example: the command in $T/command says what is in $T/expected.
run_example() {
	test -s "$T/command" || return 0
	example=$(cat "$T/command")
	# shellcheck disable=SC2046 # words
	ctl $(sed "$pids" "$T/command") >"$T/got" 2>&1 </dev/null
	if plain <"$T/got" | one_line |
		grep -Eqx -e "$(pattern <"$T/expected")"; then
		pass "kmemctl $example"
	else
		not_ok "kmemctl $example" "says $(cat "$T/got")"
	fi
	: >"$T/command"
}

# run_block FILE: the commands in it, one after the other.
run_block() {
	: >"$T/command"
	while IFS= read -r line; do
		case $line in
		'$ kmemctl '*)
			run_example
			echo "${line#* kmemctl }" | tee -a "$T/done" >"$T/command"
			: >"$T/expected"
			;;
		*) printf '%s\n' "$line" >>"$T/expected" ;;
		esac
	done <"$1"
	run_example
}

: >"$T/done"
shutdown=$(man_block kmemd-rpc.7 '^[$] kmemctl core.shutdown')
# Processes are others behind it.
reexec=$(man_block kmemd-rpc.7 '^[$] kmemctl core.reexec')
for block in "$T"/kmemd-rpc.7.*; do
	test "$block" != "$shutdown" && test "$block" != "$reexec" && grep -q '^\$ kmemctl ' "$block" &&
		run_block "$block"
done

# What is sent and what comes back, all of a block on one connection.
converse() {
	perl -MIO::Socket::UNIX -e '
		alarm 10;
		my $s = IO::Socket::UNIX->new($ARGV[0]) or die "$ARGV[0]: $!";
		print $s <STDIN>;
		$s->flush;
		shutdown($s, 1);
		print <$s>;
	' "$KMEMD_SOCK"
}
said() { # ARROW FILE: without the arrow and what stands there for show
	sed -n "s/^$1  *//p" "$2"
}
if perl -MIO::Socket::UNIX -e 1 2>/dev/null; then
	for block in "$T"/kmemd-rpc.7.*; do
		grep -q "^-->" "$block" || continue
		is "$(said --\> "$block" | converse | tr -d '\n')" \
			"$(said \<-- "$block" | tr -d '\n')" \
			"the talk in display ${block##*.}"
	done
else
	skip 'perl is missing' 'what is sent, and what comes back'
fi

ctl system.listMethods >"$T/methods"
run_block "$reexec"
is_another() {
	log_has 'goes on, kept by this process' && ctl core.ping
}
ok 'another kmemd serves' wait_until 20 is_another
run_block "$shutdown"
kmemd_is_gone() {
	gone "$kmemd_pid"
}
ok 'the service is shut down' wait_until 10 kmemd_is_gone
wait "$kmemd_pid"
kmemd_pid=
compare "$(wc -l <"$T/methods")" -ge 20 'the methods are listed'
clean 'each method has an example' "$(
	while read -r method; do
		grep -qE "^$method( |\$)" "$T/done" || echo "$method"
	done <"$T/methods"
)"

done_testing

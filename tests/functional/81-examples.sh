#!/bin/sh
# SPDX-License-Identifier: ISC
# 81-examples.sh - tests/examples, built outside of the tree against what is
# installed, as README says, and run together.
. "${srcdir:-.}/tests/functional/lib.sh"

test -e "$B/libclient/.libs/libkmem.so" || skip_all 'libkmem.so is not built'
command -v pkg-config >/dev/null || skip_all 'pkg-config is missing'
: "${CC:=cc}" "${CXX:=c++}" "${KMEM_CFLAGS:=}"
KMEMD_ATTACH=$T/attach.sock
export KMEMD_ATTACH

# --- building, as a user would ---

root=$T/root
(
	unset MAKEFLAGS MAKELEVEL MFLAGS
	make install DESTDIR="$root" >"$T/install.log" 2>&1
) || bail "make install: $(tail -n 3 "$T/install.log")"
pc=$(find "$root" -name libkmem.pc)
lib=$(find "$root" -name libkmem.so | sed 's|/[^/]*$||')
PKG_CONFIG_SYSROOT_DIR=$root
PKG_CONFIG_PATH=${pc%/*}
LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH LD_LIBRARY_PATH
cp -R "$S/tests/examples" "$T/examples"
cd "$T/examples" || exit 99

build() { # SOURCE
	case $1 in
	*.cc) compiler=$CXX ;;
	*) compiler=$CC ;;
	esac
	# shellcheck disable=SC2046,SC2086 # lists
	$compiler -Wall -Wextra -Werror $KMEM_CFLAGS "$1" -o "${1%.*}" \
		$(pkg-config --cflags --libs libkmem)
}
for source in *.c *.cc; do
	ok "$source is built outside of the tree" build "$source"
done

fails 'without kmemd a program says so' ./words_collect
like "$(./words_collect 2>&1)" '^words_collect: no kmemd listens at ' \
	'and what to do'
start_kmemd -n 1

# --- three programs, one table ---

# README's session: each line behind a "$" is run, the others are what it says.
awk '/^```/ { inside = !inside; next } inside && /^\$ .*words_collect/ { on = 1 }
	!inside { on = 0 } on' "$S/README.md" >session
replay() {
	while read -r line; do
		case $line in
		'$ '*) echo "$line" && eval "${line#??}" </dev/null ;;
		esac
	done <session
}
if command -v python3 >/dev/null && test -z "$KMEM_CFLAGS"; then
	ok 'what README shows is run' test -s session
	replay >played 2>&1
	clean 'and is what it says: three programs and python share a table' \
		"$(diff session played)"
else
	skip 'python3 is missing, or this is a sanitizer' 'what README shows'
	echo 'the cat in the hat the hat' | ./words_collect
	echo 2 | ./words_forget
fi
is "$(echo 9 | ./words_report | tr '\n' ' ')" '3 the 2 hat ' \
	'what is forgotten is not reported'
is "$(json shm.roots '.roots[] | select(.name == "example.words") | .name')" \
	example.words 'kmemd knows its name'

# While their input is open they run: begin NAME: $pid.
begin() {
	mkfifo "$1.in"
	"./$1" <"$1.in" >"$1.out" &
	pid=$!
}
listed() { # PID NAME
	test "$(json pkg.stats ".[] | select(.pid == $1) | .desc")" = "$2"
}
begin words_collect
collect=$pid
begin words_report
report=$pid
begin words_forget
forget=$pid
exec 4>words_collect.in 5>words_report.in 6>words_forget.in
echo 'some other words' >&4
for program in "$collect words_collect" "$report words_report" \
	"$forget words_forget"; do
	pid=${program% *}
	name=${program#* }
	# shellcheck disable=SC2086 # two words
	ok "$name is in pkg.stats" wait_until 20 listed $program
	like "$(json mem.top pkg "$pid" '.sites[].site')" \
		"^core: $name.c: main\([0-9]+\)$" 'mem.top has its own site'
done
has_words() {
	test "$(json mem.top shm ".sites[] | select(.site |
		test(\"words_collect.c: count\")) | .blocks")" = 5
}
ok 'mem.top of shm has the words, and who counted them' wait_until 20 has_words
kill -KILL "$collect"
wait "$collect" 2>/dev/null
echo 1 >&5
said() {
	grep -q '^3 the$' words_report.out
}
ok 'the others go on when one is killed' wait_until 20 said
exec 4>&- 5>&- 6>&-
wait "$report"
is $? 0 'report ends'
wait "$forget"
is $? 0 'forget ends'

# --- producers and consumers ---

./consumer 300 >taken &
consumer=$!
producers=
for who in a b c; do
	seq -f "$who %g" 100 | ./producer &
	producers="$producers $!"
done
# shellcheck disable=SC2086 # a list
wait $producers
wait "$consumer"
is $? 0 'a consumer has taken all messages'
is "$(sort taken | cksum)" \
	"$(for who in a b c; do seq -f "$who %g" 100; done | sort | cksum)" \
	'each of them once'
is "$(grep '^b' taken | head -n 3 | tr '\n' ' ')" 'b 1 b 2 b 3 ' \
	'those of one producer in their order'

# --- C++ ---

is "$(./visits alice | tr '\n' ' ')" 'alice 1 ' 'a std::map in shm'
is "$(./visits bob alice | tr '\n' ' ')" 'alice 2 bob 1 ' \
	'is there for the next program'
long=$(printf '%0200d' 7)
is "$(./visits "$long" | tail -n 1 | tr '\n' ' ')" 'bob 1 ' \
	'with long keys as well'

# --- README ---

cd "$S" || exit 99
clean 'README shows each example' "$(
	for file in tests/examples/*; do
		case $file in
		*.h | */local.mk) ;;
		*) grep -q "$(basename "$file" .c)" README.md || echo "$file" ;;
		esac
	done
)"
done_testing

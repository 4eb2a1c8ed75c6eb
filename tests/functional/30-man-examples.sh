#!/bin/sh
# SPDX-License-Identifier: ISC
# 30-man-examples.sh - each C example of the manual pages compiles; the program
# and the module among them run as the pages say.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/man.sh"

: "${CC:=cc}" "${KMEM_CFLAGS:=}" "${LINT_CFLAGS:=}"

# compile FLAGS... FILE: with the headers of this tree, as installed ones.
compile() {
	# shellcheck disable=SC2086 # lists
	$CC -std=gnu11 -Wall -Werror $KMEM_CFLAGS $LINT_CFLAGS \
		-I"$S/libclient" -I"$S" "$@"
}

for page in libkmem.3 km_attach.3 km_root_get.3 lock_get.3 shm_lock.3 pkg_malloc.3 shm_malloc.3 kmemd-module.3; do
	man_blocks "$page"
	n=0
	for block in "$T/$page".*; do
		grep -q '^#include' "$block" || continue
		n=$((n + 1))
		cp "$block" "$T/example.c"
		ok "man/$page: example $n compiles" \
			compile -c -o "$T/example.o" "$T/example.c"
	done
	compare "$n" -ge 1 "man/$page has an example"
done

# The structure that km_attach(3) shows is that of the header.
options() {
	sed -n '/^struct km_attach_options {/,/^}/s/^	[^;]*[ *]\([a-z_]*\);.*/\1/p' \
		"$1"
}
is "$(options "$(man_block km_attach.3 '^struct km_attach_options')")" \
	"$(options "$S/libclient/kmem.h")" \
	'km_attach(3) shows struct km_attach_options as it is'

# The structure that pkg_malloc(3) shows is that of the header.
members() {
	sed -n 's/^	size_t \([a-z_]*\);.*/\1/p' "$1"
}
is "$(members "$(man_block pkg_malloc.3 '^struct km_mem_info')")" \
	"$(members "$S/libclient/mem/info.h")" \
	'pkg_malloc(3) shows struct km_mem_info as it is'

# A program outside says what libkmem(3) shows, line breaks apart.
cp "$(man_block libkmem.3 '^int main')" "$T/hello.c"
words() {
	tr -s ' \t\n' '   '
}
build_hello() {
	(cd "$T" && compile -o hello hello.c -L"$B/libclient/.libs" -lkmem)
}
if test -e "$B/libclient/.libs/libkmem.so"; then
	ok 'the program of libkmem(3) is linked with the library' build_hello
	status 1 'and runs' env LD_LIBRARY_PATH="$B/libclient/.libs" "$T/hello"
	is "$(words <"$T/ok.out")" \
		"$(words <"$(man_block libkmem.3 'no pool, called')")" \
		'and prints what the page says'
else
	skip 'libkmem.so is not built' 'the program of libkmem(3) runs'
fi

# The module, built and loaded as kmemd-module(3) says.
cp "$(man_block kmemd-module.3 KMEMD_EXPORTS)" "$T/tally.c"
sed "s|\./|$T/|" "$(man_block kmemd-module.3 loadmodule)" | write_conf
build_tally() {
	(cd "$T" && compile -fPIC -shared -o tally.so tally.c)
}
ok 'the module of kmemd-module(3) is built' build_tally
start_kmemd -m 16
is "$(json pkg.stats '.[1].desc')" 'tally of calls' 'and loaded'
has_blocks() {
	json mem_dump_shm '.blocks[].site' | grep -q '^tally: tally.c: tally_init'
}
ok 'its blocks are named after it' has_blocks

# The program of km_attach(3), beside it.
cp "$(man_block km_attach.3 '^int main')" "$T/count.c"
build_count() {
	(cd "$T" && compile -o count count.c -L"$B/libclient/.libs" -lkmem)
}
if test -e "$B/libclient/.libs/libkmem.so"; then
	ok 'the program of km_attach(3) is linked with the library' build_count
	ok 'and runs' env KMEMD_ATTACH="$T/attach.sock" \
		LD_LIBRARY_PATH="$B/libclient/.libs" "$T/count"
	is "$(cat "$T/ok.out")" 'counted to 3' 'and counts with its children'
	ok 'and was listed by its name' wait_until 10 log_has '"counter" .*has left'
fi

pid=$(worker_pid 1)
kill -KILL "$pid"
replaced() {
	test "$(json core.psx '.[1].PID')" -ne "$pid" &&
		test "$(json core.psx '.[1].DSC')" = 'tally of calls'
}
ok 'a worker with it is replaced' wait_until 5 replaced
ok 'it stops' stop_kmemd
ok 'and the module has the last word' \
	log_has 'tally: [0-9]+ ticks of 2 workers'
unlike "$(cat "$KMEMD_LOG")" 'BUG|ERROR' 'without any error'

done_testing

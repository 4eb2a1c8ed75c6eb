#!/bin/sh
# SPDX-License-Identifier: ISC
# 80-preload.sh - kmemctl run: programs that know nothing of libkmem do the same
# on it as on libc's malloc, with kmemd and without, and kmemd sees them.
. "${srcdir:-.}/tests/functional/lib.sh"

library=$B/libclient/.libs/libkmem_preload.so
threads=$B/tests/functional/preload_threads
test -e "$library" || skip_all 'libkmem_preload.so is not built'
! grep -Eq '__(asan|tsan)_init' "$KMEMD" ||
	skip_all 'a sanitizer has a malloc() of its own'
KMEMD_ATTACH=$T/attach.sock
export KMEMD_ATTACH

run() {
	"$KMEMCTL" run -- "$@"
}

# output COMMAND...: all that it says, and its status.
output() {
	"$@" 2>&1 </dev/null
	echo "status $?"
}

# same NAME COMMAND...: preloaded it says what it says otherwise.
same() {
	name=$1
	shift
	output "$@" >"$T/plain"
	output run "$@" >"$T/run"
	if cmp -s "$T/plain" "$T/run"; then
		pass "$name"
	else
		not_ok "$name" "$(diff "$T/plain" "$T/run" | head -n 5)"
	fi
}

# same_if PROGRAM NAME COMMAND...: of one that may not be installed.
same_if() {
	if command -v "$1" >/dev/null; then
		shift
		same "$@"
	else
		skip "$1 is missing" "$2"
	fi
}

seq 20000 | sed 's/\(.*\)\(.\)$/\2 \1 some words/' >"$T/lines"
cat >"$T/load.sql" <<-'EOT'
	create table t(a integer primary key, b text);
	with recursive n(i) as (select 1 union all select i + 1 from n
		where i < 20000)
		insert into t select i, 'text ' || (i * 7919 % 10007) from n;
	create index x on t(b);
	select count(*), sum(length(b)), group_concat(a) from t
		where b like 'text 7%' group by b order by b limit 20;
EOT
cat >"$T/load.py" <<-'EOT'
	import json, threading
	data = [{"n": i, "s": "x" * (i % 700)} for i in range(3000)]
	text = json.dumps(data)
	assert json.loads(text) == data
	sums = []
	def work():
	    sums.append(sum(len(bytearray(i)) for i in range(0, 90000, 600)))
	threads = [threading.Thread(target=work) for _ in range(8)]
	for t in threads: t.start()
	for t in threads: t.join()
	print(len(text), sums)
EOT
cat >"$T/some.c" <<-'EOT'
	#include <stdio.h>
	struct pair { int a; double b; };
	static int twice(struct pair *p) { return p->a * 2; }
	int main(void) { struct pair p = { 3, 4 }; return printf("%d", twice(&p)); }
EOT
compile() { # COMPILER... : the object, not what is said
	rm -f "$T/some.o"
	"$@" -O2 -c "$T/some.c" -o "$T/some.o" && cksum <"$T/some.o"
}
many() { # WHEN: the programs
	same "$1: sh" sh -c 'for i in 1 2 3 4 5 6 7 8 9; do
		x="$x$(echo "$i" | sed "s/./& &/")"; done; echo "$x"; exit 7'
	same "$1: sort" sort -k 1n -k 2n "$T/lines"
	same "$1: awk" awk '{ n[$1] += $2; s[$2] = $0 } END { print n[3],
		length(s) }' "$T/lines"
	same_if sqlite3 "$1: sqlite3" sqlite3 :memory: ".read $T/load.sql"
	same_if python3 "$1: python3" python3 "$T/load.py"
	same_if git "$1: git" git hash-object "$T/lines" "$T/some.c"
	same "$1: threads and forks" "$threads"
	same "$1: C++" "$B/tests/functional/preload_new"
	is "$(compile run "${CC:-cc}")" "$(compile "${CC:-cc}")" "$1: the compiler"
}

many 'without kmemd'

start_kmemd -n 1
many 'with kmemd'
quiet() {
	! log_has 'BUG|CRITICAL|ERROR'
}
ok 'kmemd has nothing to complain of' quiet

# --- seen from outside ---

# begin PROGRAM ARGS...: $pid runs, and has written a line; it ends with 3>&-.
begin() {
	mkfifo "$T/in"
	"$KMEMCTL" run -- "$@" <"$T/in" >"$T/said" 2>&1 &
	pid=$!
	exec 3>"$T/in"
	rm "$T/in"
	wait_until 20 test -s "$T/said"
}
listed() { # PID
	test "$(json pkg.stats ".[] | select(.pid == $1) | .desc")" = \
		preload_threads
}
gone_from_list() { # PID
	! listed "$1"
}
begin "$threads" wait
ok 'the program is in pkg.stats' wait_until 20 listed "$pid"
is "$(json pkg.stats ".[] | select(.pid == $pid) | .rank")" -1 \
	'it is none of the workers'
ok 'core.psx has it' test -n "$(json core.psx ".[] | select(.PID == $pid)")"
is "$(json mem.top pkg "$pid" '.sites[0] | "\(.blocks) \(.bytes)"')" \
	'1 1234567' 'mem.top has its blocks'
like "$(json mem.top pkg "$pid" '.sites[0].site')" \
	'^preload_threads: /.*/preload_threads: \+0x[0-9a-f]*\(0\)$' \
	'and the place they come from'
if command -v addr2line >/dev/null; then
	like "$(ctl -l mem.top pkg "$pid")" \
		'site: preload_threads: .*/preload_threads\.c: [a-z_]+\([1-9][0-9]*\)' \
		'and with -l, function and line'
else
	skip 'addr2line is missing' 'function and line'
fi
like "$(json mem_dump_pkg "$pid" '.blocks[] | select(.size == 1234567) | .site')" \
	'^preload_threads: ' 'so has a dump'
ok 'its connection is out of the way of a shell' sh -c "
	for fd in 3 4 5 6 7 8 9; do
		! readlink /proc/$pid/fd/\$fd | grep -q socket || exit 1; done"
kill -STOP "$pid"
is "$(json mem.top pkg "$pid" '.sites[0].bytes')" 1234567 \
	'it is read while it is stopped'
kill -CONT "$pid"
exec 3>&-
wait "$pid"
is $? 0 'it ends as it does otherwise'
ok 'then it is listed no more' wait_until 20 gone_from_list "$pid"
begin "$threads" wait
ok 'another is listed' wait_until 20 listed "$pid"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
exec 3>&-
ok 'until it is killed' wait_until 20 gone_from_list "$pid"

# --- a program that is wrong ---

output run "$threads" twice >"$T/twice"
like "$(cat "$T/twice")" 'BUG|block is free already.*size 40, allocated at preload_threads: ' \
	'a double free is said on stderr'
like "$(cat "$T/twice")" 'still here' 'and changes nothing'

# --- kmemd that does not answer ---

kill -STOP "$kmemd_pid"
is "$(output run echo here)" "$(output echo here)" 'a stopped kmemd stops nobody'
kill -CONT "$kmemd_pid"

# --- kmemctl run itself ---

status 2 'a program must follow' "$KMEMCTL" run
status 2 'also behind --' "$KMEMCTL" run --
status 2 'one that exists' "$KMEMCTL" run -- "$T/nothing"
like "$(output "$KMEMCTL" run -- "$T/nothing")" \
	"kmemctl: run: cannot run $T/nothing: No such file .*\(give its path, or" \
	'and it says so, and what would help'
like "$(output "$KMEMCTL" run -- "$T")" \
	"cannot run $T: Permission denied \(is it a program" 'or what is none'
status 2 'not in a script' sh -c "echo 'run -- true' | $KMEMCTL"
is "$(run sh -c 'echo "$KMEMD_ATTACH"')" "$KMEMD_ATTACH" \
	'where to attach is left as it was'
is "$(LD_PRELOAD='' run sh -c 'echo "$LD_PRELOAD"')" \
	"$(realpath "$library")" 'the library is the one beside kmemctl'
mkdir "$T/bin"
cp "$KMEMCTL" "$T/bin/kmemctl"
if output "$T/bin/kmemctl" run -- true | grep -qx 'status 0'; then
	skip 'it is installed here' 'without the library'
else
	like "$(output "$T/bin/kmemctl" run -- true)" \
		'there is no libkmem_preload.so in ' 'without the library'
fi
done_testing

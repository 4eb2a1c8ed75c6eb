#!/bin/sh
# SPDX-License-Identifier: ISC
# preload.sh - programs under kmemctl run, against libc's malloc: wall clock and
# CPU time, medians of ROUNDS. Rows of make bench; nothing is asserted.
#
# By hand: cd build && ROUNDS=3 srcdir=.. sh ../tests/bench/preload.sh [ROW...]
. "${srcdir:-.}/tests/functional/lib.sh"

ROUNDS=${ROUNDS:-11}
library=$B/libclient/.libs/libkmem_preload.so
libc=$(ldd "$B/ctl/kmemctl" | sed -n 's/.*libc\.so[^ ]* => \([^ ]*\).*/\1/p')
rows=" $* "
KMEMD_ATTACH=$T/attach.sock
CCACHE_DISABLE=1
export KMEMD_ATTACH CCACHE_DISABLE

# wanted NAME PROGRAM: it is asked for, and installed.
wanted() {
	case $rows in
	"  " | *" $1 "*) ;;
	*) return 1 ;;
	esac
	command -v "$2" >/dev/null && return
	printf '%-24s %s is missing\n' "$1" "$2"
	return 1
}

pair() { # NAME COMMAND...
	"$B/tests/bench/bench_pair" "$ROUNDS" '' "$library" "$@"
}

# --- redis: what counts is the server's time ---

# Started as the benchmark says, against what is preloaded in the server alone.
redis() {
	sock=$T/redis.$$.sock
	LD_PRELOAD=$BENCH_LIBRARY redis-server --port 0 --unixsocket "$sock" \
		--save '' --dir "$T" >"$T/redis.log" &
	server=$!
	wait_until 20 redis-cli -s "$sock" ping
	redis-benchmark -s "$sock" -n 100000 -r 100000 -d 200 -q -P 8 \
		-t set,get,incr,lpush,lpop,sadd,hset,zadd,lrange_100,mset \
		>"$T/redis.out"
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' \
		"/proc/$server/stat"
	kill "$server"
	wait "$server"
}
if test -n "${BENCH_LIBRARY:-}"; then
	redis
	tap_done=yes
	exit 0
fi

# --- rows ---

start_kmemd -n 1 -m 16
printf '%-24s  %s\n' 'medians, seconds' \
	'wall     libc preloaded x     cpu     libc preloaded x'

# libc's own malloc also where the server is linked with another.
if wanted redis redis-server; then
	"$B/tests/bench/bench_pair" -o "$ROUNDS" "$libc" "$library" redis \
		sh "$S/tests/bench/preload.sh"
fi

cat >"$T/load.sql" <<-'EOT'
	create table t(a integer primary key, b text, c int);
	with recursive n(i) as (select 1 union all select i + 1 from n
		where i < 200000)
		insert into t select i, 'text ' || (i * 7919 % 100003), i % 997
		from n;
	create index x on t(b);
	select count(*), sum(length(b)) from (select b from t order by b);
	select c, count(*), group_concat(a) from t group by c limit 10;
EOT
wanted sqlite3 sqlite3 &&
	pair sqlite3 sqlite3 :memory: ".read $T/load.sql"

# Python itself, not what stands for it.
python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null)
for test in test_list test_dict test_json test_threading; do
	wanted "$test" python3 || continue
	if "$python" -c "import test.$test" 2>/dev/null; then
		pair "$test" sh -c "\"$python\" -m test $test || :"
	else
		printf '%-24s %s\n' "$test" 'python3 has no test modules'
	fi
done

if wanted git-log git || wanted git-repack git; then
	if git clone -q --bare "$S" "$T/repo" 2>/dev/null; then
		wanted git-log git && pair git-log git -C "$T/repo" log --stat
		wanted git-repack git &&
			pair git-repack git -C "$T/repo" repack -adfq
	else
		printf '%-24s %s\n' git 'the source is no repository'
	fi
fi

# Of the files that need no library.
compile="for f in slab.c slab_walk.c qm.c view.c heap.c status.c; do
	${CC:-gcc} -O2 -DMOD_NAME='\"core\"' -I$B -I$S -I$S/libclient \
		-c $S/libclient/mem/\$f -o $T/object.o || exit; done"
wanted cc "${CC:-gcc}" && pair cc sh -c "$compile"

# What a start costs, attaching included.
wanted true true &&
	pair true sh -c 'for i in 1 2 3 4 5; do for k in 1 2 3 4 5 6 7 8 9 10; do
		/bin/true; done; done'
KMEMD_ATTACH=
wanted true-alone true &&
	pair true-alone sh -c 'for i in 1 2 3 4 5; do
		for k in 1 2 3 4 5 6 7 8 9 10; do /bin/true; done; done'
stop_kmemd TERM
tap_done=yes

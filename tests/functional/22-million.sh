#!/bin/sh
# SPDX-License-Identifier: ISC
# 22-million.sh - a dump of a million live blocks: nothing is cut, the
# supervisor does not grow, others are answered, and a page costs a page.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/figures.sh"

N=1000000
# What the sanitizer makes slow is not what is tested.
! grep -q __asan_init "$KMEMD" || N=100000
start_with "$N"

ok 'a pool of a million blocks is dumped' measure_dump "$T/dump.txt" mem_dump_shm
note "$dump_s s; the supervisor grew by $grown_kb kB; core.shmmem:" \
	"$calls calls, p99 $p99 ms, worst $worst ms"
if grep -q __asan_init "$KMEMD"; then
	skip 'AddressSanitizer keeps what is freed' 'the supervisor does not grow'
else
	compare "$grown_kb" -lt 8192 'the supervisor grows by less than 8 MB'
fi
# How fast is for make bench-dump to say.
compare "$calls" -gt 100 'others are answered meanwhile'

# The block of 64 bytes that the module has as well.
awk '$1 == "address:" { print $2 }' "$T/dump.txt" | sort >"$T/addresses"
is "$(wc -l <"$T/addresses")" $((N + 1)) 'every block is there'
is "$(uniq "$T/addresses" | wc -l)" $((N + 1)) 'each of them once'
is "$(sed -n 's/^		*count: //p' "$T/dump.txt" | tr '\n' ' ')" "$N 1 " \
	'the sums have all of them'
is "$(sed -n 's/^	exact: //p' "$T/dump.txt")" true 'and the pages just these'

# A page in the middle costs nothing for the blocks before and behind it; the
# last one walks the whole pool.
cost_of() { # FROM: of 20 pages from there, in ticks
	cost_begin=$(ticks)
	"$CALLS" "$KMEMD_SOCK" call 20 mem_dump_shm "[$1]" || return
	echo $(($(ticks) - cost_begin))
}
# page_behind LINE of the sorted addresses: where one begins that is behind.
page_behind() {
	page_from=$(($(sed -n "${1}p" "$T/addresses") - base))
	ctl --json mem_dump_shm "$page_from" 2>"$T/ctl.err" | head -n 1 |
		jq .next.params.from
}
base=$(json cfg.get core shm_base .)
middle=$(cost_of "$(page_behind $((N / 2)))") last=$(cost_of "$(page_behind $((N - 1500)))")
note "20 pages: $middle ticks in the middle, $last at the end"
# Of so many blocks the last page's walk is what counts.
test "$N" -lt 1000000 ||
	compare "$((middle * 4))" -lt "$last" 'a page costs what it holds'

# The status by signal is written in slices too: of each block, then the sums.
ok 'the log is asked for' ctl cfg.set_now_int core memlog 1
ok 'of shm, blocks and sums' ctl cfg.set_now_int core mem_summary 10
start_watching
kill -USR1 "$kmemd_pid"
kill -USR1 "$kmemd_pid"
has_sums() {
	test "$(tail -n 100 "$KMEMD_LOG" | grep -c "count=$N ")" -ge 1
}
ok 'all of it is written' wait_until 60 has_sums
ok 'others are answered all the time' stop_watching
note "core.shmmem: $calls calls, p99 $p99 ms, worst $worst ms"
compare "$calls" -gt 100 'many times'
ok 'no more' ctl cfg.set_now_int core memlog 9
lines=$(grep -c ' N address=' "$KMEMD_LOG")
compare "$lines" -gt "$N" 'nothing is cut'

done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 26-pairs.sh - two dumps asked for back to back, a thousand times, while the
# workers allocate: two thousand answers, each of its own process, once.
. "${srcdir:-.}/tests/functional/lib.sh"

PAIRS=$B/tests/stress/pairs

write_conf <<-EOT
module_path = "$B/tests/functional/.libs"
loadmodule("trouble.so")
modparam("trouble", "act", "churn")
modparam("trouble", "rank", -1)
modparam("trouble", "n_shm", 20000)
EOT
start_kmemd -n 3
churning() {
	test "$(grep -c ' churns$' "$KMEMD_LOG")" -eq 3
}
ok 'all workers allocate' wait_until 5 churning

ok 'a thousand pairs are answered' \
	"$PAIRS" "$KMEMD_SOCK" 1000 "$(worker_pid 1)" "$(worker_pid 2)"
note "$(cat "$T/ok.out")"
like "$(cat "$T/ok.out")" '^pairs: 2000 answers' 'two thousand in all'

ok 'pairs with the supervisor itself' \
	"$PAIRS" "$KMEMD_SOCK" 10 "$kmemd_pid" "$(worker_pid 1)"
# A dump of many pages, of a pool that changes all the time.
# On a busy machine the workers may have had no turn.
notices_change() {
	ctl mem_dump_shm >"$T/dump.txt" && grep -q '^	exact: false' "$T/dump.txt"
}
ok 'a dump of shm meanwhile says that it changed' wait_until 20 notices_change
like "$(cat "$T/dump.txt")" '^	note: the pool changed meanwhile' \
	'and what can be relied on'
is "$(grep -c '^			site: .*: keep_shm(' "$T/dump.txt")" 20001 \
	'the blocks that stay are all there, and in the sums'
sed -n 's/^			address: //p' "$T/dump.txt" | sort >"$T/addresses"
is "$(uniq -d "$T/addresses" | wc -l)" 0 'none is there twice'

fails 'a pair with a stranger has an error' \
	"$PAIRS" "$KMEMD_SOCK" 1 "$kmemd_pid" $$

done_testing

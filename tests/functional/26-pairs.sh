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
fails 'a pair with a stranger has an error' \
	"$PAIRS" "$KMEMD_SOCK" 1 "$kmemd_pid" $$

done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# service.sh - how fast the running service is: its start, and its answers
# while it is attacked. Rows of make bench; nothing is asserted.
. "${srcdir:-.}/tests/functional/lib.sh"

RUNS=11
SIEGE_S=8

row() { # NAME TEXT
	printf '%-34s %s\n' "$1" "$2"
}

: >"$T/kmemd.conf"
row 'exec to first answer' "$("$B/tests/stress/first_answer" "$RUNS" \
	"$KMEMD_SOCK" "$KMEMD" -D -E -f "$T/kmemd.conf" -m 1024 -n 8 \
	-o "rpc_socket=$KMEMD_SOCK" -o "attach_socket=$T/attach.sock" \
	2>>"$T/start.log" | sed 's/^first_answer: //') (-m 1024 -n 8; goal 15 ms)"

write_conf <<EOT
module_path = "$B/tests/functional/.libs"
restart_backoff_min_ms = 10
restart_backoff_max_ms = 20
loadmodule("trouble.so")
modparam("trouble", "n_shm", 20000)
EOT
start_kmemd -n 4
row 'core.shmmem under all attacks' "$("$B/tests/stress/siege" "$KMEMD_SOCK" \
	"$kmemd_pid" "$SIEGE_S" | tail -n 1 | sed 's/ killed=.*//') (goal 50 ms)"
stop_kmemd TERM
tap_done=yes

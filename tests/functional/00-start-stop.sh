#!/bin/sh
# SPDX-License-Identifier: ISC
# 00-start-stop.sh - kmemd starts, answers, and leaves nothing behind.
. "${srcdir:-.}/tests/functional/lib.sh"

start_kmemd -n 2
ok 'it answers a ping' ctl core.ping
compare "$(worker_pids | wc -l)" -eq 2 'there are two workers'
ok 'its pidfile names it' grep -qx "$kmemd_pid" "$T/kmemd.pid"

ok 'SIGTERM ends it with status 0' stop_kmemd TERM
fails 'it answers no more' ctl core.ping
fails 'the socket is gone' test -e "$KMEMD_SOCK"

start_kmemd -n 1
ok 'SIGINT ends it with status 0' stop_kmemd INT

start_kmemd -n 2
ok 'core.shutdown is answered' ctl core.shutdown
ok 'and ends it with status 0' await_stop

done_testing

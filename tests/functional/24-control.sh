#!/bin/sh
# SPDX-License-Identifier: ISC
# 24-control.sh - ctl.*: who is connected, and to what; core.*: what runs.
. "${srcdir:-.}/tests/functional/lib.sh"

write_conf <<EOT
module_path = "$B/tests/functional/.libs"
loadmodule("trouble.so")
rpc_socket_mode = 0600
rpc_connections = 20
rpc_connections_per_uid = 10
EOT
start_kmemd -n 1 -m 16

# --- ctl.listen, as kamcmd's template for it wants it ---
is "$(json ctl.listen '[.[] | to_entries[].value] | join(" ")')" \
	"jsonrpc unix_stream $KMEMD_SOCK 0600" 'ctl.listen says where'
is "$(stat -c %a "$KMEMD_SOCK")" 600 'with the mode that the file has'

# --- ctl.who: a client that stays, while another one asks ---
stays() {
	mkfifo "$T/words"
	"$KMEMCTL" -s "$KMEMD_SOCK" <"$T/words" >"$T/stays.out" 2>&1 &
	client=$!
	exec 9>"$T/words"
	echo core.ping >&9
	wait_until 5 grep -q pong "$T/stays.out"
}
ok 'a client stays' stays
who() { # FILTER: of that client
	json ctl.who ".[] | select(.pid == $client) | $1"
}
is "$(json ctl.who length)" 2 'ctl.who shows it, and the one that asks'
is "$(who 'keys_unsorted | join(" ")')" \
	'pid uid gid role since idle requests running bytes_in bytes_out queued' \
	'with these keys'
is "$(who '"\(.uid) \(.gid) \(.role)"')" "$(id -u) $(id -g) admin" 'whose it is'
is "$(who '"\(.requests) \(.running) \(.queued)"')" '1 0 0' 'what it has asked'
line='{"jsonrpc":"2.0","result":"pong","id":1}'
is "$(who .bytes_out)" $((${#line} + 1)) 'and how much it got'
compare "$(who .bytes_in)" -ge 40 'and sent'
like "$(who .since)" '^[A-Z][a-z]+ [A-Z][a-z]+ [ 0-9]{2} [0-9:]{8} [0-9]{4}$' \
	'since when'
compare "$(who .idle)" -lt 60 'in seconds without a word from it'
echo core.version >&9
asked_twice() {
	test "$(who .requests)" = 2
}
ok 'its requests are counted' wait_until 5 asked_twice

# --- ctl.connections ---
is "$(json ctl.connections 'keys_unsorted | join(" ")')" \
	'connections max max_per_uid accepted refused requests queued max_queued' \
	'ctl.connections has these keys'
is "$(json ctl.connections '"\(.connections) \(.max) \(.max_per_uid)"')" \
	'2 20 10' 'the connections there are, and may be'
is "$(json ctl.connections .refused)" 0 'nobody was refused'
before=$(json ctl.connections '"\(.accepted) \(.requests)"')
after=$(json ctl.connections '"\(.accepted) \(.requests)"')
is "$after" "$((${before% *} + 1)) $((${before#* } + 1))" \
	'each call is one more, and its connection as well'
exec 9>&-
wait "$client"
only_one() {
	test "$(json ctl.connections .connections)" = 1
}
ok 'a client that has gone is not there any more' wait_until 5 only_one

# --- core.* ---
is "$(json core.arg 'join(" ")')" "$KMEMD -D -E -f $T/kmemd.conf -o rpc_socket=$KMEMD_SOCK \
-o attach_socket=$T/attach.sock -P $T/kmemd.pid -n 1 -m 16" \
	'core.arg is the command line'
is "$(json core.modules 'join(" ")')" trouble 'core.modules names the modules'
is "$(json core.flags .)" "$(json core.info .flags)" \
	'core.flags is that of core.info'
is "$(json core.runinfo 'keys_unsorted | join(" ")')" \
	'name version sourceid compiler compiled time_now time_started uptime_secs utime_days' \
	"core.runinfo has Kamailio's keys in their order"
is "$(json core.runinfo '"\(.name) \(.version)"')" "$(json core.version .)" \
	'its name and version'
like "$(json core.runinfo .utime_days)" '^0d 0h [0-9]+m [0-9]+s$' \
	'the time it runs, for people'
is "$(json core.runinfo .time_started)" "$(json core.uptime .up_since)" \
	'since when'
done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 26-roles.sh - other users at the socket: what each may do, and what it is
# told when it may not.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/man.sh"

test "$(id -u)" -eq 0 || skip_all 'only root can become other users'
command -v setpriv >/dev/null || skip_all 'setpriv is missing'

# They need not be able to read where this was built.
chmod 711 "$T"
cp "$KMEMCTL" "$T/kmemctl"
chmod 755 "$T/kmemctl"

# as UID GID GROUPS METHOD [ARGS]: by a user who need not have a name.
as() {
	as_uid=$1 as_gid=$2 as_groups=--groups=$3
	test -n "$3" || as_groups=--clear-groups
	shift 3
	setpriv --reuid="$as_uid" --regid="$as_gid" "$as_groups" \
		"$T/kmemctl" -s "$KMEMD_SOCK" "$@"
}

# may STATUS NAME UID GID GROUPS METHOD: 0 it may, 1 it is denied.
may() {
	may_status=$1 may_name=$2
	shift 2
	as "$@" >"$T/out" 2>&1
	is "$?" "$may_status" "$may_name"
}
denied() { # the last one was, and this is what it said
	is "$(cat "$T/out")" "kmemctl: $1" "$2"
}

# --- nobody has said anything: others look at sums ---
start_kmemd -n 1 -m 16 -o rpc_socket_mode=0666
may 0 'everybody may look at sums' 4001 4002 '' core.shmmem
may 1 'but not at blocks' 4001 4002 '' mem_dump_shm
may 1 'nor stop the service' 4001 4002 0 core.shutdown
pid=$(sed -n 's/.*(pid \([0-9]*\)).*/\1/p' "$T/out")
denied "core.shutdown: Denied: core.shutdown needs role admin, uid 4001 \
(pid $pid) has role read (name uid 4001 in rpc_admin_users, or a group of it \
in rpc_admin_groups, and restart)" 'and is told who it is, and what would help'
man_blocks kmemd-rpc.7
sed -n 's/^<-- *//p' "$(man_block kmemd-rpc.7 'needs role dump')" >"$T/example"
as 1000 1000 '' mem_dump_shm >"$T/out" 2>&1
is "$(sed 's/^kmemctl: mem_dump_shm: \(.*\) (\(name .*\))$/\1\2/
	s/(pid [0-9]*)/(pid)/' "$T/out" | tr -d ' \n')" \
	"$(tr -d ' \n' <"$T/example" | sed 's/.*"message":"\([^"]*\)".*"hint":"\([^"]*\)".*/\1\2/
	s/(pid[0-9]*)/(pid)/')" 'as the example of kmemd-rpc(7) has it'
is "$(as 4001 4002 '' --json ctl.who | jq -r '.[] | select(.uid == 4001) |
	"\(.gid) \(.role)"')" '4002 read' 'ctl.who shows its role'
may 0 'root may do all' 0 4002 '' cfg.set_now_int core memlog 4
ok 'it stops' stop_kmemd

# --- lists of users and groups, with and without a name ---
write_conf <<EOT
rpc_socket_mode = 0666
rpc_read_users = "4001 daemon"
rpc_read_groups = "4100"
rpc_dump_users = "4003"
rpc_dump_groups = "4200, 4201"
rpc_admin_users = "4005"
rpc_admin_groups = "4300"
EOT
start_kmemd -n 1 -m 16
daemon=$(id -u daemon)
may 0 'a user of rpc_read_users reads' 4001 1 '' core.ping
may 0 'by its name as well' "$daemon" 1 '' core.ping
may 0 'a gid of rpc_read_groups reads' 4009 4100 '' core.ping
may 0 'a supplementary group too' 4009 1 2,3,4100 core.ping
may 1 'it does not dump' 4009 1 2,3,4100 mem_dump_shm
may 0 'a user of rpc_dump_users dumps' 4003 1 '' mem_dump_shm
may 0 'and reads' 4003 1 '' core.ping
may 1 'and changes nothing' 4003 1 '' cfg.set_now_int core memlog 4
may 0 'a group of rpc_dump_groups dumps' 4009 1 4201 mem_dump_shm
may 0 'the highest role of several counts' 4001 4100 4200 mem_dump_shm
may 0 'a user of rpc_admin_users changes' 4005 1 '' \
	cfg.set_now_int core memlog 4
may 0 'a group of rpc_admin_groups changes' 4009 1 4300 \
	cfg.set_now_int core memlog 4
may 1 'somebody else has no role' 4009 1 2,3 core.ping
pid=$(sed -n 's/.*(pid \([0-9]*\)).*/\1/p' "$T/out")
denied "core.ping: Denied: uid 4009 (pid $pid) has no role (name uid 4009 in \
rpc_read_users, or a group of it in rpc_read_groups, and restart)" \
	'and is told so'
ok 'which is in the log' log_has \
	'rpc: pid [0-9]+ \(uid 4009\): Denied: uid 4009 \(pid [0-9]+\) has no role'
ok 'it stops' stop_kmemd

# --- a name that does not exist ---
status 1 'a name that does not exist is found before the start' \
	"$KMEMD" -c -f "$T/kmemd.conf" -o 'rpc_dump_groups=no-such-group'
like "$(cat "$T/ok.out")" 'rpc_dump_groups: there is no group "no-such-group"' \
	'and named'
done_testing

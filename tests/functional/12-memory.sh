#!/bin/sh
# SPDX-License-Identifier: ISC
# 12-memory.sh - what the chunk is made of, and whom the service runs as.
. "${srcdir:-.}/tests/functional/lib.sh"

# Kilobytes of the chunk that are really there.
resident() {
	awk '/memfd:kmemd-shm/ { on = 1 } on && /^Rss/ { print $2; exit }' \
		"/proc/$kmemd_pid/smaps"
}

status_of() { # FIELD PID
	sed -n "s/^$1:[	 ]*\([0-9]*\).*/\1/p" "/proc/$2/status"
}

segments() { # of SysV, which one of the service's processes created
	awk -v pid="$kmemd_pid" '$5 == pid' /proc/sysvipc/shm
}

start_kmemd -n 2 -m 256
compare "$(resident)" -lt 8192 'a chunk of 256 MB is sparse'
ok 'it stops' stop_kmemd

start_kmemd -n 1 -m 16 -o shm_force_alloc=yes
compare "$(resident)" -ge 16384 'with shm_force_alloc all of it is there'
ok 'it stops' stop_kmemd

if grep -q __asan_init "$KMEMD"; then
	skip 'AddressSanitizer locks no pages' 'mlock_pages'
else
	start_kmemd -n 1 -m 16 -o mlock_pages=yes
	compare "$(status_of VmLck "$kmemd_pid")" -gt 0 \
		'with mlock_pages the supervisor locks its pages'
	compare "$(status_of VmLck "$(worker_pid 1)")" -gt 0 \
		'and so does a worker'
	ok 'it stops' stop_kmemd
fi

start_kmemd -n 2 -o shm_backend=sysv
is "$(segments | wc -l)" 1 'the chunk can be a SysV segment'
is "$(segments | awk '{ print $3 % 1000 }')" 600 'for its owner alone'
is "$(json core.shmmem .total)" 67108864 'of the right size'
for pid in $(worker_pids) "$kmemd_pid"; do
	kill -KILL "$pid"
done
wait "$kmemd_pid" 2>/dev/null
gone_segment() {
	test -z "$(segments)"
}
ok 'nothing of it is left when all are killed' wait_until 5 gone_segment
kmemd_pid=

if test "$(id -u)" -ne 0; then
	skip 'not root' 'privileges are dropped'
	done_testing
fi
user=nobody group=$(id -gn nobody)
chmod 755 "$T"
start_kmemd -n 2 -u "$user" -o shm_backend=sysv -o rpc_socket_mode=0600
is "$(stat -c %U "/proc/$kmemd_pid")" "$user" 'the supervisor runs as the user'
is "$(stat -c %U "/proc/$(worker_pid 1)")" "$user" 'and so does a worker'
is "$(status_of Gid "$kmemd_pid")" "$(id -g nobody)" 'with its group'
is "$(segments | awk '{ print $8 }')" "$(id -u nobody)" \
	'the SysV segment belongs to it'
is "$(stat -c '%U %G %a' "$KMEMD_SOCK")" "$user $group 600" \
	'and the socket, with the mode that is asked for'
pid=$(worker_pid 1)
kill -KILL "$pid"
replaced() {
	test "$(json core.psx '.[1].PID')" -ne "$pid" && ctl core.ping
}
ok 'a dead worker is replaced without privileges' wait_until 5 replaced
ok 'it stops' stop_kmemd
rm -f "$KMEMD_SOCK" # it stands in a folder that only root may write

if ! grep -q __asan_init "$KMEMD" &&
	prlimit --memlock=unlimited true 2>/dev/null; then
	start_kmemd -n 1 -u "$user" -o mlock_pages=yes
	compare "$(status_of VmLck "$(worker_pid 1)")" -gt 0 \
		'pages are locked without privileges as well'
	ok 'it stops' stop_kmemd
	rm -f "$KMEMD_SOCK"
else
	skip 'the limit of locked memory cannot be raised here' \
		'pages are locked without privileges as well'
fi

# Those who may connect, but are not the service's user, may only look.
start_kmemd -n 1 -o rpc_socket_group="$group"
is "$(stat -c '%G %a' "$KMEMD_SOCK")" "$group 660" 'the socket has its group'
as_nobody() {
	setpriv --reuid="$user" --regid="$group" --clear-groups \
		"$KMEMCTL" -s "$KMEMD_SOCK" "$@"
}
if command -v setpriv >/dev/null; then
	ok 'a member of the group may look' as_nobody core.shmmem
	status 1 'and may not stop the service' as_nobody core.shutdown
	ok 'which goes on' ctl core.ping
	status 1 'nobody cannot become another user' \
		setpriv --reuid="$user" --regid="$group" --clear-groups \
		"$KMEMD" -D -E -f /dev/null -u daemon
	like "$(cat "$T/ok.out")" \
		'^cannot become user [0-9]+: .*start kmemd as root' \
		'and is told so, before anything else'
else
	skip 'setpriv is missing' 'a member of the group may look'
fi

done_testing

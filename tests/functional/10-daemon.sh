#!/bin/sh
# SPDX-License-Identifier: ISC
# 10-daemon.sh - the start in the background, and the reasons it may fail for.
. "${srcdir:-.}/tests/functional/lib.sh"

MODULES=$B/tests/functional/.libs
: >"$T/kmemd.conf"

# background [arguments...]: as an init script would start it.
background() {
	"$KMEMD" -f "$T/kmemd.conf" -P "$T/kmemd.pid" -o debug=3 \
		-o "rpc_socket=$KMEMD_SOCK" -o "attach_socket=$T/attach.sock" \
		-o "module_path=$MODULES" -E "$@" 2>>"$KMEMD_LOG" </dev/null
}

service_pid() {
	cat "$T/kmemd.pid"
}

# refuses REASON NAME [arguments...]: exit status 1, with this reason.
refuses() {
	refuses_reason=$1 refuses_name=$2
	shift 2
	status 1 "$refuses_name" "$KMEMD" -f "$T/kmemd.conf" \
		-P "$T/kmemd.pid" -o "rpc_socket=$KMEMD_SOCK" \
		-o "attach_socket=$T/attach.sock" \
		-o "module_path=$MODULES" -o disable_core_dump=yes -n 2 "$@"
	test ! -e "$T/kmemd.pid" || track "$(service_pid)"
	like "$(cat "$T/ok.out")" "$refuses_reason" "... and says why"
	fails '... and leaves no pidfile' test -e "$T/kmemd.pid"
}

stopped() {
	! test -e "$T/kmemd.pid"
}

# Its standard output ends when it answers: nobody keeps it open.
out=$(background -n 2)
is "$?:$out" '0:' 'the parent exits with 0 and no output'
pid=$(service_pid)
track "$pid"
ok 'the service answers at once' ctl core.ping
is "$(ps -o sid= -p "$pid" | tr -d ' ')" "$pid" 'it has a session of its own'
is "$(readlink "/proc/$pid/cwd")" / 'it stands in the root directory'
is "$(tr -d '\0' <"/proc/$pid/cmdline")" 'kmemd: supervisor' 'it has a title'
is "$(tr -d '\0' <"/proc/$(worker_pid 2)/cmdline")" 'kmemd: worker 2' \
	'so have its workers'
is "$(readlink "/proc/$(worker_pid 1)/fd/0" "/proc/$(worker_pid 1)/fd/1")" \
	'/dev/null
/dev/null' 'workers let go of the terminal too'

status 1 'a second one does not start' background -n 1
like "$(cat "$KMEMD_LOG")" "process $pid, which holds the pidfile" \
	'and says who holds the pidfile'
status 1 'with another pidfile it does not either' \
	background -n 1 -P "$T/other.pid"
like "$(cat "$KMEMD_LOG")" 'another process listens on it' \
	'because the socket is taken'
fails 'its pidfile is gone' test -e "$T/other.pid"
ok 'the first one still answers' ctl core.ping
status 1 'no module has a block' ctl mod.stats nix
like "$(cat "$T/ok.out")" 'module "nix" \(no module has one\)' 'and it is told so'

kill -TERM "$pid"
ok 'SIGTERM ends it' wait_until 5 stopped

refuses 'no such user' 'an unknown user' -u no-such-user-here
refuses 'does not begin with /' 'a relative socket' -o rpc_socket=x.sock
refuses 'slab is too small: 8 MB are enough .*shm_mem_size' 'too small a pool' \
	-m 7 -o shm_max_mem_size=1000
refuses 'pkg_base' 'an address that is taken' -o pkg_base=0x7e9000000000 \
	-o shm_base=0x7e9000000000
refuses 'socket .*/nowhere/sock' 'a socket in a folder that is not there' \
	-o "rpc_socket=$T/nowhere/sock"
refuses 'socket .*/nowhere/attach' 'a folder for programs that is not there' \
	-o "attach_socket=$T/nowhere/attach"
refuses 'pkg pool at .*Cannot allocate memory' 'an address too high' \
	-o pkg_base=0x7fffffff0000

for how in 'fail:child_init fails in rank 1' 'exit:exited with status 7' \
	'crash:killed by signal 11' 'hang:not ready within 200 ms'; do
	echo 'loadmodule("trouble.so")
	modparam("trouble", "act", "'"${how%%:*}"'")' >"$T/kmemd.conf"
	refuses "${how#*:}" "a worker that does ${how%%:*}" \
		-o ready_timeout_ms=200
done
echo 'loadmodule("trouble.so")
modparam("trouble", "fail_init", 1)' >"$T/kmemd.conf"
refuses 'mod_init fails' 'a module that fails'

status 2 'an option that is not there' "$KMEMD" --nonsense
ok 'the configuration can be checked' "$KMEMD" -c -f "$T/kmemd.conf" \
	-o "module_path=$MODULES"

done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 58-takeover.sh - kmemd is killed: programs go on, and the next one takes the
# chunk over, with the living and the dead.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/member.sh"

command -v pkg-config >/dev/null || skip_all 'pkg-config is missing'
install_kmem
for name in alpha beta gamma; do
	ok "$name builds" build_member "$name"
done

kill_supervisor() {
	kill -KILL "$kmemd_pid"
	wait "$kmemd_pid" 2>/dev/null
	kmemd_pid=
}

entry() { # PID FILTER: of pkg.stats
	json pkg.stats ".[] | select(.pid == $1) | $2"
}

# kill_member NAME
kill_member() {
	kill -KILL "$(member_pid "$1")"
	wait "$(member_pid "$1")" 2>/dev/null
}

# orphans NAME: bytes that a dead program of this name has left.
orphans() {
	json shm.orphans \
		"[.processes[] | select(.name == \"$1\") | .bytes] | add // 0"
}

# --- the next one ---

start_kmemd -n 2
start_member alpha
tell alpha attach 0
start_member beta
tell beta attach 0
tell alpha shm 100
block=$answer
tell alpha write "$block" hello
tell alpha pkg 333
tell beta shm 5000
used=$(json core.shmmem .used)
first=$kmemd_pid
kill_supervisor
tell alpha read "$block"
is "$answer" hello 'kmemd is killed: a program has what it had'
tell alpha shm 1000
like "$answer" '^0x' '... and allocates'
kill_member beta
start_kmemd -n 2
ok 'another kmemd starts' test "$kmemd_pid" -ne "$first"
ok 'it goes on with the chunk' log_has \
	'the chunk of the kmemd before goes on, kept by pid [0-9]+: 64 MB under slab'
ok '... and has settled what the dead have left' log_has \
	'participants have died meanwhile: settled'
compare "$(json core.shmmem .used)" -ge $((used + 1000)) 'nothing is lost'
is "$(json core.shmmem '.total - .free - .real_used')" 0 'the accounts agree'
is "$(entry "$(member_pid alpha)" .desc)" alpha 'the living are listed'
is "$(entry "$(member_pid alpha)" .rank)" -1 '... as programs'
is "$(json mem_dump_pkg "$(member_pid alpha)" '.blocks[0].size')" 333 \
	'... with their pkg pool'
is "$(entry "$(member_pid beta)" .pid)" '' 'the dead are not'
is "$(orphans beta)" 5000 '... but their blocks are, as orphans'
ok '... which the log tells' wait_until 10 log_has \
	'beta \(pid [0-9]+\) has left 5000 bytes in 1 blocks'
tell alpha read "$block"
is "$answer" hello 'the program has noticed nothing'
start_member gamma
tell gamma attach 0
tell gamma read "$block"
is "$answer" hello 'others join the same chunk'
tell alpha fork 10
like "$answer" '^[0-9]+ 0x' 'a child of a program from before allocates'
kill -KILL "${answer%% *}"
alpha_left() {
	test -z "$(entry "$(member_pid alpha)" .pid)"
}
kill_member alpha
ok 'the death of a program from before is noticed' wait_until 10 alpha_left
compare "$(orphans alpha)" -ge 1100 '... its blocks are orphans'

# --- one who leaves while nobody listens ---

kill_supervisor
start_kmemd -n 0
tell gamma detach
tell gamma attach 0
is "$answer" attached 'a program from before may leave and come again'
is "$(json pkg.stats "[.[] | select(.pid == $(member_pid gamma))] | length")" 1 \
	'... and is listed once'

# --- a child that finds nobody, and then the next one comes ---

ok 'beta is built to hear late' build_member beta \
	"$S/tests/outside/late_connect.c"
LATE_CONNECT=$T/nobody start_member beta
tell beta attach 0
kill_supervisor
echo 'fork 321' >&5
ok 'a child finds no kmemd' wait_until 10 test -e "$T/nobody"
start_kmemd -n 0
rm "$T/nobody"
read -r answer <&6
like "$answer" '^[0-9]+ 0x' '... and joins when the next one is there'
child=${answer%% *}
is "$(entry "$child" .pid)" "$child" '... which lists it'
kill -KILL "$child"
ok '... and sees it die' wait_until 10 log_has \
	"\(pid $child\) has left 321 bytes in 1 blocks"
kill_member beta

# --- more programs than descriptors that the next one starts with ---

children=
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	tell gamma fork "$n"
	children="$children ${answer%% *}"
done
programs='[.[] | select(.rank == -1)] | length'
all=$(json pkg.stats "$programs")
compare "$all" -gt 20 'there are many programs'
kill_supervisor
# shellcheck disable=SC3045 # dash and bash have it
files=$(ulimit -S -n)
# shellcheck disable=SC3045
ulimit -S -n 40
start_kmemd -n 0
# shellcheck disable=SC3045
ulimit -S -n "$files"
is "$(json pkg.stats "$programs")" "$all" 'all of them are watched again'
is "$(json shm.stats .used | grep -c .)" 1 '... and it answers'
# shellcheck disable=SC2086 # a list
kill -KILL $children

# --- a child that finds nobody, and the next one refuses it ---

LATE_CONNECT=$T/nobody start_member beta
tell beta attach 0
kill_supervisor
echo 'fork 321' >&5
ok 'another child finds no kmemd' wait_until 10 test -e "$T/nobody"
start_kmemd -n 0 -o attach_programs=1
rm "$T/nobody"
read -r answer <&6
like "$answer" '^[0-9]+ null' '... and gets nothing where the next has no room'
kill -KILL "${answer%% *}"
kill_member beta

# --- stopped is not dead ---

kill -STOP "$(member_pid gamma)"
tell_stopped() {
	test "$(ps -o stat= -p "$(member_pid gamma)" | cut -c1)" = T
}
ok 'a program is stopped' wait_until 10 tell_stopped
kill_supervisor
start_kmemd -n 1
is "$(entry "$(member_pid gamma)" .desc)" gamma 'a stopped program is alive'
kill -CONT "$(member_pid gamma)"
tell gamma shm 10
like "$answer" '^0x' '... and goes on'

# --- core.reexec ---

pid=$kmemd_pid worker=$(worker_pid 1)
tell gamma shm 100
block=$answer
tell gamma write "$block" again
used=$(json core.shmmem .used)
is "$(ctl core.reexec)" 'going on as another' 'core.reexec'
is_another() {
	ctl core.ping && test "$(worker_pid 1)" != "$worker"
}
ok '... another kmemd serves' wait_until 20 is_another
is "$(json core.psx '.[0].PID')" "$pid" '... in the same process'
ok '... with the same chunk' log_has 'goes on, kept by this process'
compare "$(json core.shmmem .used)" -ge $((used - 1000)) '... and what is in it'
is "$(entry "$(member_pid gamma)" .desc)" gamma '... with its programs'
tell gamma read "$block"
is "$answer" again '... who notice nothing'
ok 'it can be stopped' stop_kmemd

# --- when there is no way ---

start_kmemd -n 0 -o shm_takeover=no
compare "$(json core.shmmem .used)" -lt 1000 'with shm_takeover = no, a new chunk'
ok 'it stops' stop_kmemd
kill_member gamma
start_kmemd -n 0
ok 'without a holder, a new chunk, which is said' log_has \
	'a new chunk: nobody holds one of an earlier kmemd'
ok 'it stops' stop_kmemd
start_kmemd -n 1 -o shm_backend=sysv
fails 'a SysV chunk is not handed over' ctl core.reexec
like "$(ctl core.reexec 2>&1)" 'shm_backend = "memfd" can' '... which is said'
start_member alpha
tell alpha attach 0
tell alpha shm 5000
block=$answer
tell alpha write "$block" kept
kill_supervisor
start_kmemd -n 1 -o shm_backend=sysv
ok '... nor taken over: the next one has a new one, and says so' log_has \
	'a new chunk, of SysV shared memory, which is never taken over: programs'
compare "$(json core.shmmem .used)" -lt 1000 '... which is empty'
is "$(entry "$(member_pid alpha)" .pid)" '' '... without the program'
tell alpha read "$block"
is "$answer" kept '... which keeps its own'
tell alpha shm 100
like "$answer" '^0x' '... and allocates there'
tell alpha fork 10
like "$answer" '^[0-9]+ 0x' '... and so does its child'
child=${answer%% *}
is_unlisted() {
	test -z "$(entry "$child" .pid)"
}
ok '... which is not listed as a program of the other' \
	wait_until 10 is_unlisted
kill -KILL "$child"
tell alpha detach
tell alpha attach 0
is "$answer" attached '... until it attaches again'
is "$(entry "$(member_pid alpha)" .desc)" alpha '... and is listed'
ok 'it stops' stop_kmemd

# --- an observer ---

start_kmemd -n 0
start_member beta
tell beta attach 2
is "$(entry "$(member_pid beta)" .desc)" beta 'an observer is listed'
tell alpha detach
tell alpha attach 0
tell alpha shm 100
block=$answer
tell alpha write "$block" seen
kill_supervisor
start_kmemd -n 0
tell beta read "$block"
is "$answer" seen 'with the next kmemd it reads on'
is "$(entry "$(member_pid beta)" .pid)" "$(member_pid beta)" '... and is listed'
like "$(entry "$(member_pid beta)" .used)" '^[0-9]+$' '... with its pkg pool'
beta=$(member_pid beta)
kill -KILL "$beta"
ok '... until it dies' wait_until 10 log_has "\(pid $beta, .*ended"
is "$(entry "$beta" .pid)" '' '... and is forgotten'

end_members
done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 13-backings.sh - whatever the memory is made of, the service is the same: on
# SysV segments, without memfd, and after privileges were dropped.
. "${srcdir:-.}/tests/functional/lib.sh"

NO_MEMFD=$B/tests/stress/no_memfd
SERVICE=$KMEMD

cat >"$T/without" <<EOT
#!/bin/sh
exec "$NO_MEMFD" "$SERVICE" "\$@"
EOT
chmod +x "$T/without"

segments() { # of SysV, which one of the service's processes created
	awk -v pid="$kmemd_pid" '$5 == pid' /proc/sysvipc/shm
}

replaced() { # RANK OLD-PID
	test "$(worker_pid "$1")" -ne "$2" &&
		log_has "worker $1 \(pid $(worker_pid "$1")\) has replaced"
}

# dumped PID: with the one block that trouble took before the fork.
dumped() {
	is "$(json mem_dump_pkg "$1" '.blocks[] | "\(.size) \(.owner)"')" \
		"64 $1" "$how: ... pool of process $1 can be dumped"
}

all_dumped() {
	for pid in $(json core.psx '.[].PID'); do
		dumped "$pid"
	done
}

copies_are_private() {
	is "$(sed -n 's/.*before the fork" at \(0x[0-9a-f]*\),.*/\1/p' \
		"$KMEMD_LOG" | sort -u | wc -l)" 1 \
		"$how: what was stored before the fork has one address"
	is "$(grep -c 'rank [0-9] has "stored before' "$KMEMD_LOG")" 4 \
		"$how: and is in all processes"
}

# the_same HOW [kmemd arguments...]
the_same() {
	how=$1
	shift
	cat >"$T/kmemd.conf" <<-EOT
	module_path = "$B/tests/functional/.libs"
	restart_backoff_min_ms = 10
	loadmodule("trouble.so")
	EOT
	start_kmemd -n 3 "$@"
	is "$(json core.shmmem .total)" 67108864 "$how: it answers"
	is "$(json pkg.stats 'map(.used) | add')" 256 "$how: pkg.stats are right"
	copies_are_private
	all_dumped
	is "$(json mem_dump_shm '.blocks[].size')" 64 "$how: shm can be dumped"
	dead=$(worker_pid 2)
	kill -KILL "$dead"
	ok "$how: a dead worker is replaced" wait_until 5 replaced 2 "$dead"
	# Its pool is a copy of the supervisor's, which has changed it.
	all_dumped
}

nothing_left() {
	clean "$how: no segment is left $1" "$(left_segments)"
}

killed() {
	pids="$kmemd_pid $(worker_pids)"
	# shellcheck disable=SC2086 # a list
	kill -KILL $pids
	wait "$kmemd_pid" 2>/dev/null
	kmemd_pid=
	ok "$how: all are killed" wait_until 5 no_process_left
	nothing_left 'when all are killed'
}

# --- SysV for the chunk, as asked for ---

the_same sysv -o shm_backend=sysv
is "$(segments | wc -l)" 1 'the chunk is a SysV segment'
fails 'and not a memfd' grep -q memfd:kmemd-shm "/proc/$kmemd_pid/maps"
ok 'it stops' stop_kmemd
nothing_left 'after a stop'
the_same 'sysv again' -o shm_backend=sysv
killed

# --- no memfd at all ---

"$NO_MEMFD" true
if test $? -eq 77; then
	skip 'no seccomp filters here' 'without memfd the service is the same'
	done_testing
fi
KMEMD=$T/without
the_same 'no memfd'
ok 'the log says why it is not memfd' log_has \
	'segment kmemd-shm: memfd of 67108864 bytes: Function not implemented'
fails 'there is none' grep -q memfd: "/proc/$kmemd_pid/maps"
compare "$(segments | wc -l)" -ge 2 'chunk and pools are SysV segments'
ok 'it stops' stop_kmemd
nothing_left 'after a stop'
the_same 'no memfd again'
killed

# --- as another user ---

if test "$(id -u)" -ne 0; then
	skip 'not root' 'privileges are dropped'
	done_testing
fi
chmod 755 "$T"
id=$(id -u nobody)
ids() { # FIELD PID: real, effective, saved and that of files
	sed -n "s/^$1:[	 ]*//p" "/proc/$2/status" | tr '\t' ' '
}
the_same 'no memfd, as nobody' -u nobody
for pid in $(json core.psx '.[].PID'); do
	is "$(ids Uid "$pid")" "$id $id $id $id" 'none of its uids is another'
	is "$(ids Gid "$pid" | tr ' ' '\n' | sort -u)" "$(id -g nobody)" \
		'nor of its gids'
	fails 'nor of its groups' grep -Eq '^Groups:.*\<0\>' "/proc/$pid/status"
	is "$(sed -n 's/^CapEff:[	 ]*//p;s/^CapPrm:[	 ]*//p' \
		"/proc/$pid/status" | sort -u)" 0000000000000000 \
		'and it has no capability to get one back'
done
is "$(segments | awk '{ print $8 }' | sort -u)" "$id" \
	'every segment belongs to it'
is "$(segments | awk '{ print $3 % 1000 }' | sort -u)" 600 'and to nobody else'
killed
rm -f "$KMEMD_SOCK" "$T/attach.sock" "$T/kmemd.pid" # in a folder that only root may write
KMEMD=$SERVICE
the_same 'as nobody' -u nobody
killed
rm -f "$KMEMD_SOCK" "$T/attach.sock" "$T/kmemd.pid"

done_testing

# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# figures.sh - what a dump of very many blocks costs: a part of tests and bench.
# shellcheck disable=SC2034,SC2154 # shared with lib.sh, and with whoever asks

CALLS=$B/tests/stress/calls

# start_with N_SHM: a service whose shm pool has so many blocks, and a few.
start_with() {
	write_conf <<-EOT
	module_path = "$B/tests/functional/.libs"
	loadmodule("trouble.so")
	modparam("trouble", "n_shm", $1)
	EOT
	start_kmemd -n 2 -m 256
}

own_kb() { # the supervisor's memory that is nobody else's
	awk '/^RssAnon/ { print $2 }' "/proc/$kmemd_pid/status"
}

ticks() { # of processor time that the supervisor has used
	awk '{ print $14 + $15 }' "/proc/$kmemd_pid/stat"
}

is_watching() {
	grep -q watching "$T/watch.out"
}

# Another client calls core.shmmem all the time.
start_watching() {
	"$CALLS" "$KMEMD_SOCK" watch 0 >"$T/watch.out" 2>&1 &
	watch_pid=$!
	wait_until 5 is_watching
}

# Then there are calls, p99 and worst, in ms.
stop_watching() {
	kill -TERM "$watch_pid"
	wait "$watch_pid" || return 1
	# shellcheck disable=SC2046 # words
	set -- $(tail -n 1 "$T/watch.out")
	calls=$1 worst=$2 p99=$3
}

# Looks at the memory as well.
dump_is_over() {
	figure_kb=$(own_kb)
	test "$figure_kb" -le "$peak_kb" || peak_kb=$figure_kb
	gone "$dump_pid"
}

# measure_dump FILE METHOD [ARGS]: into FILE, watched. Then there are dump_s and
# grown_kb as well. Returns the status of the dump.
measure_dump() {
	figure_file=$1
	shift
	before_kb=$(own_kb) peak_kb=0
	start_watching || return 1
	figure_begin=$(date +%s%N)
	ctl "$@" >"$figure_file" &
	dump_pid=$!
	wait_until 120 dump_is_over || return 1
	dump_s=$(echo "$figure_begin $(date +%s%N)" |
		awk '{ printf "%.1f", ($2 - $1) / 1e9 }')
	grown_kb=$((peak_kb - before_kb))
	stop_watching || return 1
	wait "$dump_pid"
}

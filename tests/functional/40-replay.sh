#!/bin/sh
# SPDX-License-Identifier: ISC
# 40-replay.sh - the recorded workload is played as it was recorded.
. "${srcdir:-.}/tests/functional/lib.sh"

trace=$S/tests/data/sip-trace.txt.gz
modules=$B/daemon/modules/.libs

# configure [NAME=VALUE...]: a kmemd that replays, with these parameters.
configure() {
	: >"$T/kmemd.conf"
	: >"$KMEMD_LOG"
	write_conf <<-EOT
	module_path = "$modules"
	loadmodule("replay.so")
	EOT
	for param in "$@"; do
		write_conf <<-EOT
		modparam("replay", "${param%%=*}", "${param#*=}")
		EOT
	done
}

# wait_for_log ERE NAME
wait_for_log() {
	ok "$2" wait_until 60 log_has "$1"
}

finished() { # NAME: to the end, with nothing broken or lost
	wait_for_log 'replay: finished: ' "$1: it finishes"
	like "$(grep 'replay: finished: ' "$KMEMD_LOG")" \
		' broken=0 lost=0 .* failed=0 ' "$1: every pattern is intact"
}

# What is live before operation $1, from the trace alone: "shm BYTES", and for
# each rank "RANK BYTES". Ranks as four workers have them.
model() {
	gzip -dc "$trace" | awk -v stop="$1" '
	BEGIN {
		split("25058 25059 25060 25061 0 25065 25063", pids)
		for (i in pids)
			rank_of[pids[i]] = 1 + (i - 1) % 4
		rank_of[25054] = 0
	}
	/^#/ { next }
	++n >= stop { exit }
	$1 == "K" {
		# What a worker inherits: all that main has at its last fork.
		if (++forks == 7)
			for (block in size)
				if (block ~ /^0 /)
					inherited += size[block]
		next
	}
	{
		block = ($2 == "shm" ? "shm" : rank_of[$3]) " " $4
		if ($1 == "F")
			delete size[block]
		else
			size[block] = $5
	}
	END {
		used["shm"] = 0
		for (i = 0; i <= 4; i++)
			used[i] = 0
		for (block in size) {
			split(block, part, " ")
			used[part[1]] += size[block]
		}
		if (forks < 7)
			inherited = used[0]
		for (i = 1; i <= 4; i++)
			used[i] += inherited
		for (i in used)
			print i, used[i]
	}' | sort
}

daemon() {
	{
		json core.shmmem '"shm \(.used)"'
		json pkg.stats '.[] | "\(.rank) \(.used)"'
	} | sort
}

refuses() { # TEXT NAME
	status 1 "$2: the start fails" "$KMEMD" -D -E -f "$T/kmemd.conf" \
		-o "rpc_socket=$KMEMD_SOCK" -o "attach_socket=$T/attach.sock"
	like "$(cat "$T/ok.out")" "$1" "$2: and says why"
}

# --- to the end ---

configure "file=$trace"
start_kmemd -n 4
finished '4 workers'
like "$(grep 'replay: finished: ' "$KMEMD_LOG")" 'operations=148269 ' \
	'every operation of the trace was played'
is "$(grep -c 'replay: rank [1-4]: operations=' "$KMEMD_LOG")" 4 \
	'each worker tells what it played'
is "$(json core.shmmem .used)" 306 'shm holds what the trace leaves'
stop_kmemd TERM

for workers in 1 2 7; do
	configure "file=$trace" speed=recorded
	start_kmemd -n "$workers"
	finished "$workers workers in recorded order"
	is "$(json core.shmmem .used)" 306 'shm holds what the trace leaves'
	stop_kmemd TERM
done

configure "file=$trace" loops=3
start_kmemd -n 4
finished '3 loops'
is "$(json core.shmmem .used)" 306 'three loops leave what one leaves'
stop_kmemd TERM

# --- held ---

for hold in 500 5000 18272 80000 147900; do
	configure "file=$trace" hold=$hold
	start_kmemd -n 4
	wait_for_log "replay: holding before operation $hold:" \
		"it holds before operation $hold"
	is "$(daemon)" "$(model $hold)" 'shm and each pkg pool hold the sums'
	stop_kmemd TERM
done

# --- a worker is killed in the middle ---

used_is_above() {
	test "$(json core.shmmem .used)" -gt "$1"
}

configure "file=$trace" speed=30000
start_kmemd -n 4
wait_until 20 used_is_above 3300000
victim=$(worker_pid 2)
ok 'a worker is killed in the middle' kill -s KILL "$victim"
wait_for_log 'rank 2: plays 25059 25065, from operation [0-9]{3}' \
	'its successor goes on where it was'
finished 'the rest'
# The victim may have had one block in its hands.
compare "$(json core.shmmem .used)" -lt 20000 'no more than one block is lost'
stop_kmemd TERM

configure "file=$trace" speed=1000
start_kmemd -n 4
ok 'it stops in the middle as well' stop_kmemd

# --- paused ---

# stays_as_it_is: while the daemon is asked again and again, for longer than a
# pause is slept.
stays_as_it_is() {
	before=$(daemon)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		test "$(daemon)" = "$before" || return 1
	done
}
pause() { # VALUE [PID]
	ctl cfg.set_now_int replay pause "$@"
}

configure "file=$trace" pause=1
start_kmemd -n 4
ok 'it can start with a pause' stays_as_it_is
is "$(ctl cfg.get replay pause)" 1 'which is a variable'
ok 'it goes on' pause 0
finished 'a paused start'
stop_kmemd TERM

configure "file=$trace" speed=30000
start_kmemd -n 4
wait_until 20 used_is_above 3300000
ok 'it is paused in the middle' pause 1
is_at_rest() {
	at_rest=$(daemon)
	test "$(daemon)" = "$at_rest"
}
ok 'it comes to rest' wait_until 5 is_at_rest
ok 'it stands still' stays_as_it_is
ok 'one goes on' pause 0 "$(worker_pid 1)"
ok 'until it needs another' wait_until 5 is_at_rest
ok 'the others do as well' pause 0
finished 'after a pause'
is "$(json core.shmmem .used)" 306 'shm holds what the trace leaves'
stop_kmemd TERM

# --- refused ---

configure
refuses 'replay: no trace to play' 'without a file'
configure "file=$T/none"
refuses "replay: cannot open $T/none: No such file" 'a missing file'
printf 'M shm 1 1 8 a:b:c:1\nM shm 1 2 8\n' >"$T/bad"
configure "file=$T/bad"
refuses "replay: $T/bad:2: too few fields" 'a bad line'
configure "file=$trace" speed=fast
refuses 'replay: speed "fast" is none of' 'an unknown speed'
configure "file=$trace" loops=0
refuses 'replay: loops is 0' 'no loops'
configure "file=$trace" hold=-1
refuses 'replay: hold is -1' 'a negative hold'
configure "file=$trace" pause=2
refuses 'replay: pause: "2" is not an integer from 0 to 1' 'half a pause'
configure "file=$trace"
echo 'workers = 0' >>"$T/kmemd.conf"
refuses 'replay: there is no worker' 'no workers'

done_testing

#!/bin/sh
# SPDX-License-Identifier: ISC
# 57-dump-death.sh - a process is killed while its pkg pool is dumped, at one
# page after the other: the dump is whole, or ends with what there is to say.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/member.sh"

N=20000
command -v pkg-config >/dev/null || skip_all 'pkg-config is missing'
install_kmem
ok 'alpha builds' build_member alpha

write_conf <<EOT
module_path = "$B/tests/functional/.libs"
loadmodule("trouble.so")
modparam("trouble", "n_pkg", $N)
modparam("trouble", "rank", 1)
EOT

# dump_and_kill PID PAGES: it is killed when so many have come. The pipe holds
# less than a page, so few more are on their way. $status is that of kmemctl.
dump_and_kill() {
	{
		status=0
		ctl --json mem_dump_pkg "$1" 2>"$T/dump.err" || status=$?
		echo "$status" >"$T/status"
	} | {
		head -n "$2"
		kill -KILL "$1"
		cat
	} >"$T/dump.json"
	status=$(cat "$T/status")
}

# Each block once, and the sums are the accounts.
is_whole() {
	jq -se '(map(.blocks // []) | add) as $blocks |
		($blocks | length) >= '"$N"' and
		($blocks | length) == ($blocks | unique_by(.address) | length) and
		($blocks | map(.size) | add) == .[0].used and
		.[-1].dumped.blocks == ($blocks | length) and .[-1].exact' \
		"$T/dump.json"
}

# An error that says why, behind pages without damage.
is_told() { # PID
	jq -se '(.[:-1] | all(has("blocks") and .damage == null)) and
		(.[-1] | has("error"))' "$T/dump.json" &&
		grep -Eq "no process of this service has pid $1|its memory has gone" \
			"$T/dump.err"
}

is_either() { # PID
	if test "$status" -eq 0; then is_whole; else is_told "$1"; fi
}

others_are_served() { # WHEN
	ok "$1: kmemd answers" ctl core.ping
	is "$(json mem_dump_pkg "$kmemd_pid" '.exact' | tail -n 1)" true \
		'... and another dump is whole'
}

pages='0 1 2 7 15'

# --- a worker, whose pool is kept until it is replaced ---

for manager in slab qm; do
	for page in $pages; do
		start_kmemd -n 1 -M 16 -X "$manager" \
			-o restart_backoff_min_ms=3600000 \
			-o restart_backoff_max_ms=3600000
		pid=$(worker_pid 1)
		dump_and_kill "$pid" "$page"
		ok "$manager: killed after $page pages: the dump is whole" is_whole
		is "$status" 0 '... and succeeds'
		ok '... it has died meanwhile' wait_until 10 log_has \
			"pid $pid\) killed by signal 9"
		ok '... it can be dumped again' ctl mem_dump_pkg "$pid"
		stop_kmemd TERM
	done
done

# --- and one that is replaced at once ---

is_replaced() { # PID
	another=$(worker_pid 1) && test "$another" -ne "$1" &&
		test "$(json core.psx '.[] | select(.IDX == 1) | .PID')" -gt 0 &&
		log_has "worker 1 \(pid $another\) has replaced"
}

start_kmemd -n 1 -M 16 -o restart_backoff_min_ms=1 -o restart_backoff_max_ms=1
for page in $pages; do
	pid=$(worker_pid 1)
	dump_and_kill "$pid" "$page"
	ok "replaced at once, killed after $page pages: whole, or an error" \
		is_either "$pid" || note "$status: $(cat "$T/dump.err")"
	wait_until 10 is_replaced "$pid"
done
others_are_served 'then'

# --- a program, whose memory goes with it ---

for page in $pages; do
	start_member alpha
	tell alpha attach 0
	tell alpha pkgs "$N" 100
	pid=$(member_pid alpha)
	dump_and_kill "$pid" "$page"
	wait "$pid" 2>/dev/null
	ok "a program, killed after $page pages: whole, or an error" \
		is_either "$pid" || note "$status: $(cat "$T/dump.err")"
done
others_are_served 'then'
end_members
done_testing

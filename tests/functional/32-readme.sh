#!/bin/sh
# SPDX-License-Identifier: ISC
# 32-readme.sh - the tour in README.md, line by line.
. "${srcdir:-.}/tests/functional/lib.sh"

write_conf <<-EOT
	module_path = "$B/daemon/modules/.libs"
	loadmodule("replay.so")
	modparam("replay", "file", "$S/tests/data/sip-trace.txt.gz")
	modparam("replay", "speed", "recorded")
	modparam("replay", "hold", 80000)
EOT
start_kmemd -n 4
ok 'the trace is held' wait_until 20 log_has 'replay: holding before'

# README's pids are 4000 for the supervisor, 4001 ... for the workers.
pids=$(real_pids 4000 4)

# Each "$ kmemctl ..." in a fenced block, and what is printed up to the next.
awk -v out="$T/step" '
	/^```/ { inside = !inside; step = ""; next }
	inside && /^\$ kmemctl/ {
		step = sprintf("%s.%02d", out, ++n)
		sub(/^\$ kmemctl */, "")
		print > (step ".cmd")
		printf "" > (step ".want")
		next
	}
	inside && step != "" { print > (step ".want") }
' "$S/README.md"

# shown WANT GOT: its lines in their order, "..." for any number of lines.
shown() {
	awk 'NR == FNR { want[++n] = $0; next }
		FNR == 1 { at = 1 }
		want[at] == "..." && want[at + 1] == $0 { at += 2; next }
		want[at] == "..." { next }
		at <= n && want[at] == $0 { at++; next }
		{ bad = 1; exit }
		END {
			if (want[at] == "...") at++
			exit bad || at <= n
		}' "$1" "$2"
}

for step in "$T"/step.*.cmd; do
	step=${step%.cmd}
	cmd=$(sed "$pids" "$step.cmd")
	eval "ctl $cmd" >"$step.got" 2>&1
	sed -i 's/age: [0-9]*$/age: 0/' "$step.got"
	sed "$pids" "$step.want" >"$step.pids"
	ok "$cmd prints what README says" shown "$step.pids" "$step.got" ||
		sed 's/^/# /' "$step.got" | head -n 20
done

first=$(worker_pid 1)
kill -KILL "$first"
sed -n 's/^worker 1 .*/&/p' "$S/README.md" >"$T/lines"
replaced() {
	log_has "worker 1 \(pid [0-9]+\) has replaced"
}
ok 'it is replaced' wait_until 5 replaced
while read -r line; do
	line=$(printf '%s\n' "$line" | sed "s/4001/$first/")
	ok "the log has \"$line\"" grep -qF "$line" "$KMEMD_LOG"
done <"$T/lines"
ok 'it is told to stop' ctl core.shutdown
ok 'and stops with status 0' await_stop
done_testing

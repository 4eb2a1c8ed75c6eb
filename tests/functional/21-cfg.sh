#!/bin/sh
# SPDX-License-Identifier: ISC
# 21-cfg.sh - variables: of kmemd and of modules, for the service and for one
# process, at once and delayed; what is refused, and what is in the log.
. "${srcdir:-.}/tests/functional/lib.sh"

pulse() { # [kmemd arguments...]: a service whose workers allocate all the time
	cat >"$T/kmemd.conf" <<-EOT
	module_path = "$B/tests/functional/.libs"
	loadmodule("pulse.so")
	modparam("pulse", "level", "4")
	EOT
	start_kmemd "$@"
}

# applied N NAME METHOD [ARGS]: to N processes of N.
applied() {
	applied_n=$1 applied_name=$2
	shift 2
	is "$(json "$@" '"\(.applied) of \(.of)"')" \
		"$applied_n of $applied_n" "$applied_name"
}

audits() {
	grep -c ' cfg: ' "$KMEMD_LOG"
}

# refused TEXT METHOD [ARGS]: with status 1, a message, and nothing in the log.
refused() {
	refused_text=$1 before=$(audits)
	shift
	status 1 "$* is refused" ctl "$@"
	is "$(cat "$T/ok.out")" "kmemctl: $1: $refused_text" "... and says why"
	is "$(audits)" "$before" '... and the log does not say it was done'
}

# blame MEMBER METHOD [ARGS]: a member of the error's data.
blame() {
	blame_member=$1
	shift
	ctl --json "$@" 2>&1 | jq -r ".error.data.$blame_member"
}

# --- what there is ---

pulse -n 2
one=$(worker_pid 1) two=$(worker_pid 2)
is "$(ctl cfg.list pulse)" 'pulse: level
pulse: word
pulse: fixed' 'a module has a group with its variables'
is "$(ctl cfg.list | sed -n '1p;$p')" 'core: debug
pulse: fixed' 'all groups are listed, core first'
is "$(ctl cfg.list core | tail -n 2)" 'core: mem_dump_pkg
core: mem_dump_shm' 'the two commands are in core'
is "$(ctl cfg.help pulse level)" 'a number
(parameter type is integer)
an integer from -10 to 10; default 3; applies at once, in all processes or in one' \
	'cfg.help has the text, the type, and the range'
is "$(ctl cfg.help pulse word | sed -n 2,3p)" '(parameter type is string)
a text of 1 to 20 bytes; default calm; applies at once, in all processes' \
	'... of a string'
like "$(ctl cfg.help core workers)" 'applies at start only' '... read-only'
is "$(ctl cfg.get pulse)" '{
	level: 4
	word: calm
	fixed: 7
}' 'modparam has set what a variable starts with'
for pid in $one $two; do
	ok 'each worker has it' wait_until 5 log_has \
		"\[$pid .\] pulse: level 4, word calm, fixed 7"
done

# --- set now ---

applied 3 'cfg.set_now_int is applied to all' cfg.set_now_int pulse level -9
applied 3 'cfg.set_now_string is as well' cfg.set_now_string pulse word hectic
for pid in $one $two; do
	ok 'each worker follows' wait_until 5 log_has \
		"\[$pid .\] pulse: level -9, word hectic"
done
applied 3 'cfg.set takes an integer' cfg.set pulse level 10
applied 3 'and a string' cfg.set pulse word s:10
is "$(ctl --json cfg.get pulse)" '{"level":10,"word":"10","fixed":7}' \
	'cfg.get has them'
ok 'the log has who did it, and old and new' log_has \
	"NOTICE: .* cfg: pulse\.level: 4 -> -9 by pid [0-9]+, uid $(id -u)$"
ok '... of a string' log_has 'cfg: pulse\.word: "calm" -> "hectic" by pid'
is "$(audits)" 4 'one line for each change'

# A text of any length that is allowed, and as long as it may be.
applied 3 'a string of 20 bytes' cfg.set pulse word abcdefghijklmnopqrst
ok 'is read whole' wait_until 5 log_has 'word abcdefghijklmnopqrst,'

# --- refused ---


level='an integer from -10 to 10' word='a text of 1 to 20 bytes'
refused "level: -11 is not allowed ($level)" cfg.set_now_int pulse level -11
refused "level: 11 is not allowed ($level)" cfg.set_now_int pulse level 11
refused "level: 11 is not allowed ($level)" cfg.set pulse level 11
refused "level: 11 is not allowed ($level)" cfg.set_delayed_int pulse level 11
refused "level: a value of type string is not allowed ($level)" \
	cfg.set pulse level s:1
refused "level: a value of type string is not allowed ($level)" \
	cfg.set_now_string pulse level s:1
refused "level: a value of type string is not allowed ($level)" \
	cfg.set_delayed_string pulse level s:1
refused "word: a value of type int is not allowed ($word)" cfg.set pulse word 1
refused "word: a value of type int is not allowed ($word)" \
	cfg.set_now_int pulse word 1
refused "word: \"\" is not allowed ($word)" cfg.set pulse word s:
refused "word: \"123456789012345678901\" is not allowed ($word)" \
	cfg.set_now_string pulse word s:123456789012345678901
restart='set it in the configuration file and restart'
refused "fixed applies at start only ($restart)" cfg.set pulse fixed 8
refused "workers applies at start only ($restart)" cfg.set core workers 3
refused "workers applies at start only ($restart)" \
	cfg.set_delayed_int core workers 3
refused 'no group "pulls" (the groups are core, pulse)' cfg.set pulls level 1
refused 'no variable "levl" in pulse (did you mean level? cfg.list pulse shows all)' \
	cfg.set pulse levl 1
refused 'no variable "level" in core (cfg.list core shows all)' \
	cfg.help core level
refused 'word has one value for all processes (leave it out)' \
	cfg.set pulse word x "$one"
refused "no process of this service has pid 1 (the pids are $kmemd_pid, $one, $two)" \
	cfg.set pulse level 1 1
refused 'mem_dump_shm takes an integer (1: dump the shm pool)' \
	cfg.set core mem_dump_shm s:1
refused 'mem_dump_pkg has a value, and no pid besides (leave it out)' \
	cfg.set_now_int core mem_dump_pkg "$one" "$two"
refused 'mem_dump_pkg is a command (cfg.set_now_int runs it)' \
	cfg.set_delayed_int core mem_dump_pkg "$one"
status 1 'a value that is cut in the middle is refused' \
	ctl cfg.set_now_int pulse level 1.5
is "$(blame param cfg.set pulse level 11)" value 'the error blames the value'
is "$(blame hint cfg.set pulse level 11)" "$level" 'and says what is right'
is "$(blame param cfg.set core workers 1)" name 'or it blames the name'
is "$(blame param cfg.set pulse level 1 1)" pid 'or the pid'
is "$(blame param cfg.get nix)" group 'or the group'
is "$(ctl --json cfg.get pulse)" \
	'{"level":10,"word":"abcdefghijklmnopqrst","fixed":7}' \
	'and nothing has changed'

# --- one process ---

calls() { # of a process, in the log
	grep -c "\[$1 .\] pkg_.*on_tick" "$KMEMD_LOG"
}
calls_of() {
	test "$(calls "$1")" -ge 4
}
is "$(calls "$one")" 0 'no call is traced at first'
applied 1 'memdbg is set for worker 1' cfg.set_now_int core memdbg 0 "$one"
ok 'its calls are traced' wait_until 5 calls_of "$one"
is "$(calls "$two")" 0 'those of worker 2 are not'
is "$(ctl cfg.get core memdbg "$one")" 0 'cfg.get has it for this process'
is "$(ctl cfg.get core memdbg "$two")" 4 '... not for the other'
is "$(ctl cfg.get core memdbg)" 4 '... nor for the service'
ok 'the log names the process' log_has \
	"cfg: core\.memdbg of pid $one: 4 -> 0 by pid [0-9]+, uid"
applied 3 'a set for all comes after it' cfg.set_now_int core memdbg 3
is "$(ctl cfg.get core memdbg "$one")" 3 'and counts for worker 1 too'
applied 1 'the supervisor is a process as well' \
	cfg.set_now_int core memdbg 9 "$kmemd_pid"
is "$(ctl cfg.get core memdbg "$kmemd_pid")" 9 'and has its own'
for name in memlog memdbg debug mem_summary mem_status_mode mem_safety \
	mem_join; do
	applied 1 "$name can be set for one process" \
		cfg.set_now_int core "$name" 1 "$two"
	applied 3 '... and for all' cfg.set_now_int core "$name" 1
done
applied 1 'a variable of a module can be too' cfg.set pulse level 0 "$two"
ok 'worker 2 follows' wait_until 5 log_has "\[$two 2\] pulse: level 0"
unlike "$(cat "$KMEMD_LOG")" "\[$one 1\] pulse: level 0" 'worker 1 does not'

# --- debug hides its own change neither way ---

applied 3 'debug goes down' cfg.set core debug -1
ok 'which is in the log' log_has 'cfg: core\.debug: 1 -> -1 by'
applied 3 'debug goes up again' cfg.set core debug 2
ok 'which is there as well' log_has 'cfg: core\.debug: -1 -> 2 by'

# --- what the service started with ---

is "$(json cfg.reset core .variables)" 4 'cfg.reset brings core back'
is "$(ctl cfg.get core memdbg "$one")" 4 'in all processes'
is "$(json cfg.reset core .variables)" 0 'then there is nothing left to do'
applied 3 'a group of a module is reset' cfg.reset pulse
is "$(ctl --json cfg.get pulse)" '{"level":4,"word":"calm","fixed":7}' \
	'to what modparam said, and to defaults'
applied 1 'one process alone differs' cfg.set pulse level 5 "$one"
is "$(json cfg.reset pulse .variables)" 1 'and is brought back'
is "$(ctl cfg.get pulse level "$one")" 4 'to the same'

# --- stopped, dead, replaced ---

is_stopped() {
	test "$(ps -o stat= -p "$1" | cut -c1)" = T
}
kill -STOP "$two"
ok 'worker 2 is stopped' wait_until 5 is_stopped "$two"
applied 3 'a change reaches it all the same' cfg.set pulse level 8
kill -CONT "$two"
ok 'it acts on it when it goes on' wait_until 5 log_has \
	"\[$two 2\] pulse: level 8"
applied 1 'it is given a value of its own' cfg.set pulse level 9 "$two"
kill -KILL "$two"
replaced() {
	log_has "worker 2 \(pid [0-9]+\) has replaced"
}
ok 'it is replaced' wait_until 5 replaced
new=$(worker_pid 2)
is "$(ctl cfg.get pulse level "$new")" 8 \
	'the replacement has the value of the service'
ok 'and uses it' wait_until 5 log_has "\[$new 2\] pulse: level 8"
ok 'it stops' stop_kmemd

pulse -n 2 -o restart_backoff_min_ms=3600000 \
	-o restart_backoff_max_ms=3600000
one=$(worker_pid 1) two=$(worker_pid 2)
kill -KILL "$two"
ok 'worker 2 is dead' wait_until 5 log_has "pid $two\) killed by signal 9"
applied 2 'it is not counted' cfg.set pulse level 8
refused "process $two is dead (set it when core.ps shows the replacement)" \
	cfg.set pulse level 9 "$two"

# --- delayed ---

# talk NAME: a kmemctl that reads commands from the pipe NAME.
talk() {
	mkfifo "$T/$1"
	ctl <"$T/$1" >"$T/$1.out" 2>&1 &
	talks="${talks-} $!"
}
told() { # NAME LINES: it has printed so many lines
	test "$(wc -l <"$T/$1.out")" -ge "$2"
}
talk a
exec 3>"$T/a"
talk b
exec 4>"$T/b"
cat >&3 <<'EOT'
cfg.set_delayed_int pulse level 1
cfg.set_delayed_string pulse word left
cfg.set_delayed_int pulse level 2
EOT
ok 'one connection delays two variables' wait_until 5 told a 9
echo 'cfg.set_delayed_int pulse level 3' >&4
ok 'the other delays one' wait_until 5 told b 3
echo cfg.diff >&3
ok 'a sees its own' wait_until 5 told a 21
is "$(sed -n '7,$p' "$T/a.out")" '{
	delayed: 2
}
{
	group name: pulse
	variable name: level
	old value: 8
	new value: 2
}
{
	group name: pulse
	variable name: word
	old value: calm
	new value: left
}' 'the later set of a variable counts'
is "$(ctl --json cfg.get pulse)" '{"level":8,"word":"calm","fixed":7}' \
	'nothing has changed yet'
before=$(audits)
echo cfg.commit >&3
ok 'a commits' wait_until 5 told a 26
is "$(sed -n '22,$p' "$T/a.out")" '{
	applied: 2
	of: 2
	variables: 2
}' 'to all living processes'
is "$(ctl --json cfg.get pulse)" '{"level":2,"word":"left","fixed":7}' \
	'both have changed'
is "$(($(audits) - before))" 2 'the log has a line for each'
echo cfg.rollback >&3
ok 'a has nothing to roll back' wait_until 5 told a 29
is "$(sed -n '28p' "$T/a.out")" '	dropped: 0' 'as all is committed'
echo cfg.diff >&4
ok 'b still has its own' wait_until 5 told b 9
is "$(sed -n '4,$p' "$T/b.out")" '{
	group name: pulse
	variable name: level
	old value: 2
	new value: 3
}' 'against the value of now'
echo cfg.rollback >&4
ok 'b rolls back' wait_until 5 told b 12
is "$(sed -n '11p' "$T/b.out")" '	dropped: 1' 'and has nothing left'
echo 'cfg.set_delayed_int pulse level 6' >&4
ok 'b delays one more' wait_until 5 told b 15
exec 3>&- 4>&-
# shellcheck disable=SC2086 # a list
wait $talks
refused 'nothing to commit (cfg.set_delayed_int or cfg.set_delayed_string first, on the same connection)' \
	cfg.commit
is "$(ctl cfg.get pulse level)" 2 'what b delayed has gone with it'
is "$(ctl cfg.diff)" '' 'nobody else sees it'

done_testing

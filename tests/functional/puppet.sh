# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# puppet.sh - a service whose workers do with memory what a test tells them.

. "${srcdir:-.}/tests/functional/lib.sh"

puppet_managers='-X qm -x qm'

# start_puppets [kmemd arguments...]: with the module puppet.
start_puppets() {
	cat >"$T/kmemd.conf" <<-EOT
	module_path = "$B/tests/functional/.libs"
	restart_backoff_min_ms = 10
	mem_guard = ${puppet_guard:-no}
	loadmodule("puppet.so")
	modparam("puppet", "dir", "$T")
	EOT
	# shellcheck disable=SC2086 # options
	start_kmemd $puppet_managers "$@"
}

lines() { # ERE: how many lines of the log match
	grep -Ec -e "$1" "$KMEMD_LOG"
}

more_lines() { # COUNT ERE
	test "$(lines "$2")" -gt "$1"
}

# tell RANK VERB [WORD]: returns when the worker has said what came of it.
tell() {
	tell_rank=$1 tell_verb=$2
	shift
	tell_before=$(lines "^.* $tell_rank\] puppet: $tell_verb")
	echo "$*" >"$T/do.$tell_rank"
	wait_until 10 more_lines "$tell_before" \
		"^.* $tell_rank\] puppet: $tell_verb"
}

# said RANK VERB: the last thing it said about it.
said() {
	sed -n "s/^.* $1\] puppet: $2: //p" "$KMEMD_LOG" | tail -n 1
}

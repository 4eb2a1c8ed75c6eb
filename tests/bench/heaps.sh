#!/bin/sh
# SPDX-License-Identifier: ISC
# heaps.sh - the manager of each pool next to other allocators. See usage().
set -u
B=$PWD
here=$(cd "$(dirname "$0")" && pwd)
bench=$B/tests/bench/bench_heap
T=$(mktemp -d "${TMPDIR:-/tmp}/kmem-bench.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM HUP
# jemalloc wants its thread-local memory among that of the program.
GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384
export GLIBC_TUNABLES

runs=9
pairs=
json=
plot=
parts='time memory instructions flat'
allocators='glibc jemalloc mimalloc boost kmem-qm kmem-slab'
heaps='pkg shm'
processes='1 2'
workloads='W2 W3 W4 W5 W6 W7 W7-shm W8 W8-0'
memory_workloads='W2 W4 W7-shm'
instructions_workloads='W6 W2 W4'

usage() {
	cat <<-EOT
	usage: heaps.sh [OPTION...] [WORKLOAD...]
	of: $workloads
	  -a 'NAME...'   allocators, of: $allocators
	  -k 'HEAP...'   of kmem: $heaps
	  -p 'N...'      processes at the same time, of: $processes
	  -m 'PART...'   what is measured, of: $parts
	  -r N           runs of each, interleaved ($runs)
	  -n N           pairs timed in a run (as the workload says)
	  -j, --json FILE  one JSON object for each row, too
	  -g FILE.svg    and draw cost against live blocks, 1e3 to 1e7
	  -q, --quick    time alone, -r 1 -n 20000: does it work?
	EOT
	exit 2
}

say() {
	printf '%s\n' "$*"
}

# fact NAME WORKLOAD HEAP PROCESSES ALLOCATOR VALUE
fact() {
	say "$*" >>"$T/facts"
}

# --- who is measured ---

# subjects: a line for each: pkg or shm, allocator, arguments of bench_heap.
subjects() {
	for a in $allocators; do
		case $a in
		boost) say "shm $a --heap $a" ;;
		kmem-*)
			for k in $heaps; do
				say "$k $a --heap $k --manager ${a#kmem-}"
			done
			;;
		*) say "pkg $a --heap $a" ;;
		esac
	done
}

# Those that are here, in $T/forth and $T/back; a word about the others.
find_subjects() {
	subjects | while read -r heap name args; do
		# shellcheck disable=SC2086 # a list
		if "$bench" $args --pairs 1 W6 >/dev/null 2>"$T/err"; then
			say "$heap $name $args" >>"$T/forth"
		elif test $? -eq 77; then
			say "$name ($heap): not here: $(tail -n 1 "$T/err")"
		else
			say "$name ($heap): failed: $(tail -n 1 "$T/err")"
		fi
	done
	test -s "$T/forth" || exit 1
	sed '1!G;h;$!d' "$T/forth" >"$T/back"
}

# run ARGS...: bench_heap; its output, or a word on stderr.
run() {
	"$bench" "$@" 2>"$T/err" </dev/null ||
		{
			run_status=$?
			say "bench_heap $*: $(tail -n 1 "$T/err")" >&2
			return $run_status
		}
}

# doing WORDS: for who waits at a terminal.
doing() {
	test ! -t 2 || printf '\r\033[K%s' "$*" >&2
}

# value KEY TEXT: of KEY=VALUE.
value() {
	say " $2 " | sed -n "s/.* $1=\([^ ]*\) .*/\1/p"
}

# asked WORKLOAD...: the ones of them that were asked for.
asked() {
	for w in "$@"; do
		case " $workloads " in
		*" $w "*) say "$w" ;;
		esac
	done
}

# Between processes there is no workload of one process, and no private heap.
is_possible() { # WORKLOAD PROCESSES HEAP
	case $1 in
	W5 | W8*) test "$2 $3" = '2 shm' ;;
	esac
}

# --- time ---

# samples ORDER WORKLOAD PROCESSES: a run of each.
samples() {
	while read -r heap name args; do
		is_possible "$2" "$3" "$heap" || continue
		# shellcheck disable=SC2086 # lists
		out=$(run $args --processes "$3" ${pairs:+--pairs $pairs} "$2") &&
			fact ns "$2" "$heap" "$3" "$name" "$(value ns "$out")"
	done <"$T/$1"
}

# orders N: every other round backwards, so that drift hits all alike.
orders() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
		print i % 2 ? "back" : "forth" }'
}

measure_time() {
	for w in $workloads; do
		for p in $processes; do
			doing "time: $w, $p processes"
			for order in $(orders "$runs"); do
				samples "$order" "$w" "$p"
			done
		done
	done
}

# --- memory ---

# In a pool of twice what is requested at the peak.
measure_memory() {
	# shellcheck disable=SC2046,SC2086 # lists
	for w in $(asked $memory_workloads); do
		doing "memory: $w"
		requested=$(value used "$(run --heap none --memory "$w")")
		pool=$(((requested / 1048576 + 1) * 2 * 1024))
		while read -r heap name args; do
			out=$(run $args --memory --pool "$pool" "$w") || continue
			for account in counted held empty; do
				memory_fact $account "$(value $account "$out")"
			done
			case $name in
			kmem-* | boost) min_pool ;;
			esac
		done <"$T/forth"
	done
}

memory_fact() { # NAME BYTES, as a part of what was requested; 0: unknown
	test "$2" -eq 0 || fact "$1" "$w" "$heap" 1 "$name" \
		"$(say "$2 $requested" | awk '{ printf "%.3f", $1 / $2 }')"
}

# The smallest pool in which the workload comes to its end, to 0.5 %.
min_pool() {
	low=$((requested / 1024))
	high=$((low * 4))
	step=$((low / 200 + 1))
	fits "$high" || return 0
	while test $((high - low)) -gt "$step"; do
		middle=$(((low + high) / 2))
		if fits "$middle"; then
			high=$middle
		else
			low=$middle
		fi
	done
	memory_fact min_pool $((high * 1024))
}

fits() { # KB
	# shellcheck disable=SC2086 # a list
	"$bench" $args --memory --pool "$1" "$w" >/dev/null 2>&1 </dev/null
}

# --- instructions ---

# Of two lengths, the difference, so that start-up cancels.
measure_instructions() {
	if ! command -v valgrind >/dev/null; then
		say 'instructions: not here: valgrind'
		return
	fi
	# shellcheck disable=SC2046,SC2086 # lists
	for w in $(asked $instructions_workloads); do
		doing "instructions: $w"
		while read -r heap name args; do
			one=$(collected 60000) || continue
			two=$(collected 120000) || continue
			fact instructions "$w" "$heap" 1 "$name" "$(say \
				"$one $two" | awk '{ printf "%.1f",
					($4 - $2) / ($3 - $1) }')"
		done <"$T/forth"
	done
}

collected() { # PAIRS: how many it was, and all instructions
	# shellcheck disable=SC2086 # a list
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" \
		$args --pairs "$1" "$w" >"$T/out" 2>"$T/err" </dev/null || {
		say "callgrind of $name ($heap): $(tail -n 1 "$T/err")" >&2
		return 1
	}
	say "$(value pairs "$(cat "$T/out")")" \
		"$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$T/err")"
}

# --- flatness ---

# A heap that loses blocks is fast. After twice as many pairs, as full?
measure_flat() {
	say "" && say 'Memory after N pairs and after 2 N:'
	for w in $workloads; do
		for p in $processes; do
			while read -r heap name args; do
				case $name in kmem-*) flat ;; esac
			done <"$T/forth"
		done
	done
}

flat() {
	is_possible "$w" "$p" "$heap" || return 0
	# shellcheck disable=SC2086 # a list
	out=$("$bench" $args --processes "$p" --flat "$w" 2>&1 </dev/null) ||
		: >"$T/failed"
	printf '  %-7s %s %d %-10s %s\n' "$w" "$heap" "$p" "$name" "$out"
}

# --- the plot ---

measure_live() {
	for live in 1000 3000 10000 30000 100000 300000 1000000 3000000 \
		10000000; do
		doing "plot: $live live blocks"
		for order in $(orders $((live > 1000000 ? 1 : 3))); do
			while read -r heap name args; do
				# shellcheck disable=SC2086 # a list
				out=$(run $args --live "$live" --pool 4194304 live) &&
					say "$live $heap $name $(value ns "$out")" \
						>>"$T/live"
			done <"$T/$order"
		done
	done
	doing
	awk -f "$here/plot.awk" "$T/live" >"$plot"
	say "" && say "Cost against live blocks: $plot"
}

# --- the program ---

main() {
	: >"$T/facts"
	find_subjects
	for part in $parts; do
		case $part in
		time | memory | instructions) "measure_$part" ;;
		esac
	done
	doing
	sort -k2,2 -k4,4n -k3,3 -k5,5 "$T/facts" | awk -f "$here/rows.awk" \
		>"$T/rows"
	awk -f "$here/table.awk" "$T/rows"
	awk -f "$here/bars.awk" "$T/rows"
	test -z "$json" || awk -f "$here/json.awk" "$T/rows" >"$json"
	case " $parts " in *' flat '*) measure_flat ;; esac
	test -z "$plot" || measure_live
	test ! -e "$T/failed"
}

for word; do # getopts knows letters
	shift
	case $word in
	--json) word=-j ;;
	--quick) word=-q ;;
	esac
	set -- "$@" "$word"
done
while getopts a:k:p:m:r:n:j:g:q option; do
	case $option in
	a) allocators=$OPTARG ;;
	k) heaps=$OPTARG ;;
	p) processes=$OPTARG ;;
	m) parts=$OPTARG ;;
	r) runs=$OPTARG ;;
	n) pairs=$OPTARG ;;
	j) json=$OPTARG ;;
	g) plot=$OPTARG ;;
	q) parts='time' runs=1 pairs=20000 ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
test $# -eq 0 || workloads=$*
main

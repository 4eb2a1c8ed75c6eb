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

runs=9
pairs=
json=
allocators='glibc jemalloc mimalloc boost kmem-qm kmem-slab'
heaps='pkg shm'
processes='1 2'
workloads='W2 W3 W4 W5 W6 W7 W8 W8-0'

usage() {
	cat <<-EOT
	usage: heaps.sh [OPTION...] [WORKLOAD...]   ($workloads)
	  -a 'NAME...'   of: $allocators
	  -k 'HEAP...'   of: $heaps
	  -p 'N...'      processes at the same time, of: $processes
	  -r N           runs of each, interleaved ($runs)
	  -n N           pairs timed in each run (as the workload says)
	  -j FILE        one JSON object for each row, too
	  -q             quick: -r 1 -n 20000, to see that it works
	EOT
	exit 2
}

# --- who is measured ---

# subjects: a line for each: pkg or shm, allocator, arguments of bench_heap.
subjects() {
	for a in $allocators; do
		case $a in
		boost) echo "shm $a --heap $a" ;;
		kmem-*)
			for k in $heaps; do
				echo "$k $a --heap $k --manager ${a#kmem-}"
			done
			;;
		*) echo "pkg $a --heap $a" ;;
		esac
	done
}

# Those that are here, in $T/subjects; a word about each that is not.
find_subjects() {
	subjects | while read -r heap name args; do
		# shellcheck disable=SC2086 # a list
		if "$bench" $args --pairs 1 W6 >/dev/null 2>"$T/err"; then
			echo "$heap $name $args" >>"$T/forth"
		elif test $? -eq 77; then
			echo "$name ($heap): not here: $(tail -n 1 "$T/err")"
		else
			echo "$name ($heap): failed: $(tail -n 1 "$T/err")"
		fi
	done
	test -s "$T/forth" || exit 1
	sed '1!G;h;$!d' "$T/forth" >"$T/back"
}

# --- time ---

# Between processes there is no workload of one process, and no private heap.
is_possible() { # WORKLOAD PROCESSES HEAP
	case $1 in
	W5 | W8*) test "$2 $3" = '2 shm' ;;
	esac
}

# samples ORDER WORKLOAD PROCESSES: a run of each; a line for each sample.
samples() {
	while read -r heap name args; do
		is_possible "$2" "$3" "$heap" || continue
		# shellcheck disable=SC2086 # a list
		ns=$("$bench" $args --processes "$3" ${pairs:+--pairs $pairs} \
			"$2" 2>"$T/err" </dev/null) || {
			echo "$name ($heap): $2 failed: $(tail -n 1 "$T/err")" >&2
			continue
		}
		ns=${ns#ns=}
		echo "$2 $heap $3 $name ${ns%% *}" >>"$T/samples"
	done <"$T/$1"
}

# Interleaved, every other round backwards, so that drift hits all alike.
measure_time() {
	for w in $workloads; do
		for p in $processes; do
			r=0
			while test "$r" -lt "$runs"; do
				samples "$(test $((r % 2)) -eq 0 && echo forth ||
					echo back)" "$w" "$p"
				r=$((r + 1))
			done
		done
	done
}

# --- the program ---

while getopts a:k:p:r:n:j:q option; do
	case $option in
	a) allocators=$OPTARG ;;
	k) heaps=$OPTARG ;;
	p) processes=$OPTARG ;;
	r) runs=$OPTARG ;;
	n) pairs=$OPTARG ;;
	j) json=$OPTARG ;;
	q) runs=1 pairs=20000 ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
test $# -eq 0 || workloads=$*
: >"$T/samples"
find_subjects
measure_time
sort -k1,1 -k3,3n -k2,2 -k4,4 "$T/samples" | awk -f "$here/rows.awk" >"$T/rows"
awk -f "$here/table.awk" "$T/rows"
test -z "$json" || awk -f "$here/json.awk" "$T/rows" >"$json"

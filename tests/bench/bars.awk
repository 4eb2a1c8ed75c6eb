# SPDX-License-Identifier: ISC
# bars.awk - rows of rows.awk against what the manager must reach, and what it
# aims at. Ratios are of medians of the same run.

{
	row = $1 " " $2 " " $3 " " $4
	cost[row] = $5
	counted[row] = $11
	held[row] = $12
	instructions[row] = $15
	if ($4 == "kmem-slab")
		manager = "slab"
}

function over(a, b) {
	return a > 0 && b > 0 ? a / b : 0
}

function faster(workload,   j, m) {
	j = cost[workload " pkg 1 jemalloc"] + 0
	m = cost[workload " pkg 1 mimalloc"] + 0
	return j > 0 && (m == 0 || j < m) ? j : m
}

# The worst ratio of one heap to another, over workloads of one process.
function worst(heap, to_heap, to,   list, n, i, x, most) {
	n = split("W2 W3 W4 W6 W7 W7-shm", list, " ")
	for (i = 1; i <= n; i++) {
		x = over(cost[list[i] " " heap " 1 " kmem],
			cost[list[i] " " to_heap " 1 " to])
		if (x > most) {
			most = x
			where = list[i]
		}
	}
	return most
}

function bar(what, value, limit, aim,   word) {
	if (value == 0) {
		n_unknown++
		return
	}
	word = value <= aim ? "aim" : value <= limit ? "met" : "missed"
	printf "  %-46s %7.2f %6s %6s  %s\n", what, value, limit, aim, word
}

function bars_of_time(   two) {
	bar("pkg W2 / the faster", over(cost["W2 pkg 1 " kmem], faster("W2")),
		1.1, 0.9)
	bar("pkg W4 / the faster", over(cost["W4 pkg 1 " kmem], faster("W4")),
		1.1, 0.9)
	bar("pkg W6 / the faster", over(cost["W6 pkg 1 " kmem], faster("W6")),
		1.35, 1)
	bar("pkg W7 / the faster", over(cost["W7 pkg 1 " kmem], faster("W7")),
		1.3, 1)
	value = worst("pkg", "pkg", "glibc")
	bar("pkg / glibc, worst (" where ")", value, 1, 0.5)
	value = worst("shm", "pkg", "glibc")
	bar("shm / glibc, worst (" where ")", value, 1, 0.5)
	value = worst("shm", "pkg", kmem)
	bar("shm / our pkg, worst (" where ")", value, 1.1, 1)
	two = " pkg 2 mimalloc"
	bar("shm W2, 2 processes / mimalloc, 2 heaps",
		over(cost["W2 shm 2 " kmem], cost["W2" two]), 1.25, 1)
	bar("shm W4, 2 processes / mimalloc, 2 heaps",
		over(cost["W4 shm 2 " kmem], cost["W4" two]), 1.25, 1)
	bar("shm W7-shm, 2 processes / mimalloc, 2 heaps",
		over(cost["W7-shm shm 2 " kmem], cost["W7-shm" two]), 1.25, 1)
	bar("W5 / boost", over(cost["W5 shm 2 " kmem],
		cost["W5 shm 2 boost"]), 0.4, 0.4)
	bar("W8 / boost", over(cost["W8 shm 2 " kmem],
		cost["W8 shm 2 boost"]), 0.4, 0.4)
	bar("W8 / W8-0", over(cost["W8 shm 2 " kmem],
		cost["W8-0 shm 2 " kmem]), 5, 3)
}

function bars_of_memory() {
	bar("counted, W2 shm", counted["W2 shm 1 " kmem] + 0, 1.10, 1.05)
	bar("counted, W4 shm", counted["W4 shm 1 " kmem] + 0, 1.14, 1.08)
	bar("counted, W7-shm shm", counted["W7-shm shm 1 " kmem] + 0, 1.08,
		1.03)
	bar("held, W2 shm", held["W2 shm 1 " kmem] + 0, 1.25, 1.10)
	bar("held, W4 shm", held["W4 shm 1 " kmem] + 0, 1.18, 1.13)
	bar("held, W7-shm shm", held["W7-shm shm 1 " kmem] + 0, 1.18, 1.06)
}

function bars_of_instructions() {
	bar("instructions, W6 pkg", instructions["W6 pkg 1 " kmem] + 0, 115, 80)
	bar("instructions, W2 pkg", instructions["W2 pkg 1 " kmem] + 0, 140, 105)
	bar("instructions, W4 pkg", instructions["W4 pkg 1 " kmem] + 0, 125, 90)
}

END {
	if (manager == "")
		exit
	kmem = "kmem-" manager
	printf "\n%-48s %7s %6s %6s\n", "What " manager " must reach", "value",
		"bar", "aim"
	bars_of_time()
	bars_of_memory()
	bars_of_instructions()
	if (n_unknown > 0)
		printf "  (%d more were not measured)\n", n_unknown
}

# SPDX-License-Identifier: ISC
# rows.awk - facts to rows. A fact is "name workload heap processes allocator
# value", sorted but for the name; those called ns come as often as there were
# runs. A row, "-" for what is not known:
#
#   workload heap processes allocator  ns: median min max
#   x-mimalloc x-faster x-boost  counted held empty min_pool  instructions
#
# x-mimalloc and x-faster (of jemalloc and mimalloc) are ratios to a private
# heap with as many processes, x-boost to the shared one.

function sort_ns(key, n,   i, j, x) {
	for (i = 2; i <= n; i++) {
		x = ns[key, i]
		for (j = i - 1; j > 0 && ns[key, j] > x; j--)
			ns[key, j + 1] = ns[key, j]
		ns[key, j + 1] = x
	}
}

function median(key,   n) {
	n = n_ns[key]
	if (n == 0)
		return 0
	if (n % 2 == 1)
		return ns[key, (n + 1) / 2]
	return (ns[key, n / 2] + ns[key, n / 2 + 1]) / 2
}

function ratio(a, b) {
	return a > 0 && b > 0 ? sprintf("%.2f", a / b) : "-"
}

function number(x) {
	return x > 0 ? sprintf("%.2f", x) : "-"
}

function known(name, key) {
	return ((name, key) in facts) ? facts[name, key] : "-"
}

{
	key = $2 " " $3 " " $4 " " $5
	if (!(key in seen)) {
		seen[key] = 1
		rows[++n_rows] = key
	}
	if ($1 == "ns")
		ns[key, ++n_ns[key]] = $6
	else
		facts[$1, key] = $6
}

END {
	for (i = 1; i <= n_rows; i++)
		sort_ns(rows[i], n_ns[rows[i]])
	for (i = 1; i <= n_rows; i++) {
		key = rows[i]
		split(key, f, " ")
		m = median(f[1] " pkg " f[3] " mimalloc")
		best = median(f[1] " pkg " f[3] " jemalloc")
		if (m > 0 && (best == 0 || m < best))
			best = m
		boost = median(f[1] " shm " f[3] " boost")
		print key, number(median(key)), number(ns[key, 1]),
			number(ns[key, n_ns[key] + 0]), ratio(median(key), m),
			ratio(median(key), best), ratio(median(key), boost),
			known("counted", key), known("held", key),
			known("empty", key), known("min_pool", key),
			known("instructions", key)
	}
}

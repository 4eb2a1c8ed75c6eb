# SPDX-License-Identifier: ISC
# rows.awk - samples (workload heap processes allocator ns, sorted) to rows:
# workload heap processes allocator median min max ratio-to-mimalloc
# ratio-to-the-faster. A ratio is to a private heap with as many processes, and
# "-" where there is none.

function finish(   i, j, x) {
	for (i = 2; i <= n; i++) {
		x = ns[i]
		for (j = i - 1; j > 0 && ns[j] > x; j--)
			ns[j + 1] = ns[j]
		ns[j + 1] = x
	}
	rows[++n_rows] = key
	median[key] = n % 2 ? ns[(n + 1) / 2] : (ns[n / 2] + ns[n / 2 + 1]) / 2
	low[key] = ns[1]
	high[key] = ns[n]
}

function ratio(a, b) {
	return b > 0 ? sprintf("%.2f", a / b) : "-"
}

{
	now = $1 " " $2 " " $3 " " $4
	if (now != key && n > 0) {
		finish()
		n = 0
	}
	key = now
	ns[++n] = $5
}

END {
	if (n > 0)
		finish()
	for (i = 1; i <= n_rows; i++) {
		split(rows[i], f, " ")
		m = median[f[1] " pkg " f[3] " mimalloc"]
		best = median[f[1] " pkg " f[3] " jemalloc"]
		if (m > 0 && (best == "" || m < best))
			best = m
		key = rows[i]
		printf "%s %.2f %.2f %.2f %s %s\n", key, median[key], low[key],
			high[key], ratio(median[key], m), ratio(median[key], best)
	}
}

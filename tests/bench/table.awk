# SPDX-License-Identifier: ISC
# table.awk - rows of rows.awk for people: time, then memory, then instructions.

$5 != "-" {
	if ($1 " " $3 != now) {
		now = $1 " " $3
		printf "\n%s, %d process%s; ns per pair\n", $1, $3,
			($3 > 1 ? "es" : "")
		printf "  %-4s %-10s %8s %8s %8s %10s %8s %7s\n", "heap",
			"allocator", "median", "min", "max", "x mimalloc",
			"x faster", "x boost"
	}
	printf "  %-4s %-10s %8.1f %8.1f %8.1f %10s %8s %7s\n", $2, $4, $5,
		$6, $7, $8, $9, $10
}

$11 != "-" || $12 != "-" {
	memory[++n_memory] = sprintf("  %-7s %-4s %-10s %8s %8s %8s %8s", $1,
		$2, $4, $11, $12, $13, $14)
}

$15 != "-" {
	instructions[++n_instructions] = sprintf("  %-7s %-4s %-10s %8s", $1,
		$2, $4, $15)
}

END {
	if (n_memory > 0) {
		printf "\nMemory: peak / requested at the peak\n"
		printf "  %-7s %-4s %-10s %8s %8s %8s %8s\n", "", "heap",
			"allocator", "counted", "held", "(empty)", "min pool"
	}
	for (i = 1; i <= n_memory; i++)
		print memory[i]
	if (n_instructions > 0)
		printf "\nInstructions per pair, the loop included\n"
	for (i = 1; i <= n_instructions; i++)
		print instructions[i]
}

# SPDX-License-Identifier: ISC
# table.awk - rows of rows.awk for people.

$1 != workload || $3 != processes {
	workload = $1
	processes = $3
	printf "\n%s, %d process%s; ns per pair\n", $1, $3, ($3 > 1 ? "es" : "")
	printf "  %-4s %-10s %9s %9s %9s %10s %12s\n", "heap", "allocator",
		"median", "min", "max", "x mimalloc", "x the faster"
}

{
	printf "  %-4s %-10s %9.1f %9.1f %9.1f %10s %12s\n", $2, $4, $5, $6,
		$7, $8, $9
}

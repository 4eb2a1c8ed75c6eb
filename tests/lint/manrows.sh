#!/bin/sh
# SPDX-License-Identifier: ISC
# manrows.sh - each parameter and each method is in its manual page and, for
# parameters, in the sample configuration; and these know no others.
. "${srcdir:-.}/tests/lint/files.sh"

# Rows of the parameter table: X(ID, "name", ...
parameters() {
	sed -n 's/^[ 	]*X([A-Z_]*, *"\([a-z_]*\)".*/\1/p' \
		daemon/param_rows.h | sort -u
}

# Rows of the method tables: .name = "core.ping", or { "core.ping", ...
methods() {
	cat daemon/methods/*.c rpc/*.c |
		grep -oE '(\.name *= *|\{ *)"[a-z_]+(\.[A-Za-z_]+)*"' |
		sed 's/.*"\(.*\)"/\1/' |
		grep -E '\.|^mem_dump_(pkg|shm)$' | sort -u
}

# items PAGE: the names of its list items, .It Cm name, .It Ic name ...
items() {
	sed -n 's/^\.It \(Cm\|Ic\|Va\|Sy\|Li\|Fn\) \([A-Za-z_.]*\).*/\2/p' "$1" |
		sort -u
}

# in_conf: names that the sample sets, commented out or not.
in_conf() {
	sed -n 's/^#\{0,1\} \{0,1\}\([a-z_]*\) *= .*/\1/p' etc/kmemd.conf |
		sort -u
}

# same NAME FILE-WITH-ROWS COMMAND FILE: the rows are those of the command.
same() {
	if ! test -e "$4"; then
		skip "$4 is not there yet" "$1"
		return
	fi
	"$3" "$4" >"$T/there"
	clean "$1 (+: no such row, -: a row that is missing there)" \
		"$(diff -U 0 "$2" "$T/there" | sed '1,2d' | grep '^[+-]')"
}

parameters >"$T/parameters"
compare "$(wc -l <"$T/parameters")" -ge 2 'the parameters are found'
same 'kmemd.conf(5) has each parameter' "$T/parameters" items man/kmemd.conf.5
same 'etc/kmemd.conf has each parameter' "$T/parameters" in_conf etc/kmemd.conf

methods >"$T/methods"
if test -e daemon/methods/core.c; then
	compare "$(wc -l <"$T/methods")" -ge 10 'the methods are found'
	same 'kmemd-rpc(7) has each method' "$T/methods" items man/kmemd-rpc.7
else
	skip 'there are no methods yet' 'the methods are found'
fi
tap_end

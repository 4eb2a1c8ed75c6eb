# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# man.sh - the examples of the manual pages, as files.

# man_blocks PAGE: its literal displays, in order, as $T/PAGE.1, $T/PAGE.2 ...
man_blocks() {
	awk -v name="$T/$1." '
		/^\.Bd -literal/ { n++; on = 1; next }
		/^\.Ed/ { on = 0 }
		on { print > (name n) }
	' "$S/man/$1"
	for man_block in "$T/$1".*; do
		# What troff has its own signs for; none is left then.
		sed -e 's/^\\&//' -e 's/\\e/\\/g' "$man_block" >"$T/man.tmp"
		mv "$T/man.tmp" "$man_block"
	done
}

# man_block PAGE ERE: the first of them that has such a line.
man_block() {
	man_n=1
	while test -e "$T/$1.$man_n"; do
		if grep -Eq -e "$2" "$T/$1.$man_n"; then
			echo "$T/$1.$man_n"
			return
		fi
		man_n=$((man_n + 1))
	done
	note "no example in man/$1 has: $2"
	return 1
}

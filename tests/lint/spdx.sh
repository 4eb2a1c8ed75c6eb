#!/bin/sh
# SPDX-License-Identifier: ISC
# spdx.sh - each file begins with its licence, and with its name and purpose.
. "${srcdir:-.}/tests/lint/files.sh"

clean 'each file names its licence in its first three lines' "$(
	tree_files ! -name '*.md' ! -name NEWS ! -name LICENSE ! -name '*.txt' \
		! -name '*.in' ! -path './build-aux/*' |
		while read -r file; do
			grep -Iq . "$file" || continue # built, in the tree
			head -n 3 "$file" |
				grep -q 'SPDX-License-Identifier: ISC' ||
				echo "$file"
		done
)"

# purpose FILE LINE BEGIN: the line is "BEGIN file.c - what it is for".
purpose() {
	case $(sed -n "$2p" "$1") in
	"$3 ${1##*/} - "?*) ;;
	*) echo "$1: line $2 is not '$3 ${1##*/} - purpose'" ;;
	esac
}

clean 'each .c and .h says its name and purpose in line 2' "$(
	c_files | while read -r file; do
		purpose "$file" 2 '/*'
	done
)"
clean 'each script says its name and purpose in line 3' "$(
	shell_files | while read -r file; do
		purpose "$file" 3 '#'
	done
)"
tap_end

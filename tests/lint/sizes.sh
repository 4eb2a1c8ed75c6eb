#!/bin/sh
# SPDX-License-Identifier: ISC
# sizes.sh - files of at most 500 lines, functions of at most 50.
. "${srcdir:-.}/tests/lint/files.sh"

clean 'no file has more than 500 lines' "$(
	{
		c_files
		shell_files
		tree_files -name '*.mk' -o -name '*.ac' -o -name '*.am'
	} | xargs wc -l | awk '$2 != "total" && $1 > 500 { print $2 ": " $1 }'
)"

# In this tree's style a function, and nothing else, opens with a line "{" and
# closes with a line "}". The name is in the line before, or a few lines up.
clean 'no C function has more than 50 lines' "$(
	tree_files -name '*.c' | xargs awk '
		FNR == 1 { start = 0 }
		/^[a-zA-Z_].*\(/ { head = $0 }
		/^\{/ { start = FNR; name = head }
		/^\}/ && start {
			n = FNR - start + 1
			if (n > 50)
				print FILENAME ": " n " lines: " name
			start = 0
		}'
)"
clean 'no shell function has more than 50 lines' "$(
	shell_files | xargs awk '
		FNR == 1 { start = 0 }
		/^[a-z_]+\(\) [{(]/ { start = FNR; name = $1 }
		/^[})]/ && start {
			n = FNR - start + 1
			if (n > 50)
				print FILENAME ": " n " lines: " name
			start = 0
		}'
)"
clean 'configure.ac has at most 150 lines' \
	"$(awk 'END { if (NR > 150) print NR }' configure.ac)"
tap_end

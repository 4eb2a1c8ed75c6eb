#!/bin/sh
# SPDX-License-Identifier: ISC
# registered.sh - no file is forgotten: each is in a local.mk, so that it is
# built, run, installed and distributed.
. "${srcdir:-.}/tests/lint/files.sh"

# All words of the makefiles, with %D% written out.
tree_files -name 'local.mk' | while read -r mk; do
	dir=$(dirname "$(made "$mk")")
	sed -e '/^[ 	]*#/d' -e "s|%D%|$dir|g" "$mk"
done | tr -s ' \t\\' '\n' >"$T/words"
sed 's/^[ 	]*#.*//' Makefile.am | tr -s ' \t\\' '\n' >>"$T/words"

# unknown: those of the paths on stdin that no makefile has.
unknown() {
	while read -r file; do
		grep -qxF -e "$(made "$file")" "$T/words" ||
			made "$file"
	done
}

# A unit test of one file is there by its program's name alone; what several
# tests share is there as a source.
clean 'each unit test is in a makefile' "$(
	tree_files -path './tests/unit/check_*.c' | while read -r file; do
		test -z "$(echo "$file" | unknown)" ||
			echo "${file%.c}" | unknown
	done
)"
clean 'each functional test and each lint is in a makefile' "$(
	tree_files -path './tests/*/*.sh' | unknown
)"
clean 'each .c and .h is in a makefile' "$(
	c_files | grep -v '^./tests/unit/check_[^/]*\.c$' | unknown
)"
clean 'each man page is in a makefile' "$(
	tree_files -path './man/*' ! -name local.mk | unknown
)"
clean 'each file of etc is in a makefile' "$(
	tree_files -path './etc/*' ! -name local.mk | unknown
)"
clean 'each folder with a local.mk is included' "$(
	tree_files -name local.mk | unknown
)"
tap_end

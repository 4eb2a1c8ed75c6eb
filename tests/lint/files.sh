# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# files.sh - which files of the tree a lint looks at, and their common verbs.

. "${srcdir:-.}/tests/tap.sh"
cd "$S" || exit 99

# tree_files [find's tests...]: files that people wrote, but data, as ./path.
tree_files() {
	find . \( -name '.git' -o -path './build*' -o -path './run' \
		-o -path './autom4te.cache' -o -path './tests/data' \) -prune \
		-o -type f ! -name '*~' ! -name '.#*' ! -name '*.orig' \
		! -name '*.rej' ! -name 'Makefile.in' ! -path './configure' \
		! -path './aclocal.m4' ! -path './config.h.in' \
		! -path './m4/l*.m4' \( "$@" \) -print | sort
}

c_files() {
	tree_files -name '*.[ch]'
}

shell_files() {
	{
		tree_files -name '*.sh'
		tree_files ! -name '*.*' -exec grep -qE '^#!.*sh$' {} ';'
	} | sort -u
}

# made FILE: what make calls it.
made() {
	printf '%s\n' "${1#./}"
}

# public_headers: as local.mk files install them.
public_headers() {
	find . -path './build*' -prune -o -name local.mk -print |
		while read -r mk; do
			dir=${mk#./}
			sed -e ':a' -e '/\\$/N; s/\\\n//; ta' "$mk" |
				sed -n 's/^[a-z]*include_HEADERS *+\{0,1\}= *//p' |
				tr -s ' \t' '\n' | sed "s|%D%|${dir%/local.mk}|"
		done | sort -u
}

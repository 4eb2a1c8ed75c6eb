# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# files.sh - which files of the tree a lint looks at, and their common verbs.

. "${srcdir:-.}/tests/tap.sh"
cd "$S" || exit 99

# A build directory inside of the tree; of a build in the tree itself, names.
case $B in
"$S"/*) inside=./${B#"$S"/} ;;
*) inside=./build ;;
esac

# tree_files [find's tests...]: files that people wrote, but data, as ./path.
tree_files() {
	find . \( -name .git -o -path './build*' -o -path ./run \
		-o -path "$inside" -o -path ./autom4te.cache \
		-o -path ./tests/data -o -name .libs -o -name .deps \) -prune \
		-o -type f ! -name '*~' ! -name '.#*' ! -name '*.orig' \
		! -name '*.rej' ! -name 'Makefile.in' ! -path ./configure \
		! -path ./aclocal.m4 ! -path './config.*' ! -path './m4/l*.m4' \
		! -path ./Makefile ! -path ./libtool ! -name stamp-h1 \
		! -name '*.l[oa]' ! -name '*.o' ! -name '*.log' ! -name '*.trs' \
		! -name '*.pc' ! -name .dirstamp \( "$@" \) -print | sort
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
	tree_files -name local.mk |
		while read -r mk; do
			dir=${mk#./}
			sed -e ':a' -e '/\\$/N; s/\\\n//; ta' "$mk" |
				sed -n 's/^[a-z]*include_HEADERS *+\{0,1\}= *//p' |
				tr -s ' \t' '\n' | sed "s|%D%|${dir%/local.mk}|"
		done | sort -u
}

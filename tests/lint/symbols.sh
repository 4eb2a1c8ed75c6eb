#!/bin/sh
# SPDX-License-Identifier: ISC
# symbols.sh - libkmem.so exports the functions of symbols.txt, and no others.
. "${srcdir:-.}/tests/lint/files.sh"

library=$B/libclient/.libs/libkmem.so
test -e "$library" || skip_all 'libkmem.so is not built (--disable-shared)'

# Functions and data; A is the version node itself.
${NM:-nm} -D --defined-only "$library" |
	awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	LC_ALL=C sort >"$T/symbols"

clean 'every exported name begins with km_' "$(grep -v '^km_' "$T/symbols")"
clean 'they are those of tests/lint/symbols.txt (+: now exported, -: no more)' \
	"$(diff -u tests/lint/symbols.txt "$T/symbols" | sed '1,3d' |
		grep '^[+-]')"
clean 'each of them is declared in a public header' "$(
	while read -r name; do
		public_headers | while read -r header; do
			cat "$header"
		done | grep -qw "$name" || echo "$name"
	done <"$T/symbols"
)"
tap_end

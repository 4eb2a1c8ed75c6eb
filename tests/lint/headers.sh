#!/bin/sh
# SPDX-License-Identifier: ISC
# headers.sh - each header compiles alone, and the public ones as users have
# them: without config.h, in C and in C++.
. "${srcdir:-.}/tests/lint/files.sh"

: "${CC:=cc}" "${CXX:=c++}" "${LINT_CFLAGS:=}"
warn='-Wall -Wextra -Werror -Wno-unused-parameter'

# compiles COMPILER FLAGS LINE...: a file of these lines does.
compiles() {
	compiler=$1 flags=$2
	shift 2
	printf '%s\n' "$@" >"$T/one.$suffix"
	# shellcheck disable=SC2086 # lists
	$compiler $warn $flags -Ilibclient -I. -I"$B" $LINT_CFLAGS \
		-fsyntax-only "$T/one.$suffix" 2>&1
}

include_of() {
	printf '#include "%s"\n' "$(made "$1" | sed 's|^libclient/||')"
}

suffix=c
clean 'each header compiles alone, and twice' "$(
	tree_files -name '*.h' | while read -r header; do
		line=$(include_of "$header")
		compiles "$CC" -std=gnu11 '#include "config.h"' \
			"$line" "$line" 'int one;' || echo "-- $header"
	done
)"
clean 'each public header compiles in C' "$(
	public_headers | while read -r header; do
		compiles "$CC" -std=gnu11 "$(include_of "$header")" \
			'int one;' || echo "-- $header"
	done
)"
suffix=cc
# shellcheck disable=SC2086 # may be a command with arguments
if ! command -v ${CXX%% *} >/dev/null; then
	skip "$CXX is missing" 'each public header compiles in C++'
else
	clean 'each public header compiles in C++' "$(
		public_headers | while read -r header; do
			compiles "$CXX" -std=c++11 "$(include_of "$header")" \
				'int one;' || echo "-- $header"
		done
	)"
fi
compare "$(public_headers | wc -l)" -ge 5 'there are public headers'
clean 'each header has a guard named after its path' "$(
	tree_files -name '*.h' | while read -r header; do
		guard=$(sed -n 's/^#ifndef \([A-Z0-9_]*_H\)$/\1/p' "$header" |
			head -n 1)
		want=$(basename "$header" .h | tr 'a-z-' 'A-Z_')_H
		case $guard in
		*"_$want") ;;
		*) echo "$header: guard '$guard' does not end in _$want" ;;
		esac
	done
)"
tap_end

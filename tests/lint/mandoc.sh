#!/bin/sh
# SPDX-License-Identifier: ISC
# mandoc.sh - mandoc has nothing to say about the manual.
. "${srcdir:-.}/tests/lint/files.sh"

command -v mandoc >/dev/null || skip_all 'mandoc is missing: ./dev install-deps'
tree_files -path './man/*.[1-9]' >"$T/pages"
test -s "$T/pages" || skip_all 'no manual page yet'

while read -r page; do
	# A page that is not installed here cannot be looked up by its name.
	clean "${page#./}" "$(mandoc -T lint -W warning "$page" 2>&1 |
		grep -v 'referenced manual not found')"
done <"$T/pages"
tap_end

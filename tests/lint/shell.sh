#!/bin/sh
# SPDX-License-Identifier: ISC
# shell.sh - shellcheck has nothing to say about any script.
. "${srcdir:-.}/tests/lint/files.sh"

command -v shellcheck >/dev/null ||
	skip_all 'shellcheck is missing: ./dev install-deps'

shell_files >"$T/scripts"
compare "$(wc -l <"$T/scripts")" -ge 10 'the scripts are found'
while read -r script; do
	clean "${script#./}" "$(shellcheck "$script" 2>&1)"
done <"$T/scripts"
tap_end

#!/bin/sh
# SPDX-License-Identifier: ISC
# archive.sh - says what is in git, and not in an archive of it: archive.sh FILE
set -u
cd "$(dirname "$0")/.." || exit 1
git ls-files >/dev/null 2>&1 || exit 0
T=$(mktemp -d "${TMPDIR:-/tmp}/kmem-archive.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
tar -tf "$1" | sed 's|^[^/]*/||' >"$T/archived" || exit 1
left=$(git ls-files | grep -vxF -f "$T/archived" | grep -v '^\.')
test -z "$left" && exit 0
echo "not in the archive: $left"
exit 1

#!/bin/sh
# SPDX-License-Identifier: ISC
# 54-weave.sh - two participants of slab, step by step in each order, one of them
# killed anywhere: nothing is lost or handed out twice. CONTRIBUTING.md has more.
. "${srcdir:-.}/tests/tap.sh"

case ${KMEM_CFLAGS:-} in
*sanitize*) skip_all 'a sanitizer does not follow the stacks of coroutines' ;;
esac

"$B/tests/stress/weave" -m 50000 >"$T/weave" 2>&1
status=$?
note "$(cat "$T/weave")"
is "$status" 0 'nothing is wrong in any state'
like "$(tail -n 1 "$T/weave")" \
	'^[0-9]+ scenarios, [3-9] with all states; [0-9]{5,} states, nothing wrong$' \
	'of tens of thousands'

# What is left out is missed.
while read -r without what; do
	"$B/tests/stress/weave" -m 100000 -w "$without" >"$T/weave" 2>&1
	is "$?" 1 "without $without something is wrong"
	like "$(cat "$T/weave")" "$what" '... as could be thought' ||
		note "$(cat "$T/weave")"
done <<'EOT'
fence nothing tells of a free block
barrier handed out twice
recovery of the dead|nothing tells of a free block
EOT
tap_end

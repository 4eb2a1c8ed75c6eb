#!/bin/sh
# SPDX-License-Identifier: ISC
# words.sh - words that have no place in this tree.
. "${srcdir:-.}/tests/lint/files.sh"

# absent NAME ERE FIND-TESTS...: no line of these files matches.
absent() {
	absent_name=$1 absent_ere=$2
	shift 2
	clean "$absent_name" "$(tree_files "$@" |
		grep -vx './tests/lint/words.sh' |
		xargs -r grep -nE -e "$absent_ere" /dev/null)"
}

absent 'no path of somebody'\''s machine' \
	'(^|[^a-zA-Z0-9_.})%])/(home|root|work|mnt|srv)/' -type f
absent 'no fixed name in /tmp' '(^|[^a-zA-Z0-9_.})-])/tmp/[a-zA-Z]' -type f
absent 'no unbounded or stack-eating function' \
	'(^|[^a-zA-Z0-9_])(sprintf|vsprintf|strcpy|strcat|gets|alloca) *\(' \
	-name '*.[ch]'
absent 'no extern in a .c file' '^[ 	]*extern[ 	]' -name '*.c'
# gen_lock_t is Kamailio's name for a lock.
clean 'no type that ends in _t' "$(c_files |
	xargs grep -nE '^(typedef .*|\}) *[a-z0-9_]+_t;' |
	grep -v ' gen_lock_t;$')"
absent 'no mark of unfinished work' '(TODO|FIXME|HACK)' \
	-name '*.[ch]' -o -name '*.sh' -o -name '*.mk'
absent 'no code in comments' \
	'^[ 	]*(//|#if 0|/\* *(if|for|while|return|free)[ (].*; *\*/)' \
	-name '*.[ch]'
absent 'no trailing white space' '[ 	]+$' \
	-name '*.[ch]' -o -name '*.sh' -o -name '*.mk' -o -name '*.md' \
	-o -path './man/*'
absent 'no #ifdef of features in .c files' \
	'^#[ 	]*ifn?def (HAVE|WITH|ENABLE|USE)_' -name '*.c'
# wait_until in lib.sh is the one place that sleeps.
clean 'no test sleeps: wait_until, and deadlines' "$(
	tree_files -path './tests/*.sh' -o -path './tests/*.c' |
		grep -vxE './tests/(lint/words|functional/lib)\.sh' |
		xargs -r grep -nE \
			'(^|[^a-z_])(sleep +[0-9.]|u?sleep *\(|nanosleep *\()' /dev/null
)"
clean 'wait_until is the one place that does' \
	"$(grep -cE '^[^#]*sleep' tests/functional/lib.sh | grep -vx 1)"
clean 'no file called util, common, misc or helper' "$(
	tree_files -name 'util*.[ch]' -o -name 'common*.[ch]' \
		-o -name 'misc*.[ch]' -o -name 'helper*.[ch]'
)"
clean 'no bool parameter in a public function' "$(
	public_headers | while read -r header; do
		tr '\n' ' ' <"$header" | grep -oE 'KM_API [^;]*;' |
			grep -E '\([^;]*\bbool\b'
	done
)"
tap_end

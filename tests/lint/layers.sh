#!/bin/sh
# SPDX-License-Identifier: ISC
# layers.sh - who may include whom: base <- mem <- attach <- daemon,
# base <- rpc <- daemon, base <- rpc <- ctl; only daemon/methods/ has both.
. "${srcdir:-.}/tests/lint/files.sh"

# Folder, what it may include of the tree, which libraries it may use. The
# most special folder first. The attach room has kmem.h and attach_*.h.
cat >"$T/rules" <<'EOT'
libclient/base - base -
libclient/mem - base,mem -
libclient/preload - base,mem,kmem.h,preload -
libclient - base,mem,kmem.h,attach_call.h,attach_msg.h -
rpc - base,rpc event2,json-c
daemon/methods - base,mem,kmem.h,rpc,daemon event2,json-c
daemon/modules - base,mem,daemon event2,zlib.h
daemon - base,mem,kmem.h,attach_msg.h,rpc,daemon event2,json-c,confuse.h
ctl - base,rpc,ctl json-c,histedit.h
EOT

# Of a file: "own base", "own mem", "library event2", one a line.
includes() {
	sed -n -e 's|^[ 	]*#[ 	]*include[ 	]*"\([^"]*\)".*|own \1|p' \
		-e 's|^[ 	]*#[ 	]*include[ 	]*<\([^>]*\)>.*|library \1|p' "$1" |
		sed -e '/^own config.h$/d' -e 's|^\(own [a-z]*\)/.*|\1|' \
			-e 's|^library event\.h|library event2|' \
			-e 's|^library json.*|library json-c|' \
			-e 's|^library event2/.*|library event2|' \
			-e 's|^library editline/.*|library histedit.h|' | sort -u
}

# Libraries that a rule must allow; all others are the system's.
is_library() {
	case $1 in
	event2 | json-c | confuse.h | zlib.h | histedit.h | check.h) ;;
	*) return 1 ;;
	esac
}

check_file() { # FILE OWN LIBRARIES
	includes "$1" | while read -r kind name; do
		case $kind in
		own) allowed=$2 ;;
		*)
			is_library "$name" || continue
			allowed=$3
			;;
		esac
		case ",$allowed," in
		*",$name,"*) ;;
		*) echo "$1 includes $name: its room may have $allowed" ;;
		esac
	done
	case $1 in
	./daemon/methods/*) ;;
	*)
		if includes "$1" | grep -qx 'own mem' &&
			includes "$1" | grep -qx 'own rpc'; then
			echo "$1 includes mem and rpc: that is for methods"
		fi
		;;
	esac
}

check_room() { # FOLDER: the files that no more special folder has
	c_files | grep "^./$1/" | while read -r file; do
		room=$(while read -r dir _; do
			case $file in "./$dir/"*) echo "$dir" && break ;; esac
		done <"$T/rules")
		test "$room" = "$1" || continue
		check_file "$file" "$2" "$3"
	done
}

while read -r dir _ own libraries; do
	clean "$dir includes only what it may" \
		"$(check_room "$dir" "$own" "$libraries")"
done <"$T/rules"

clean 'every .c file but an example includes config.h first' "$(
	tree_files -name '*.c' ! -path './tests/examples/*' | grep -v '^\./tests/outside/' |
		while read -r file; do
		first=$(sed -n '/^#[ 	]*include/{p;q;}' "$file")
		test "$first" = '#include "config.h"' || echo "$file"
	done
)"
clean 'no header includes config.h' \
	"$(tree_files -name '*.h' | xargs grep -l '^#.*"config\.h"')"
tap_end

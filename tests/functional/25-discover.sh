#!/bin/sh
# SPDX-License-Identifier: ISC
# 25-discover.sh - rpc.discover is a valid OpenRPC document, and it says what
# system.* says.
. "${srcdir:-.}/tests/functional/lib.sh"

start_kmemd -n 0 -m 16
ok 'it is given' ctl --json rpc.discover
mv "$T/ok.out" "$T/doc"
ctl --json system.listMethods >"$T/methods"

# holds FILTER NAME: of the document, with all methods of system.* as $all.
holds() {
	if jq -e --slurpfile all "$T/methods" "$1" <"$T/doc" >"$T/jq.out" 2>&1
	then
		pass "$2"
	else
		not_ok "$2" "$1 gives $(head -c 2000 "$T/jq.out")"
	fi
}

# none FILTER NAME: what it finds wrong is nothing.
none() {
	clean "$2" "$(jq -c --slurpfile all "$T/methods" "[$1] | .[]" \
		<"$T/doc" 2>&1)"
}

# --- the rules of OpenRPC 1.2 ---
holds '.openrpc | test("^1\\.2\\.[0-9]+$")' 'its version'
holds '(.info.title | strings) and (.info.version | strings)' \
	'title and version'
none 'keys[] | select(IN("openrpc", "info", "servers", "methods", "components",
	"externalDocs") | not)' 'no other members'
holds '.servers | type == "array" and all(.name and .url)' \
	'servers with name and url'
holds '.methods | type == "array" and length > 20' 'methods'
none '.methods[] | select((.name | type) != "string" or
	(.params | type) != "array" or (.result | type) != "object")' \
	'each with name, params and result'
none '.methods[] | keys[] | select(IN("name", "summary", "description", "tags",
	"paramStructure", "params", "result", "errors", "links", "examples",
	"deprecated", "servers", "externalDocs") or startswith("x-") | not)' \
	'and no member that is not known'
none '.methods | group_by(.name)[] | select(length > 1)' 'each once'
none '.methods[] | select(.paramStructure |
	IN("by-name", "by-position", "either") | not)' 'how params are given'
none '.methods[] | .params[], .result | select((.name | type) != "string" or
	(.schema | type) != "object")' 'params and results have name and schema'
none '.methods[] | select((.params | map(.name) | unique | length) !=
	(.params | length))' 'names of params are unique within a method'
none '.methods[] | select(.params | map(.required) |
	. != (sort | reverse))' 'required ones come first'
none '.methods[].params[] | select(.required | type != "boolean")' \
	'required is a boolean'
none '.. | objects | select(has("schema")) | .schema | .. |
	objects | select(has("type")) | [.type] | flatten[] |
	select(IN("integer", "string", "boolean", "array", "null") | not)' \
	'types are those of JSON Schema'
none '. as $doc | .. | objects | select(has("$ref")) |
	select((.["$ref"] | ltrimstr("#/") / "/") as $path |
	($doc | getpath($path)) == null)' 'each reference leads somewhere'
none '.components.errors[] | select((.code | type) != "number" or
	(.message | type) != "string")' 'errors have code and message'

# --- it is the table that dispatch uses ---
holds '(.methods | map(.name) | sort) == ($all[0] | sort)' \
	'it has all methods of system.listMethods'
none '.methods[] | select((.summary | length) == 0)' 'each has a summary'
none '.methods[] | select(.["x-role"] | IN("read", "dump", "admin") | not)' \
	'and a role'

# As system.methodSignature writes it, made from the document.
signatures() {
	jq -r 'def word: {integer: "int", boolean: "bool"}[.] // .;
		def value: if .["x-rest"] then .schema.items else .schema end |
			[.type] | flatten[0] // "any" | word;
		def text: "\(.name):\(value)\(if .["x-rest"] then " ..."
			else "" end)" as $t |
			if .required then $t else "[\($t)]" end;
		.methods[] | [.name, (.params[] | text)] | join(" ")' "$T/doc"
}
asked() {
	jq -r '.methods[].name' "$T/doc" | while read -r method; do
		ctl system.methodSignature "$method" </dev/null
	done
}
is "$(signatures)" "$(asked)" 'params are those of system.methodSignature'
done_testing

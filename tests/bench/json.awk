# SPDX-License-Identifier: ISC
# json.awk - rows of rows.awk, each an object.

function number(text) {
	return text == "-" || text == "" ? "null" : text
}

{
	printf "{\"workload\":\"%s\",\"heap\":\"%s\",\"processes\":%d," \
		"\"allocator\":\"%s\",\"ns_median\":%s,\"ns_min\":%s," \
		"\"ns_max\":%s,\"ratio_to_mimalloc\":%s,\"counted\":%s," \
		"\"held\":%s}\n",
		$1, $2, $3, $4, $5, $6, $7, number($8), number($10), number($11)
}

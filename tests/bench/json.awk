# SPDX-License-Identifier: ISC
# json.awk - rows of rows.awk, each an object.

function number(text) {
	return text == "-" ? "null" : text
}

{
	printf "{\"workload\":\"%s\",\"heap\":\"%s\",\"processes\":%d," \
		"\"allocator\":\"%s\",\"ns_median\":%s,\"ns_min\":%s," \
		"\"ns_max\":%s,\"ratio_to_mimalloc\":%s,\"counted\":%s," \
		"\"held\":%s,\"min_pool\":%s,\"instructions\":%s}\n",
		$1, $2, $3, $4, number($5), number($6), number($7),
		number($8), number($11), number($12), number($14), number($15)
}

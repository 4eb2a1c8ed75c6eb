# SPDX-License-Identifier: ISC
# plot.awk - lines "live heap allocator ns", several of each, to an SVG picture
# of the medians; both scales are logarithmic.

function log10(x) {
	return log(x) / log(10)
}

function x_of(live) {
	return left + (log10(live) - x_low) / (x_high - x_low) * width
}

function y_of(cost) {
	return top + height - (log10(cost) - y_low) / (y_high - y_low) * height
}

function text(x, y, anchor, words) {
	printf "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">%s</text>\n",
		x, y, anchor, words
}

function line(x1, y1, x2, y2, colour) {
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" " \
		"stroke=\"%s\"/>\n", x1, y1, x2, y2, colour
}

function median(key,   n, i, j, x) {
	n = n_ns[key]
	for (i = 2; i <= n; i++) {
		x = ns[key, i]
		for (j = i - 1; j > 0 && ns[key, j] > x; j--)
			ns[key, j + 1] = ns[key, j]
		ns[key, j + 1] = x
	}
	return ns[key, int((n + 1) / 2)]
}

# Powers of ten, and in between, for the scale of costs, 2 and 5.
function grid(   e, i, tick, cost) {
	for (e = x_low; e <= x_high; e++) {
		line(x_of(10 ^ e), top, x_of(10 ^ e), top + height, "#ddd")
		text(x_of(10 ^ e), top + height + 18, "middle", "1e" e)
	}
	split("1 2 5", tick, " ")
	for (e = y_low; e <= y_high; e++)
		for (i = 1; i <= 3; i++) {
			cost = tick[i] * 10 ^ e
			if (log10(cost) > y_high + 0.001)
				continue
			line(left, y_of(cost), left + width, y_of(cost), "#ddd")
			text(left - 8, y_of(cost) + 4, "end", cost)
		}
	text(left + width / 2, top + height + 40, "middle", "live blocks")
	text(left, top - 12, "start", "ns per free and malloc of a random " \
		"block of 16 to 128 bytes")
}

function curve(who, colour, row,   i, key, points) {
	for (i = 1; i <= n_lives; i++) {
		key = lives[i] " " who
		if (n_ns[key] > 0)
			points = points sprintf(" %.1f,%.1f", x_of(lives[i]),
				y_of(median(key)))
	}
	printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" " \
		"stroke-width=\"2\"/>\n", points, colour
	line(left + width + 12, top + 20 * row, left + width + 32,
		top + 20 * row, colour)
	text(left + width + 38, top + 20 * row + 4, "start", who)
}

{
	who = $2 " " $3
	key = $1 " " who
	if (!($1 in seen_live)) {
		seen_live[$1] = 1
		lives[++n_lives] = $1
	}
	if (!(who in seen_who)) {
		seen_who[who] = 1
		names[++n_names] = who
	}
	ns[key, ++n_ns[key]] = $4
	if (low == 0 || $4 < low)
		low = $4
	if ($4 > high)
		high = $4
}

END {
	left = 70; top = 40; width = 560; height = 400
	x_low = int(log10(lives[1]) + 0.001)
	x_high = int(log10(lives[n_lives]) + 0.999)
	y_low = int(log10(low))
	y_high = int(log10(high) + 0.999)
	print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" " \
		"height=\"500\" font-family=\"sans-serif\" font-size=\"12\">"
	print "<rect width=\"800\" height=\"500\" fill=\"white\"/>"
	grid()
	split("#555 #e69f00 #56b4e9 #009e73 #d55e00 #cc79a7 #0072b2 #000",
		colours, " ")
	for (i = 1; i <= n_names; i++)
		curve(names[i], colours[(i - 1) % 8 + 1], i)
	print "</svg>"
}

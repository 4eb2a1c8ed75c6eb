/* SPDX-License-Identifier: ISC */
/* scan.c - one function per state; each is given one byte. */
#include "config.h"

#include <string.h>

#include "rpc/scan.h"

/* Results of a step beyond enum scan_result: how to go on. */
enum {
	TAKEN = SCAN__COUNT, /* next byte, please */
	AGAIN,		     /* the state has changed: this byte once more */
};

static const char *const wanted[SCAN_STATE__COUNT] = {
	[SCAN_AT_START] = "a value",
	[SCAN_AT_VALUE] = "a value",
	[SCAN_AT_FIRST_ELEMENT] = "a value or ']'",
	[SCAN_AT_FIRST_NAME] = "a name in double quotes or '}'",
	[SCAN_AT_NAME] = "a name in double quotes",
	[SCAN_AT_COLON] = "':'",
	[SCAN_AFTER_VALUE] = "',' or the closing bracket",
	[SCAN_IN_STRING] = "no bare control character in a string",
	[SCAN_IN_ESCAPE] = "one of \"\\/bfnrtu after a backslash",
	[SCAN_IN_HEX] = "four hexadecimal digits after \\u",
	[SCAN_IN_UTF8] = "correct UTF-8",
	[SCAN_IN_LITERAL] = "true, false or null",
	[SCAN_IN_MINUS] = "a digit",
	[SCAN_IN_ZERO] = "no digit after a leading 0",
	[SCAN_IN_INTEGER] = "a digit",
	[SCAN_IN_POINT] = "a digit after the point",
	[SCAN_IN_FRACTION] = "a digit",
	[SCAN_IN_E] = "a digit in the exponent",
	[SCAN_IN_E_SIGN] = "a digit in the exponent",
	[SCAN_IN_EXPONENT] = "a digit",
};

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool top_is_object(const struct scan *s)
{
	unsigned i = s->depth - 1;

	return s->is_object[i / 8] & (1u << (i % 8));
}

static int become(struct scan *s, enum scan_state state)
{
	s->state = state;
	return TAKEN;
}

static int value_ends(struct scan *s)
{
	s->state = SCAN_AFTER_VALUE;
	return s->depth == 0 ? SCAN_DONE : TAKEN;
}

static int open_level(struct scan *s, enum scan_state inside)
{
	unsigned i = s->depth;
	uint8_t bit = (uint8_t)(1u << (i % 8));

	if (s->depth >= s->depth_max)
		return SCAN_DEEP;
	s->depth++;
	if (inside == SCAN_AT_FIRST_NAME)
		s->is_object[i / 8] |= bit;
	else
		s->is_object[i / 8] &= (uint8_t)~bit;
	return become(s, inside);
}

static int close_level(struct scan *s)
{
	s->depth--;
	return value_ends(s);
}

static int open_string(struct scan *s, bool is_name)
{
	s->in_name = is_name;
	return become(s, SCAN_IN_STRING);
}

static int open_literal(struct scan *s, const char *rest)
{
	s->literal = rest;
	return become(s, SCAN_IN_LITERAL);
}

static int begin_value(struct scan *s, unsigned char c)
{
	switch (c) {
	case '{':
		return open_level(s, SCAN_AT_FIRST_NAME);
	case '[':
		return open_level(s, SCAN_AT_FIRST_ELEMENT);
	case '"':
		return open_string(s, false);
	case 't':
		return open_literal(s, "rue");
	case 'f':
		return open_literal(s, "alse");
	case 'n':
		return open_literal(s, "ull");
	case '-':
		return become(s, SCAN_IN_MINUS);
	case '0':
		return become(s, SCAN_IN_ZERO);
	}
	return is_digit(c) ? become(s, SCAN_IN_INTEGER) : SCAN_BAD;
}

static int at_value(struct scan *s, unsigned char c)
{
	int rc;

	if (is_space(c))
		return TAKEN;
	if (s->values >= s->values_max)
		return SCAN_MANY;
	rc = begin_value(s, c);
	if (rc == TAKEN)
		s->values++;
	return rc;
}

static int at_first_element(struct scan *s, unsigned char c)
{
	return c == ']' ? close_level(s) : at_value(s, c);
}

static int at_name(struct scan *s, unsigned char c)
{
	if (is_space(c))
		return TAKEN;
	return c == '"' ? open_string(s, true) : SCAN_BAD;
}

static int at_first_name(struct scan *s, unsigned char c)
{
	return c == '}' ? close_level(s) : at_name(s, c);
}

static int at_colon(struct scan *s, unsigned char c)
{
	if (is_space(c))
		return TAKEN;
	return c == ':' ? become(s, SCAN_AT_VALUE) : SCAN_BAD;
}

static int after_value(struct scan *s, unsigned char c)
{
	bool object = top_is_object(s);

	if (is_space(c))
		return TAKEN;
	if (c == ',')
		return become(s, object ? SCAN_AT_NAME : SCAN_AT_VALUE);
	return c == (object ? '}' : ']') ? close_level(s) : SCAN_BAD;
}

static int expect_utf8(
    struct scan *s, unsigned left, unsigned char low, unsigned char high)
{
	s->left = left;
	s->low = low;
	s->high = high;
	return become(s, SCAN_IN_UTF8);
}

/* The table of well-formed byte sequences of the Unicode standard. */
static int begin_utf8(struct scan *s, unsigned char c)
{
	if (c >= 0xc2 && c <= 0xdf)
		return expect_utf8(s, 1, 0x80, 0xbf);
	if (c >= 0xe0 && c <= 0xef)
		return expect_utf8(
		    s, 2, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf);
	if (c >= 0xf0 && c <= 0xf4)
		return expect_utf8(
		    s, 3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf);
	s->state = SCAN_IN_UTF8;
	return SCAN_BAD;
}

static int in_string(struct scan *s, unsigned char c)
{
	if (c == '"')
		return s->in_name ? become(s, SCAN_AT_COLON) : value_ends(s);
	if (c == '\\')
		return become(s, SCAN_IN_ESCAPE);
	if (c < 0x20)
		return SCAN_BAD;
	return c < 0x80 ? TAKEN : begin_utf8(s, c);
}

static int in_utf8(struct scan *s, unsigned char c)
{
	if (c < s->low || c > s->high)
		return SCAN_BAD;
	s->low = 0x80;
	s->high = 0xbf;
	return --s->left == 0 ? become(s, SCAN_IN_STRING) : TAKEN;
}

static int in_escape(struct scan *s, unsigned char c)
{
	if (c == 'u') {
		s->left = 4;
		return become(s, SCAN_IN_HEX);
	}
	if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL)
		return SCAN_BAD;
	return become(s, SCAN_IN_STRING);
}

static int in_hex(struct scan *s, unsigned char c)
{
	if (!is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
		return SCAN_BAD;
	return --s->left == 0 ? become(s, SCAN_IN_STRING) : TAKEN;
}

static int in_literal(struct scan *s, unsigned char c)
{
	if (c != (unsigned char)*s->literal)
		return SCAN_BAD;
	return *++s->literal == '\0' ? value_ends(s) : TAKEN;
}

/* A number has no end of its own: the byte after it is looked at again. */
static int number_ends(struct scan *s)
{
	return value_ends(s) == SCAN_DONE ? SCAN_DONE : AGAIN;
}

static int in_minus(struct scan *s, unsigned char c)
{
	if (c == '0')
		return become(s, SCAN_IN_ZERO);
	return is_digit(c) ? become(s, SCAN_IN_INTEGER) : SCAN_BAD;
}

static int in_zero(struct scan *s, unsigned char c)
{
	if (c == '.')
		return become(s, SCAN_IN_POINT);
	if (c == 'e' || c == 'E')
		return become(s, SCAN_IN_E);
	return is_digit(c) ? SCAN_BAD : number_ends(s);
}

static int in_integer(struct scan *s, unsigned char c)
{
	return is_digit(c) ? TAKEN : in_zero(s, c);
}

static int in_point(struct scan *s, unsigned char c)
{
	return is_digit(c) ? become(s, SCAN_IN_FRACTION) : SCAN_BAD;
}

static int in_fraction(struct scan *s, unsigned char c)
{
	if (c == 'e' || c == 'E')
		return become(s, SCAN_IN_E);
	return is_digit(c) ? TAKEN : number_ends(s);
}

static int in_e_sign(struct scan *s, unsigned char c)
{
	return is_digit(c) ? become(s, SCAN_IN_EXPONENT) : SCAN_BAD;
}

static int in_e(struct scan *s, unsigned char c)
{
	if (c == '+' || c == '-')
		return become(s, SCAN_IN_E_SIGN);
	return in_e_sign(s, c);
}

static int in_exponent(struct scan *s, unsigned char c)
{
	return is_digit(c) ? TAKEN : number_ends(s);
}

static int (*const steps[SCAN_STATE__COUNT])(struct scan *, unsigned char) = {
	[SCAN_AT_START] = at_value,
	[SCAN_AT_VALUE] = at_value,
	[SCAN_AT_FIRST_ELEMENT] = at_first_element,
	[SCAN_AT_FIRST_NAME] = at_first_name,
	[SCAN_AT_NAME] = at_name,
	[SCAN_AT_COLON] = at_colon,
	[SCAN_AFTER_VALUE] = after_value,
	[SCAN_IN_STRING] = in_string,
	[SCAN_IN_ESCAPE] = in_escape,
	[SCAN_IN_HEX] = in_hex,
	[SCAN_IN_UTF8] = in_utf8,
	[SCAN_IN_LITERAL] = in_literal,
	[SCAN_IN_MINUS] = in_minus,
	[SCAN_IN_ZERO] = in_zero,
	[SCAN_IN_INTEGER] = in_integer,
	[SCAN_IN_POINT] = in_point,
	[SCAN_IN_FRACTION] = in_fraction,
	[SCAN_IN_E] = in_e,
	[SCAN_IN_E_SIGN] = in_e_sign,
	[SCAN_IN_EXPONENT] = in_exponent,
};

void scan_init(struct scan *s, unsigned depth_max, unsigned values_max)
{
	memset(s, 0, sizeof(*s));
	s->depth_max = depth_max < SCAN_DEPTH_MAX ? depth_max : SCAN_DEPTH_MAX;
	s->values_max = values_max;
}

/* Most bytes are plain ones of a string: those need no step each. */
static size_t skip_plain(const char *bytes, size_t i, size_t len)
{
	while (i < len && bytes[i] >= 0x20 && bytes[i] < 0x7f &&
	       bytes[i] != '"' && bytes[i] != '\\')
		i++;
	return i;
}

/* A number outside of any bracket: the byte after it is not its own. */
static bool is_bare_number(const struct scan *s)
{
	return s->depth == 0 && s->state >= SCAN_IN_MINUS;
}

enum scan_result scan_feed(
    struct scan *s, const char *bytes, size_t len, size_t *used)
{
	for (size_t i = 0; i < len; i++) {
		bool bare = is_bare_number(s);
		int rc;

		if (s->state == SCAN_IN_STRING &&
		    (i = skip_plain(bytes, i, len)) == len)
			break;
		do
			rc = steps[s->state](s, (unsigned char)bytes[i]);
		while (rc == AGAIN);
		if (rc == TAKEN)
			continue;
		*used = rc == SCAN_DONE && !bare ? i + 1 : i;
		return (enum scan_result)rc;
	}
	*used = len;
	return SCAN_MORE;
}

enum scan_result scan_end(struct scan *s)
{
	size_t used;

	/* White space ends a number and nothing else. */
	if (is_bare_number(s))
		return scan_feed(s, " ", 1, &used);
	return SCAN_BAD;
}

bool scan_has_begun(const struct scan *s)
{
	return s->state != SCAN_AT_START;
}

const char *scan_wanted(const struct scan *s)
{
	return wanted[s->state];
}

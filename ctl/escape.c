/* SPDX-License-Identifier: ISC */
/* escape.c - prints text of others without letting it drive the terminal. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "ctl/escape.h"

#define BAD_BYTE UINT32_MAX

/* Lead bytes of UTF-8: which bits tell them, and from where on they are the
 * shortest way to write a character. */
static const struct {
	unsigned char mask, lead;
	size_t length;
	uint32_t least;
} utf8_leads[] = {
	{ 0x80, 0x00, 1, 0 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

static bool is_character(uint32_t c, uint32_t least)
{
	return c >= least && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

static uint32_t join_bytes(
    const unsigned char *text, size_t length, unsigned char mask)
{
	uint32_t c = text[0] & (unsigned char)~mask;

	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return BAD_BYTE;
		c = c << 6 | (text[i] & 0x3f);
	}
	return c;
}

/* The character at text and the bytes it takes; BAD_BYTE takes one. */
static uint32_t decode(const unsigned char *text, size_t left, size_t *length)
{
	uint32_t c;

	*length = 1;
	for (size_t i = 0; i < sizeof(utf8_leads) / sizeof(utf8_leads[0]);
	     i++) {
		if ((text[0] & utf8_leads[i].mask) != utf8_leads[i].lead)
			continue;
		if (utf8_leads[i].length > left)
			return BAD_BYTE;
		c = join_bytes(text, utf8_leads[i].length, utf8_leads[i].mask);
		if (!is_character(c, utf8_leads[i].least))
			return BAD_BYTE;
		*length = utf8_leads[i].length;
		return c;
	}
	return BAD_BYTE;
}

bool escape_is_utf8(const char *text)
{
	size_t left = strlen(text), length;

	for (; left > 0; text += length, left -= length)
		if (decode((const unsigned char *)text, left, &length) ==
		    BAD_BYTE)
			return false;
	return true;
}

static bool is_plain(enum escape how, uint32_t c)
{
	if (c == '\n' || c == '\t')
		return how == ESCAPE_TEXT;
	if (how == ESCAPE_JSON && (c == '"' || c == '\\'))
		return false;
	return c != BAD_BYTE && c >= 0x20 && (c < 0x7f || c > 0x9f);
}

static void put_hex(FILE *out, const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		fprintf(out, "\\x%02x", bytes[i]);
}

static void put_escaped(FILE *out, enum escape how, uint32_t c,
    const unsigned char *bytes, size_t length)
{
	if (c == '\n' || c == '\t')
		fputs(c == '\n' ? "\\n" : "\\t", out);
	else if (how != ESCAPE_JSON)
		put_hex(out, bytes, length);
	else if (c == '"' || c == '\\')
		fprintf(out, "\\%c", (int)c);
	else
		fprintf(out, "\\u%04x", c == BAD_BYTE ? 0xfffd : (unsigned)c);
}

void escape_put(FILE *out, enum escape how, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	const unsigned char *end = p + len;
	const unsigned char *run = p; /* not printed yet, and plain */
	size_t length;
	uint32_t c;

	for (; p < end; p += length) {
		c = decode(p, (size_t)(end - p), &length);
		if (is_plain(how, c))
			continue;
		fwrite(run, 1, (size_t)(p - run), out);
		put_escaped(out, how, c, p, length);
		run = p + length;
	}
	fwrite(run, 1, (size_t)(p - run), out);
}

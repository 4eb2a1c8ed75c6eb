/* SPDX-License-Identifier: ISC */
/* fuzz_rpc.c - any bytes into a session: it must answer, and end. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "rpc/limits.h"
#include "rpc/session.h"
#include "tests/fuzz/rounds.h"

/*
 * The first byte chooses how the rest is cut into pieces. What is checked:
 * each reply is one line of correct JSON; after a newline and one good
 * request the session answers that; no call is left over.
 */
#define DEFERRED_MOST 64

static struct {
	struct rpc_session *session;
	struct rpc_call *deferred[DEFERRED_MOST];
	size_t n_deferred;
	unsigned long lines;
	int seen_mark;
} fuzz;

#define MARK "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":\"mark\"}\n"

static void broken(const char *what, const char *text, size_t len)
{
	fprintf(stderr, "fuzz_rpc: %s: %.*s\n", what, (int)len, text);
	abort();
}

/* --- methods --- */

static void handle_echo(struct rpc_call *call)
{
	rpc_reply(call, json_object_get(rpc_arg_any(call, 0)));
}

static void handle_rest(struct rpc_call *call)
{
	rpc_reply(call, json_object_get(rpc_arg_rest(call)));
}

static void handle_typed(struct rpc_call *call)
{
	const char *s = rpc_arg_string(call, 1);

	rpc_fail_param(call, RPC_NOT_FOUND, s, s, "%lld %s %d",
	    (long long)rpc_arg_int(call, 0), s != NULL ? s : "-",
	    rpc_arg_bool(call, 2));
}

static void on_cancel(void *arg)
{
	fuzz.n_deferred--;
}

static void handle_later(struct rpc_call *call)
{
	if (fuzz.n_deferred == DEFERRED_MOST) {
		rpc_reply(fuzz.deferred[0], NULL);
		fuzz.deferred[0] = fuzz.deferred[--fuzz.n_deferred];
	}
	fuzz.deferred[fuzz.n_deferred++] = call;
	rpc_call_on_cancel(call, on_cancel, NULL);
}

static const struct rpc_param any[] = {
	{ "value", RPC_ANY, true, false, "anything" },
	{ NULL },
};
static const struct rpc_param rest[] = {
	{ "first", RPC_INT, true, false, "a number" },
	{ "more", RPC_STRING, true, true, "texts" },
	{ NULL },
};
static const struct rpc_param typed[] = {
	{ "i", RPC_INT, false, false, "a number" },
	{ "s", RPC_STRING, true, false, "a text" },
	{ "b", RPC_BOOL, true, false, NULL },
	{ NULL },
};
static const struct rpc_method methods[] = {
	{ "echo", handle_echo, any },
	{ "rest", handle_rest, rest },
	{ "typed", handle_typed, typed },
	{ "later", handle_later, NULL },
	{ "root", handle_echo, NULL, RPC_ROLE_ADMIN },
	{ NULL },
};
static const struct rpc_method *const tables[] = { methods, NULL };

/* --- one input --- */

static void on_output(void *arg, const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(64);
	struct json_object *reply;

	if (len == 0 || memchr(text, '\n', len) != text + len - 1)
		broken("no line", text, len);
	json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	reply = json_tokener_parse_ex(tok, text, (int)len);
	if (reply == NULL || json_tokener_get_parse_end(tok) + 1 < len)
		broken("no JSON", text, len);
	json_object_put(reply);
	json_tokener_free(tok);
	fuzz.lines++;
	fuzz.seen_mark |=
	    strstr(text, "\"result\":null,\"id\":\"mark\"") != NULL;
}

static void feed(const char *bytes, size_t len)
{
	while (len > 0) {
		size_t used = session_feed(fuzz.session, bytes, len);

		if (used == 0 || used > len)
			broken("takes a wrong number of bytes", bytes, len);
		bytes += used;
		len -= used;
	}
}

static void feed_pieces(const char *bytes, size_t len, size_t piece)
{
	while (len > 0) {
		size_t n = piece == 0 || piece > len ? len : piece;
		char *copy = malloc(n); /* so that an overrun is seen */

		memcpy(copy, bytes, n);
		feed(copy, n);
		free(copy);
		bytes += n;
		len -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rpc_limits limits = { .request_size = 2000,
		.depth = 8,
		.batch = 10,
		.values = 100,
		.reply_size = 3000 };
	struct rpc_session_options opt = { .tables = tables,
		.limits = &limits,
		.role = RPC_ROLE_DUMP,
		.output = on_output };

	if (size == 0)
		return 0;
	limits_fill(&limits, &limits);
	memset(&fuzz, 0, sizeof(fuzz));
	if (session_new(&opt, &fuzz.session) < 0)
		return 0;
	feed_pieces((const char *)data + 1, size - 1, data[0] & 63);
	/*
	 * The first may end up in an array that is open, the second is then
	 * an error up to its newline, the third must be answered.
	 */
	feed("\"\n\n", 3);
	fuzz.seen_mark = 0;
	for (int i = 0; i < 3; i++)
		feed(MARK, strlen(MARK));
	if (!fuzz.seen_mark)
		broken("does not go on", (const char *)data, size);
	while (fuzz.n_deferred > 0 && (data[0] & 64))
		rpc_reply(fuzz.deferred[--fuzz.n_deferred], NULL);
	session_end(fuzz.session);
	session_free(&fuzz.session);
	if (fuzz.n_deferred != 0)
		broken("calls are left", (const char *)data, size);
	return 0;
}

#ifndef FUZZ_NO_MAIN
/* --- seeded rounds, where there is no libFuzzer --- */

#define INPUT_MOST ROUNDS_INPUT_MOST

static const char *const words[] = { "{\"jsonrpc\":\"2.0\",\"method\":\"echo\","
				     "\"params\":[",
	"],\"id\":", "\"id\":1}", "{", "}", "[", "]", ",", ":", "\"", "\\",
	"\n", " ", "1", "-0.5e+7", "1e400", "99999999999999999999", "null",
	"true", "false", "\"\\u0000\"", "\"\\ud800\"", "\xc3\xa9", "\xff",
	"\xe2\x82", "\"jsonrpc\":\"2.0\"", "\"method\":\"later\"",
	"\"method\":\"typed\"", "\"method\":\"rest\"",
	"\"params\":{\"i\":1,\"s\":\"x\"}",
	"{\"jsonrpc\":\"2.0\",\"method\":\"later\",\"id\":7}",
	"{\"jsonrpc\":\"2.0\",\"method\":\"typed\",\"params\":[1,\"\\u20ac\"],"
	"\"id\":8}",
	"{\"jsonrpc\":\"2.0\",\"method\":\"rest\",\"params\":{\"more\":[\"a\"]}"
	","
	"\"id\":9}",
	MARK, "\"id\"", "\"params\"", "[[[[[[[[[[", "x" };
#define N_WORDS (sizeof(words) / sizeof(words[0]))

static size_t add_word(uint8_t *input, size_t len)
{
	const char *word = words[rounds_random() % N_WORDS];
	size_t n = strlen(word);

	if (len + n > INPUT_MOST)
		return len;
	memcpy(input + len, word, n);
	return len + n;
}

static size_t make_input(uint8_t *input)
{
	size_t n = rounds_random() % 60, len = 1;

	input[0] = (uint8_t)rounds_random();
	for (size_t i = 0; i < n; i++)
		len = add_word(input, len);
	/* Every other input is damaged. */
	for (size_t i = rounds_random() % 8; i > 0 && n % 2 != 0; i--)
		input[rounds_random() % len] = (uint8_t)rounds_random();
	return len;
}

int main(int argc, char **argv)
{
	return rounds_main(argc, argv, "any bytes are answered", make_input);
}
#endif

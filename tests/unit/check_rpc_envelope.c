/* SPDX-License-Identifier: ISC */
/* check_rpc_envelope.c - requests and replies, parsed and built. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <json-c/printbuf.h>

#include "base/err.h"
#include "rpc/envelope.h"
#include "tests/unit/unit.h"

static struct slice slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

static void assert_slice(struct slice slice, const char *text)
{
	ck_assert_uint_eq(slice.len, strlen(text));
	ck_assert_int_eq(memcmp(slice.text, text, slice.len), 0);
}

/* --- slices --- */

START_TEST(a_walk_gives_each_member_as_it_was_written)
{
	struct slice_walk walk;
	struct slice name, value;

	slice_walk_init(&walk,
	    slice_of(
		"{ \"a\" : 1.0 ,\"b\\\"\":[1, \"]\" ,{}],\n\"c\":{\"}\":\"{"
		"\"} , \"d\":\"\\\\\" }"));
	ck_assert(slice_walk_next(&walk, &name, &value));
	assert_slice(name, "\"a\"");
	assert_slice(value, "1.0");
	ck_assert(slice_walk_next(&walk, &name, &value));
	assert_slice(name, "\"b\\\"\"");
	assert_slice(value, "[1, \"]\" ,{}]");
	ck_assert(slice_walk_next(&walk, &name, &value));
	assert_slice(name, "\"c\"");
	assert_slice(value, "{\"}\":\"{\"}");
	ck_assert(slice_walk_next(&walk, &name, &value));
	assert_slice(name, "\"d\"");
	assert_slice(value, "\"\\\\\"");
	ck_assert(!slice_walk_next(&walk, &name, &value));
	ck_assert(!slice_walk_next(&walk, &name, &value));
}
END_TEST

START_TEST(a_walk_over_an_array_gives_its_elements_without_names)
{
	static const char *const elements[] = { "null", "-1e5", "[[]]", "\"\"",
		"{\"a\":[]}", "true" };
	struct slice_walk walk;
	struct slice name, value;

	slice_walk_init(
	    &walk, slice_of("[null, -1e5 ,[[]],\"\",{\"a\":[]}\t,true]"));
	for (size_t i = 0; i < 6; i++) {
		ck_assert(slice_walk_next(&walk, &name, &value));
		ck_assert_ptr_null(name.text);
		assert_slice(value, elements[i]);
	}
	ck_assert(!slice_walk_next(&walk, &name, &value));
	slice_walk_init(&walk, slice_of("[ ]"));
	ck_assert(!slice_walk_next(&walk, &name, &value));
	slice_walk_init(&walk, slice_of("{}"));
	ck_assert(!slice_walk_next(&walk, &name, &value));
}
END_TEST

START_TEST(a_string_is_decoded_and_cut_at_a_whole_character)
{
	char buf[8];

	ck_assert_int_eq(slice_string(slice_of("\"abc\""), buf, 8), 0);
	ck_assert_str_eq(buf, "abc");
	ck_assert_int_eq(
	    slice_string(slice_of("\"\\u0061\\n\\/\""), buf, 8), 0);
	ck_assert_str_eq(buf, "a\n/");
	ck_assert_int_eq(slice_string(slice_of("\"1234567\""), buf, 8), 0);
	ck_assert_str_eq(buf, "1234567");
	ck_assert_int_eq(
	    slice_string(slice_of("\"12345\xe2\x82\xac\""), buf, 8), 0);
	ck_assert_str_eq(buf, "12345");
	ck_assert_int_eq(
	    slice_string(slice_of("\"1234\\u20acxx\""), buf, 8), 0);
	ck_assert_str_eq(buf, "1234\xe2\x82\xac");
	ck_assert_int_eq(
	    slice_string(slice_of("\"1234\\ud83d\\ude00\""), buf, 8), 0);
	ck_assert_str_eq(buf, "1234");
	ck_assert_int_eq(slice_string(slice_of("12"), buf, 8), -KM_EINVAL);
	ck_assert_int_eq(
	    slice_string(slice_of("\"a\\u0000\""), buf, 8), -KM_ERANGE);
}
END_TEST

/* --- requests --- */

START_TEST(a_request_gives_its_method_params_and_id)
{
	struct envelope env;
	struct rpc_fault fault;

	ck_assert_int_eq(
	    envelope_parse(slice_of("{\"id\" : 1.00 , \"params\" : [ 1 ] ,"
				    "\"method\":\"m\",\"jsonrpc\":\"2.0\"}"),
		&env, &fault),
	    0);
	ck_assert_str_eq(env.method, "m");
	assert_slice(env.id, "1.00");
	assert_slice(env.params, "[ 1 ]");
	ck_assert_int_eq(
	    envelope_parse(slice_of("{\"method\":\"m\",\"jsonrpc\":\"2.0\"}"),
		&env, &fault),
	    0);
	ck_assert_ptr_null(env.id.text);
	ck_assert_ptr_null(env.params.text);
}
END_TEST

static const struct {
	const char *text, *param;
} invalid[] = {
	{ "1", NULL },
	{ "\"method\"", NULL },
	{ "null", NULL },
	{ "{}", "jsonrpc" },
	{ "{\"jsonrpc\":2.0,\"method\":\"m\"}", "jsonrpc" },
	{ "{\"jsonrpc\":\"1.0\",\"method\":\"m\"}", "jsonrpc" },
	{ "{\"jsonrpc\":\"2.0xxxxxxxxxx\",\"method\":\"m\"}", "jsonrpc" },
	{ "{\"jsonrpc\":\"2.0\"}", "method" },
	{ "{\"jsonrpc\":\"2.0\",\"method\":null}", "method" },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":null}", "params" },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":\"p\"}", "params" },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":false}", "id" },
};

START_TEST(what_is_no_request_is_refused_with_the_member_to_blame)
{
	struct envelope env;
	struct rpc_fault fault;

	ck_assert_int_eq(
	    envelope_parse(slice_of(invalid[_i].text), &env, &fault),
	    -KM_EPROTO);
	ck_assert_int_eq(fault.code, RPC_INVALID_REQUEST);
	ck_assert_ptr_nonnull(fault.hint);
	if (invalid[_i].param == NULL)
		ck_assert_ptr_null(fault.param);
	else
		ck_assert_str_eq(fault.param, invalid[_i].param);
}
END_TEST

START_TEST(a_request_that_is_built_parses_to_the_same)
{
	struct printbuf *out = printbuf_new();
	struct json_object *params =
	    json_tokener_parse("[\"a/b\",{\"c\":null}]");
	struct envelope env;
	struct rpc_fault fault;

	ck_assert_int_eq(
	    envelope_build_request(out, "core.\"x\"", params, -42), 0);
	ck_assert_str_eq(out->buf,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"core.\\\"x\\\"\",\"params\":"
	    "[\"a/b\",{\"c\":null}],\"id\":-42}");
	ck_assert_int_eq(envelope_parse(slice_of(out->buf), &env, &fault), 0);
	ck_assert_str_eq(env.method, "core.\"x\"");
	assert_slice(env.id, "-42");
	assert_slice(env.params, "[\"a/b\",{\"c\":null}]");
	json_object_put(params);
	printbuf_free(out);
}
END_TEST

/* --- replies --- */

START_TEST(a_result_is_built_compact_with_its_id_raw)
{
	struct printbuf *out = printbuf_new();

	ck_assert_int_eq(envelope_build_result(out, NULL, slice_of("1e3")), 0);
	ck_assert_str_eq(
	    out->buf, "{\"jsonrpc\":\"2.0\",\"result\":null,\"id\":1e3}");
	printbuf_free(out);
}
END_TEST

START_TEST(an_error_has_data_only_when_there_is_something_to_say)
{
	static const struct {
		struct rpc_fault fault;
		const char *data;
	} cases[] = {
		{ { RPC_BUSY, "a\"b", NULL, NULL }, "" },
		{ { RPC_BUSY, "a\"b", "p", NULL },
		    ",\"data\":{\"param\":\"p\"}" },
		{ { RPC_BUSY, "a\"b", NULL, "h" },
		    ",\"data\":{\"hint\":\"h\"}" },
		{ { RPC_BUSY, "a\"b", "p", "h" },
		    ",\"data\":{\"param\":\"p\",\"hint\":\"h\"}" },
	};
	char expected[256];

	for (size_t i = 0; i < 4; i++) {
		struct printbuf *out = printbuf_new();

		ck_assert_int_eq(envelope_build_error(out, &cases[i].fault,
				     (struct slice){ NULL, 0 }),
		    0);
		snprintf(expected, sizeof(expected),
		    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32004,"
		    "\"message\":\"a\\\"b\"%s},\"id\":null}",
		    cases[i].data);
		ck_assert_str_eq(out->buf, expected);
		printbuf_free(out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_envelope");
	TCase *tc = tcase_create("envelope");

	tcase_add_test(tc, a_walk_gives_each_member_as_it_was_written);
	tcase_add_test(
	    tc, a_walk_over_an_array_gives_its_elements_without_names);
	tcase_add_test(tc, a_string_is_decoded_and_cut_at_a_whole_character);
	tcase_add_test(tc, a_request_gives_its_method_params_and_id);
	tcase_add_loop_test(tc,
	    what_is_no_request_is_refused_with_the_member_to_blame, 0,
	    (int)(sizeof(invalid) / sizeof(invalid[0])));
	tcase_add_test(tc, a_request_that_is_built_parses_to_the_same);
	tcase_add_test(tc, a_result_is_built_compact_with_its_id_raw);
	tcase_add_test(
	    tc, an_error_has_data_only_when_there_is_something_to_say);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

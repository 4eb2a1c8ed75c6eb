/* SPDX-License-Identifier: ISC */
/* fake_server.c - a server for tests that answers well, badly, or never. */
#include "config.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_server.h"

#define MANY 100000 /* entries: more than a pipe and all buffers hold */

struct request {
	FILE *out;
	const char *id; /* as JSON */
	struct json_object *params;
};

/* Returns whether the connection goes on. */
struct answer {
	const char *method;
	const char *text; /* for give() and send_raw() */
	bool (*act)(const struct answer *answer, struct request *request);
};

static bool give(const struct answer *answer, struct request *request)
{
	fprintf(request->out, "{\"jsonrpc\":\"2.0\",\"id\":%s,%s}\n",
	    request->id, answer->text);
	return true;
}

static bool give_and_close(const struct answer *answer, struct request *request)
{
	give(answer, request);
	return false;
}

static bool send_raw(const struct answer *answer, struct request *request)
{
	fputs(answer->text, request->out);
	return true;
}

static bool send_raw_and_close(
    const struct answer *answer, struct request *request)
{
	fputs(answer->text, request->out);
	return false;
}

static bool echo(const struct answer *answer, struct request *request)
{
	fprintf(request->out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}\n",
	    request->id,
	    json_object_to_json_string_ext(
		request->params, JSON_C_TO_STRING_PLAIN));
	return true;
}

/* Three pages, each naming the request for the one after it. */
static bool pages(const struct answer *answer, struct request *request)
{
	struct json_object *from;
	int page = 1;

	if (json_object_is_type(request->params, json_type_object) &&
	    json_object_object_length(request->params) == 1 &&
	    json_object_object_get_ex(request->params, "from", &from))
		page = json_object_get_int(from);
	fprintf(request->out,
	    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"pid\":7,"
	    "\"blocks\":[%d,%d],\"next\":",
	    request->id, page * 10, page * 10 + 1);
	if (page < 3)
		fprintf(request->out,
		    "{\"method\":\"t.pages\",\"params\":{\"from\":%d}}}}\n",
		    page + 1);
	else
		fputs("null}}\n", request->out);
	return true;
}

/* Each time 100 more; once: never again. */
static bool count(const struct answer *answer, struct request *request)
{
	static int n;

	n += 100;
	fprintf(request->out,
	    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"n\":%d}}\n",
	    request->id, n);
	return true;
}

static bool once(const struct answer *answer, struct request *request)
{
	static int n;

	return n++ > 0 || count(answer, request);
}

/* The server goes with its answer. */
static bool last(const struct answer *answer, struct request *request)
{
	give(answer, request);
	fflush(request->out);
	_exit(0);
}

/* A byte now and then, without end. */
static bool trickle(const struct answer *answer, struct request *request)
{
	do {
		fputc(' ', request->out);
		poll(NULL, 0, 50);
	} while (fflush(request->out) == 0);
	return false;
}

/* Good for one page, then silent. */
static bool pages_stop(const struct answer *answer, struct request *request)
{
	static const struct answer first = { NULL,
		"\"result\":{\"blocks\":[1],\"next\":{\"method\":"
		"\"t.pages_stop\",\"params\":{}}}",
		give };

	return json_object_is_type(request->params, json_type_object) ||
	       give(&first, request);
}

/* Good for one page, then an error. */
static bool pages_fail(const struct answer *answer, struct request *request)
{
	static const struct answer first = { NULL,
		"\"result\":{\"blocks\":[1],\"next\":{\"method\":"
		"\"t.pages_fail\",\"params\":{}}}",
		give };
	static const struct answer second = { NULL,
		"\"error\":{\"code\":-32003,\"message\":\"it has gone\"}",
		give };

	return give(json_object_is_type(request->params, json_type_object)
			? &second
			: &first,
	    request);
}

static bool many(const struct answer *answer, struct request *request)
{
	fprintf(request->out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":[0",
	    request->id);
	for (int i = 1; i < MANY; i++)
		fprintf(request->out, ",%d", i);
	fputs("]}\n", request->out);
	return true;
}

static const struct answer answers[] = {
	{ "core.shmmem", "\"result\":{\"total\":33554432,\"fragments\":1}",
	    give },
	{ "core.psx", "\"result\":[{\"IDX\":0,\"PID\":42}]", give },
	{ "core.version", "\"result\":\"kmemd 0\"", give },
	{ "system.listMethods", "\"result\":[\"core.a\",\"core.b\"]", give },
	{ "system.methodHelp", "\"result\":\"one\\n\\ttwo\"", give },
	{ "system.methodSignature", "\"result\":\"core.a [n:int]\"", give },
	{ "core.echo", NULL, echo },
	{ "t.null", "\"result\":null", give },
	{ "t.fail",
	    "\"error\":{\"code\":-32003,\"message\":\"no process 99\","
	    "\"data\":{\"param\":\"pid\",\"hint\":\"there are 1, 2\"}}",
	    give },
	{ "t.plain", "\"error\":{\"code\":-32601,\"message\":\"unknown\"}",
	    give },
	{ "t.odd", "\"error\":[1]", give },
	{ "t.hostile",
	    "\"error\":{\"code\":-1,\"message\":\"a\\u001b[2J\\nb\"}", give },
	{ "t.bye", "\"result\":\"bye\"", give_and_close },
	{ "t.silent", "", send_raw },
	{ "t.half", "{\"jsonrpc\":\"2.0\",", send_raw },
	{ "t.close", "", send_raw_and_close },
	{ "t.cut", "{\"jsonrpc\":\"2.0\",", send_raw_and_close },
	{ "t.garbage", "220 mail.example.org ESMTP\r\n", send_raw },
	{ "t.other", "{\"a\":1}\n", send_raw },
	{ "t.pages", NULL, pages },
	{ "t.pages_fail", NULL, pages_fail },
	{ "t.loop",
	    "\"result\":{\"blocks\":[],\"next\":{\"method\":\"t.loop\"}}",
	    give },
	{ "t.many", NULL, many },
	{ "t.count", NULL, count },
	{ "t.once", NULL, once },
	{ "t.last", "\"result\":1", last },
	{ "t.trickle", NULL, trickle },
	{ "t.pages_stop", NULL, pages_stop },
};

static const struct answer *answer_find(const char *method)
{
	static const struct answer unknown = { NULL,
		"\"error\":{\"code\":-32601,\"message\":\"no such method\"}",
		give };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strcmp(answers[i].method, method) == 0)
			return &answers[i];
	return &unknown;
}

static bool answer_line(const char *line, FILE *out)
{
	struct json_object *text = json_tokener_parse(line);
	struct json_object *method = NULL, *id = NULL;
	struct request request = { .out = out };
	bool goes_on;

	json_object_object_get_ex(text, "method", &method);
	json_object_object_get_ex(text, "params", &request.params);
	json_object_object_get_ex(text, "id", &id);
	request.id = json_object_to_json_string(id);
	const struct answer *answer =
	    answer_find(json_object_get_string(method));
	goes_on = answer->act(answer, &request);
	json_object_put(text);
	return fflush(out) == 0 && goes_on;
}

static void serve(int fd)
{
	FILE *in = fdopen(fd, "r");
	FILE *out = fdopen(dup(fd), "w");
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, in) > 0)
		if (!answer_line(line, out))
			break;
	free(line);
	fclose(out);
	fclose(in);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(fd, 5) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

pid_t fake_server_start(const char *path)
{
	int fd = listen_at(path);
	pid_t pid;

	if (fd < 0)
		return -1;
	pid = fork();
	if (pid != 0) {
		close(fd);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		if (peer >= 0)
			serve(peer);
	}
}

void fake_server_stop(pid_t *pid, const char *path)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	*pid = 0;
	unlink(path);
}

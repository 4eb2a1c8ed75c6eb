/* SPDX-License-Identifier: ISC */
/* connection.c - the connection to kmemd, opened when it is needed. */
#include "config.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/complain.h"
#include "ctl/connection.h"
#include "ctl/interrupt.h"
#include "rpc/client.h"

#define REMEDY "is kmemd running? -s SOCKET or KMEMD_SOCK names another socket"

struct connection {
	const char *socket;
	int timeout_ms;
	struct rpc_client *client; /* NULL: not connected */
};

/* Why a connect() fails, where REMEDY would be wrong. */
static const struct {
	int error;
	const char *remedy;
} connect_remedies[] = {
	{ EACCES, "who may use it is rpc_socket_mode and rpc_socket_group in "
		  "kmemd.conf" },
	{ ENAMETOOLONG, "a socket's path has 107 bytes at most" },
	{ EINVAL, "-s SOCKET or KMEMD_SOCK must be the path of a socket, of "
		  "107 bytes at most" },
	{ EPROTOTYPE, "no rpc_socket: is it kmemd's attach_socket, which is "
		      "for programs?" },
	{ EAGAIN, "kmemd does not accept: its backlog is full" },
};

/* What the client's errors mean, both when it connects and when it calls. */
static const struct failure {
	int rc;
	enum status status;
	const char *message, *hint;
} failures[] = {
	{ -KM_ETIMEOUT, STATUS_TIMEOUT, "no answer in time",
	    "--timeout SECONDS waits longer" },
	{ -KM_EINTERRUPTED, STATUS_TIMEOUT, NULL, NULL },
	{ -KM_ECLOSED, STATUS_NO_CONNECTION,
	    "the server closed the connection without an answer",
	    "kmemd's log may say why" },
	{ -KM_EPROTO, STATUS_NO_CONNECTION,
	    "what came back is no JSON-RPC reply",
	    "is this kmemd's RPC socket?" },
	{ -KM_ENOMEM, STATUS_BROKEN, "out of memory", NULL },
};

int connection_new(
    const char *socket, int timeout_ms, struct connection **connection)
{
	*connection = calloc(1, sizeof(**connection));
	if (*connection == NULL)
		return -KM_ENOMEM;
	(*connection)->socket = socket;
	(*connection)->timeout_ms = timeout_ms;
	return 0;
}

void connection_free(struct connection **connection)
{
	if (*connection == NULL)
		return;
	if ((*connection)->client != NULL)
		rpc_client_close(&(*connection)->client);
	free(*connection);
	*connection = NULL;
}

static const struct failure *failure_find(int rc)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].rc == rc)
			return &failures[i];
	return NULL;
}

static const char *remedy_find(int error)
{
	for (size_t i = 0;
	     i < sizeof(connect_remedies) / sizeof(connect_remedies[0]); i++)
		if (connect_remedies[i].error == error)
			return connect_remedies[i].remedy;
	return REMEDY;
}

static enum status cannot_connect(const struct connection *connection, int rc)
{
	const struct failure *failure = failure_find(rc);

	if (rc == -KM_ESYS)
		complain(NULL, remedy_find(errno), "cannot connect to %s: %m",
		    connection->socket);
	else if (failure == NULL)
		complain(NULL, REMEDY, "cannot connect to %s: %s",
		    connection->socket, km_strerror(rc));
	else
		complain(NULL, failure->hint, "cannot connect to %s: %s",
		    connection->socket, failure->message);
	return failure != NULL ? failure->status : STATUS_NO_CONNECTION;
}

static enum status cannot_call(
    const struct connection *connection, const char *method, int rc)
{
	const struct failure *failure = failure_find(rc);

	if (failure == NULL) {
		complain(method, NULL, "%s: %s", connection->socket,
		    rc == -KM_ESYS ? strerror(errno) : km_strerror(rc));
		return STATUS_NO_CONNECTION;
	}
	if (failure->message != NULL)
		complain(method, failure->hint, "%s: %s", connection->socket,
		    failure->message);
	return failure->status;
}

/* Kept from call to call, for what the server keeps by connection; but a
 * server closes one that was idle for long, or has been restarted. */
static int connect_again(struct connection *connection)
{
	int rc;

	if (connection->client != NULL &&
	    !rpc_client_is_open(connection->client)) {
		complain(NULL, NULL,
		    "the server has closed the connection, connecting again");
		rpc_client_close(&connection->client);
	}
	if (connection->client != NULL)
		return 0;
	rc = rpc_client_open(
	    connection->socket, connection->timeout_ms, &connection->client);
	if (rc == 0)
		rpc_client_set_wake(connection->client, interrupt_fd());
	return rc;
}

enum status connection_call(struct connection *connection, const char *method,
    struct json_object *params, struct json_object **reply)
{
	enum status status;
	int rc = connect_again(connection);

	*reply = NULL;
	if (rc != 0) {
		json_object_put(params);
		return cannot_connect(connection, rc);
	}
	rc = rpc_client_call(connection->client, method, params, reply);
	if (rc == 0)
		return STATUS_OK;
	status = cannot_call(connection, method, rc);
	rpc_client_close(&connection->client);
	return status;
}

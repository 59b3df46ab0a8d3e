/*
 * One libpq connection to a peer.  See smc_connect.h.
 */
#include "link/smc_connect.h"

#include "mb/pg_wchar.h"
#include "storage/fd.h"
#include "storage/latch.h"

#define ATTACH_COMMAND		"CALL smc_attach()"

/* Options that we add, where the target has none. */
#define DEFAULTS_MAX		10

/* A server's texts are cut at this length. */
#define TEXT_MAX			1000

/* libpq would print a peer's notices on our standard error. */
static void
ignore_notice(void *arg, const char *message)
{
}

static bool
has_option(const SmcDialTarget *target, const char *keyword)
{
	int			i;

	for (i = 0; target->keywords[i]; i++)
	{
		if (strcmp(target->keywords[i], keyword) == 0 &&
			target->values[i] && target->values[i][0])
			return true;
	}
	return false;
}

/*
 * Copy a text from outside to one line of valid characters: runs of white
 * space become a space, a line that ends without a stop gets one, the end is
 * trimmed, and what isn't valid in our encoding becomes question marks.
 */
static char *
clean_text(MemoryContext context, const char *raw)
{
	size_t		len = strnlen(raw, TEXT_MAX);
	bool		valid = pg_verify_mbstr(GetDatabaseEncoding(), raw, len, true);
	char	   *text;
	char	   *at;
	size_t		i;

	/* Don't end in the middle of a character. */
	if (!valid && len == TEXT_MAX)
	{
		len = pg_mbcliplen(raw, strlen(raw), TEXT_MAX);
		valid = pg_verify_mbstr(GetDatabaseEncoding(), raw, len, true);
	}

	text = MemoryContextAlloc(context, 2 * len + 1);
	at = text;
	for (i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) raw[i];

		if (c == ' ' || (c >= '\t' && c <= '\r'))
		{
			if (c == '\n' && at > text && strchr(" .:;,?!", at[-1]) == NULL)
				*at++ = '.';
			if (at > text && at[-1] != ' ')
				*at++ = ' ';
		}
		else if (c < ' ' || c == 0x7F || (!valid && IS_HIGHBIT_SET(c)))
			*at++ = '?';
		else
			*at++ = (char) c;
	}
	while (at > text && at[-1] == ' ')
		at--;
	*at = '\0';
	return text;
}

void
smc_connect_fail(SmcConnection *connection, int code, const char *detail, const char *hint)
{
	if (connection->state == SMC_CONNECTION_FAILED)
		return;
	connection->state = SMC_CONNECTION_FAILED;
	connection->code = code;
	connection->detail = MemoryContextStrdup(connection->context, detail);
	connection->hint = hint ? MemoryContextStrdup(connection->context, hint) : NULL;
}

void
smc_connect_fail_libpq(SmcConnection *connection)
{
	char	   *message = pstrdup(connection->pg ? PQerrorMessage(connection->pg) : "");
	char	   *text;

	/* About a connection that stood before, the first line says it all. */
	if (connection->state != SMC_CONNECTION_OPENING)
		message[strcspn(message, "\n")] = '\0';
	text = clean_text(connection->context, message);

	smc_connect_fail(connection, ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
					 text[0] ? text : "The connection was closed.", NULL);
	pfree(text);
	pfree(message);
}

/* What the reader of a peer's SQLSTATE can do about it, or NULL. */
static const char *
hint_for(const char *sqlstate)
{
	if (strcmp(sqlstate, "42883") == 0)
		return "Run CREATE EXTENSION smc in that database. Where it is in a schema of its own, "
			"put that on the role's search_path: ALTER ROLE ... SET search_path = ....";
	if (strcmp(sqlstate, "42501") == 0)
		return "Grant the role smc_link there to the role that the user mapping here names.";
	if (strcmp(sqlstate, "28000") == 0)
		return "Compare the public keys registered there with what smc_public_key() returns at each party.";
	if (strcmp(sqlstate, "42704") == 0)
		return "Every party must have registered every other: see the view smc_peers there.";
	return NULL;
}

/*
 * Whether the words that come with a SQLSTATE may be passed on: those about
 * connecting, permissions, resources and state, in which a server has no row to
 * speak of.  Of anything else only the SQLSTATE is told: an error over data
 * speaks of data.
 */
static bool
may_quote(const char *sqlstate)
{
	static const char *const classes[] = {"08", "0A", "25", "28", "42", "53", "55", "57"};

	for (size_t i = 0; i < lengthof(classes); i++)
		if (strncmp(sqlstate, classes[i], 2) == 0)
			return true;
	return false;
}

void
smc_connect_fail_result(SmcConnection *connection, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	char	   *code_text;
	char	   *text;
	char	   *detail;
	const char *hint;

	/* libpq's own errors, such as a closed connection, come without. */
	if (sqlstate == NULL || primary == NULL)
	{
		smc_connect_fail_libpq(connection);
		return;
	}

	code_text = clean_text(connection->context, sqlstate);
	text = clean_text(connection->context, primary);
	hint = hint_for(code_text);
	if (may_quote(code_text))
		detail = psprintf("Its server said: %s: %s", code_text, text);
	else
	{
		detail = psprintf("Its server refused with SQLSTATE %s.", code_text);
		if (hint == NULL)
			hint = "The log of its server says why.";
	}
	/* a lane that was overtaken by a change there: another one will do */
	smc_connect_fail(connection,
					 strcmp(code_text, "55006") == 0 ? ERRCODE_OBJECT_IN_USE :
					 ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
					 detail, hint);
	pfree(detail);
	pfree(text);
	pfree(code_text);
}

void
smc_connect_raise(const SmcConnection *connection)
{
	ereport(ERROR,
			(errcode(connection->code),
			 errmsg("could not connect to peer \"%s\"", connection->name),
			 errdetail_internal("%s", connection->detail),
			 connection->hint ? errhint("%s", connection->hint) : 0));
}

/*
 * The options to connect with: the target's, and ours where it has none.  The
 * keepalives let the kernel notice a dead network on an idle lane within about
 * timeout_ms, tcp_user_timeout on a busy one.  GSSAPI is left out unless asked
 * for, since talking to its key server waits.
 */
static void
choose_options(const SmcDialTarget *target, long timeout_ms, const char ***keywords, const char ***values)
{
	long		seconds = Max(timeout_ms / 1000, 2);
	const char *defaults[DEFAULTS_MAX][2];
	int			default_count = 0;
	int			count = 0;
	int			i;

	while (target->keywords[count])
		count++;

#define ADD(keyword, value) \
	(defaults[default_count][0] = (keyword), defaults[default_count++][1] = (value))

	ADD("application_name", "smc lane");
	ADD("client_encoding", GetDatabaseEncodingName());
	ADD("gssencmode", "disable");
	ADD("connect_timeout", psprintf("%ld", seconds));
	ADD("keepalives", "1");
	ADD("keepalives_idle", psprintf("%ld", Max(seconds / 2, 1)));
	ADD("keepalives_interval", psprintf("%ld", Max(seconds / 8, 1)));
	ADD("keepalives_count", "3");
	ADD("tcp_user_timeout", psprintf("%ld", Max(timeout_ms, 2000)));
#undef ADD

	*keywords = palloc((count + default_count + 1) * sizeof(char *));
	*values = palloc((count + default_count + 1) * sizeof(char *));
	memcpy(*keywords, target->keywords, count * sizeof(char *));
	memcpy(*values, target->values, count * sizeof(char *));
	for (i = 0; i < default_count; i++)
	{
		if (has_option(target, defaults[i][0]))
			continue;
		(*keywords)[count] = defaults[i][0];
		(*values)[count] = defaults[i][1];
		count++;
	}
	(*keywords)[count] = NULL;
	(*values)[count] = NULL;
}

void
smc_connect_start(SmcConnection *connection, MemoryContext context, const SmcDialTarget *target,
				  long timeout_ms)
{
	const char **keywords;
	const char **values;

	memset(connection, 0, sizeof(*connection));
	connection->context = context;
	connection->name = MemoryContextStrdup(context, target->name);
	connection->require_password = target->require_password;
	connection->state = SMC_CONNECTION_OPENING;
	connection->polling = PGRES_POLLING_WRITING;

	/* Checked before libpq could find one in the server's own account. */
	if (target->require_password && !has_option(target, "password"))
	{
		smc_connect_fail(connection, ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED,
						 "Whoever is not a superuser needs a password in the user mapping.",
						 "Set the option password of the user mapping.");
		return;
	}

	choose_options(target, timeout_ms, &keywords, &values);
	if (!AcquireExternalFD())
	{
		smc_connect_fail(connection, ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
						 "There are too many open files on the local server.",
						 "Raise the server's max_files_per_process and/or \"ulimit -n\" limits.");
		return;
	}
	connection->holds_fd = true;

	connection->pg = PQconnectStartParams(keywords, values, false);
	if (connection->pg == NULL)
		smc_connect_fail(connection, ERRCODE_OUT_OF_MEMORY, "Out of memory in libpq.", NULL);
	else if (PQstatus(connection->pg) == CONNECTION_BAD || PQsocket(connection->pg) < 0)
		smc_connect_fail_libpq(connection);
	else
		PQsetNoticeProcessor(connection->pg, ignore_notice, NULL);
	pfree(keywords);
	pfree(values);
}

uint32
smc_connect_events(const SmcConnection *connection)
{
	if (connection->state == SMC_CONNECTION_OPENING)
		return connection->polling == PGRES_POLLING_READING ? WL_SOCKET_READABLE : WL_SOCKET_WRITEABLE;
	return WL_SOCKET_READABLE;
}

/* The connection is open: check how it got in, and start the procedure. */
static void
attach(SmcConnection *connection)
{
	if (connection->require_password && !PQconnectionUsedPassword(connection->pg))
	{
		smc_connect_fail(connection, ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED,
						 "Its server asks for no password, so only a superuser's mapping may be used.",
						 "Change the authentication method in the pg_hba.conf of that server.");
		return;
	}
	if (PQsetnonblocking(connection->pg, 1) != 0 || !PQsendQuery(connection->pg, ATTACH_COMMAND))
	{
		smc_connect_fail_libpq(connection);
		return;
	}
	connection->state = SMC_CONNECTION_ATTACHING;
}

/* Read the procedure's answer as far as it is there. */
static void
read_answer(SmcConnection *connection)
{
	bool		alive = PQconsumeInput(connection->pg);

	if (!PQisBusy(connection->pg))
	{
		PGresult   *result = PQgetResult(connection->pg);

		if (PQresultStatus(result) == PGRES_COPY_BOTH)
			connection->state = SMC_CONNECTION_ATTACHED;
		else if (PQresultStatus(result) == PGRES_FATAL_ERROR)
			smc_connect_fail_result(connection, result);
		else
			smc_connect_fail(connection, ERRCODE_PROTOCOL_VIOLATION,
							 "The procedure smc_attach() there is not the one of the extension smc.", NULL);
		PQclear(result);
	}
	else if (!alive)
		smc_connect_fail_libpq(connection);
}

void
smc_connect_advance(SmcConnection *connection)
{
	switch (connection->state)
	{
		case SMC_CONNECTION_OPENING:
			connection->polling = PQconnectPoll(connection->pg);
			if (connection->polling == PGRES_POLLING_OK)
				attach(connection);
			else if (connection->polling == PGRES_POLLING_FAILED || PQsocket(connection->pg) < 0)
				smc_connect_fail_libpq(connection);
			break;
		case SMC_CONNECTION_ATTACHING:
			read_answer(connection);
			break;
		default:
			break;
	}
}

void
smc_connect_close(SmcConnection *connection)
{
	if (connection->pg)
	{
		PQfinish(connection->pg);
		connection->pg = NULL;
	}
	if (connection->holds_fd)
	{
		ReleaseExternalFD();
		connection->holds_fd = false;
	}
	if (connection->state != SMC_CONNECTION_FAILED)
		connection->state = SMC_CONNECTION_CLOSED;
}

/*
 * Answering where secrets are used or kept: what a peer does of pg/smc_holdings.h.
 */
#include "postgres.h"

#include <sodium.h>

#include "utils/timestamp.h"

#include "pg/smc_answer_impl.h"
#include "pg/smc_circuit.h"
#include "pg/smc_secret.h"
#include "pg/smc_secret_terms.h"
#include "pg/smc_transaction.h"

/* Take a HOLDINGS that was kept for later, or the next that comes. */
static void
await_holdings(SmcAnswer *answer, SmcMessage *message)
{
	ListCell   *lc;

	foreach(lc, answer->held)
	{
		SmcMessage *held = lfirst(lc);

		if (held->type != SMC_MSG_HOLDINGS)
			continue;
		*message = *held;
		answer->held = list_delete_cell(answer->held, lc);
		pfree(held);
		return;
	}
	for (;;)
	{
		smc_answer_await_message(answer, message);
		/* a party that was quicker has decided already */
		if (message->type != SMC_MSG_DECISION || list_length(answer->held) >= SMC_ANSWER_HELD_MAX)
			return;
		smc_answer_hold(answer, message);
	}
}

/*
 * The query can't be run for what the parties hold, as all of them know: let the
 * hub, which has the user, say so, and return only if it doesn't.
 */
static void
leave_it_to_hub(SmcAnswer *answer)
{
	TimestampTz started = GetCurrentTimestamp();

	while (!TimestampDifferenceExceeds(started, GetCurrentTimestamp(), (int) answer->timeout_ms))
	{
		SmcMessage	message;

		if (!smc_answer_take_message(answer, &message))
		{
			smc_answer_check_hub(answer);
			smc_mesh_wait(answer->mesh, smc_answer_wait_ms(answer));
		}
		else if (message.type == SMC_MSG_ABORT)
			smc_mesh_raise_abort(answer->mesh, &message);
		else
			return;
	}
}

void
smc_answer_exchange_holdings(SmcAnswer *answer, SmcAnswerComputation *c)
{
	answer->holdings = &c->holdings;
	smc_holdings_begin(&c->holdings, answer->mesh, c->study->name, c->query, c->asked.seq);
	smc_transaction_commit_lazy();
	smc_answer_start_listening(answer);
	while (c->holdings.missing != 0)
	{
		SmcMessage	message;

		await_holdings(answer, &message);
		smc_holdings_take(&c->holdings, &message);
	}
	smc_transaction_begin();
	smc_holdings_judge(&c->holdings);
	smc_transaction_commit_flushed();
	if (c->holdings.why != NULL)
		leave_it_to_hub(answer);
	smc_holdings_require(&c->holdings);
	smc_transaction_begin();
	smc_query_find_secrets(c->study, c->query);
}

void
smc_answer_end_secrets(SmcAnswer *answer)
{
	if (answer->holdings != NULL)
		smc_holdings_end(answer->holdings);
	answer->holdings = NULL;
}

void
smc_answer_keep(SmcAnswer *answer, SmcAnswerComputation *c)
{
	if (c->outcome.kept_count > 0 && !c->outcome.keeps_withheld)
	{
		/* what the others still wait for leaves before we wait for the disk */
		smc_mesh_flush(answer->mesh);
		smc_transaction_begin();
		for (int i = 0; i < c->query->keep_count; i++)
		{
			SmcSecret  *secret = smc_secret_terms_make(c->study, c->query, &c->query->keeps[i]);

			smc_circuit_describe_keep(c->layout->circuit, i, secret);
			smc_holdings_keep(&c->holdings, i, secret, &c->outcome.kept[i], &answer->audit,
							  SMC_SECRET_PENDING);
		}
		smc_transaction_commit_flushed();
	}
	smc_compute_wipe_kept(&c->outcome);
}

void
smc_answer_await_end(SmcAnswer *answer, SmcAnswerComputation *c, SmcMessage *message)
{
	smc_answer_await_word(answer, message);
	if (c->outcome.kept_count > 0)
	{
		/* another peer's ABORT says nothing about the hub's share: the hub, which has it too, has the last word */
		while (message->type == SMC_MSG_ABORT && message->from != answer->hub)
			smc_answer_await_word(answer, message);
		if (message->type == SMC_MSG_ABORT)
		{
			/* the hub says so only where its own share isn't on disk (pg/smc_hub.c) */
			smc_transaction_begin();
			(void) smc_secret_discard(c->asked.id);
			smc_transaction_commit_lazy();
		}
	}
	if (message->type == SMC_MSG_ABORT)
		smc_mesh_raise_abort(answer->mesh, message);
}

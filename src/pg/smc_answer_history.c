/*
 * The peer's side of a lane: conditions compared with earlier ones
 * (pg/smc_recall.h).
 */
#include "postgres.h"

#include "pg/smc_answer_impl.h"
#include "pg/smc_transaction.h"

void
smc_answer_remember(SmcAnswer *answer, const SmcAnswerComputation *c)
{
	SmcRecall  *recall = &answer->recall;

	memset(recall, 0, sizeof(*recall));
	recall->run.digest = c->study->digest;
	recall->run.study = c->asked.study;
	recall->run.layout = c->layout;
	recall->mesh = answer->mesh;
	recall->seq = c->asked.seq;
	recall->on_idle = smc_answer_check_hub;
	recall->arg = answer;
	if (c->layout->set_count == 0)
		return;
	smc_transaction_commit_lazy();
	smc_recall_begin(recall);
	smc_transaction_begin();
}

void
smc_answer_recall(SmcAnswer *answer, SmcAnswerComputation *c)
{
	smc_answer_start_listening(answer);
	c->history = smc_recall_by_peer(&answer->recall);
	if (c->history == NULL)
		return;
	smc_transaction_begin();
	c->query->history = smc_recall_list(c->history, smc_rowset_uses_len(c->study));
	smc_history_check(c->study, c->query->history);
	c->layout = smc_layout_make(c->study, c->query);
	smc_transaction_commit_lazy();
}

void
smc_answer_end_history(SmcAnswer *answer)
{
	if (!answer->recall.run.pending)
		return;
	smc_transaction_begin();
	smc_history_end(&answer->recall.run, answer->outcome);
	smc_transaction_commit_lazy();
}

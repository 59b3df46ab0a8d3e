/*
 * EXPLAIN of a joint query: the dry run before anybody is asked.
 *
 * Study, parties and what is revealed to whom are shown always, since they are
 * what the reader has to decide on; VERBOSE adds the query that crosses the
 * links, the one that this party would run over its own rows, and the steps of
 * the protocol with their predicted cost.  ANALYZE adds what it took.
 *
 * Predictions are of the protocol's own bytes at this party, which follow from
 * the layout alone; sealing and framing add some tens of bytes to a message.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "core/smc_bits.h"
#include "core/smc_noise.h"
#include "core/smc_union.h"
#include "pg/smc_circuit.h"
#include "pg/smc_compat.h"
#include "pg/smc_exec.h"
#include "pg/smc_explain.h"
#include "pg/smc_fit.h"
#include "pg/smc_gap.h"
#include "pg/smc_gapsql.h"
#include "pg/smc_history_store.h"
#include "pg/smc_localsql.h"
#include "pg/smc_localtally.h"
#include "pg/smc_option.h"
#include "pg/smc_rank.h"
#include "pg/smc_study.h"

#define COMPARING_MAX	4096	/* bytes shown of a query that compares conditions */

/* One opening of shares, as predicted at this party. */
typedef struct Opening
{
	uint64		elements;
	uint64		bytes_sent;
	uint64		bytes_received;
} Opening;

/* Split text into its lines; a List of char *. */
static List *
split_lines(const char *text)
{
	List	   *lines = NIL;

	while (*text)
	{
		size_t		len = strcspn(text, "\n");

		if (len > 0)
			lines = lappend(lines, pnstrdup(text, len));
		text += len;
		if (*text == '\n')
			text++;
	}
	return lines;
}

/* A list of sentences: in text a line each under the same label, else an array. */
static void
explain_lines(const char *label, List *lines, ExplainState *es)
{
	ListCell   *lc;

	if (es->format != EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyList(label, lines, es);
		return;
	}
	foreach(lc, lines)
		ExplainPropertyText(label, lfirst(lc), es);
}

/* Add to an opening the slots of the layout for which counts is whether they count rows for min_rows. */
static void
predict(const SmcStudy *study, const SmcLayout *layout, bool counts, Opening *opening)
{
	uint16		self = 1 << study->self;

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];
		bool		is_count = layout->min_rows > 1 &&
			(slot->kind == SMC_SLOT_ROWS || slot->kind == SMC_SLOT_SUPPORT);
		uint64		bytes = (uint64) layout->cell_count * SMC_RING128_BYTES;

		if (is_count != counts || smc_layout_is_contest(slot) || slot->is_input)
			continue;
		opening->elements += layout->cell_count;
		opening->bytes_sent += bytes * pg_popcount32(slot->recipients & ~self);
		if (slot->recipients & self)
			opening->bytes_received += bytes * (study->party_count - 1);
	}
}

static char *
opening_text(const char *what, const Opening *opening, bool at_most)
{
	return psprintf("%s: 1 round, %s" UINT64_FORMAT " bytes sent, " UINT64_FORMAT " received here",
					what, at_most ? "at most " : "", opening->bytes_sent, opening->bytes_received);
}

/*
 * Rounds of one comparison on shares of so many bits, and of a selection after
 * it: core/smc_compare.h, core/smc_millionaires.h, core/smc_arith.h.
 */
static int
comparison_rounds(int parties, int bits)
{
	int			levels = bits == 64 ? 6 : 7;

	return parties == 2 ? levels - 1 : parties - 1 - parties / 3 + levels;
}

/*
 * Rounds of joining what is found of gaps, to earlier sets or to others of the
 * query: levels of a tree over the most that a count has to keep.
 */
static int
joining_rounds_of(const SmcLayout *layout, bool earlier)
{
	int			most = 0;
	int			levels = 0;

	for (int slot = 0; slot < layout->slot_count; slot++)
	{
		int			count = 0;

		for (int i = 0; i < layout->gap_count; i++)
			count += layout->gaps[i].support <= slot && slot < layout->gaps[i].support + layout->gaps[i].support_count &&
				(layout->gaps[i].other_support < 0) == earlier;
		most = Max(most, count);
	}
	while ((1 << levels) < most + 1)
		levels++;
	return levels;
}

static int
joining_rounds(const SmcLayout *layout)
{
	int			others = joining_rounds_of(layout, false);

	return joining_rounds_of(layout, true) + others + (others > 0 ? 1 : 0);
}

/* A contest in words. */
static char *
contest_text(const SmcStudy *study, const SmcQuery *query, const SmcSlot *slot, const char *groups)
{
	int			parties = study->party_count;
	const char *what = smc_query_agg_text(study, &query->aggs[slot->agg]);
	int			selections = slot->kind == SMC_SLOT_COMPARE ? 0 : parties;

	if (slot->kind == SMC_SLOT_COMPARE)
		return psprintf("%s%s: the millionaires' problem by oblivious transfer, 6 rounds, and its answer opened, 1 round",
						what, groups);
	return psprintf("%s%s: %d comparisons and selections on shares, at most %d rounds, and their answer opened, 1 round",
					what, groups, parties, selections * (comparison_rounds(parties, 128) + parties));
}

/* The search for order statistics in words. */
static List *
rank_steps(List *steps, const SmcStudy *study, const SmcLayout *layout, const char *groups)
{
	SmcCost		zero = {0};
	SmcCost		search = {0};
	uint64		figures = (uint64) layout->rank_count * layout->cell_count;
	bool		rests = false;

	if (layout->rank_count == 0)
		return steps;
	for (int i = 0; i < layout->slot_count; i++)
		rests |= layout->slots[i].kind == SMC_SLOT_RANK && layout->slots[i].interpolates &&
			layout->slots[i].denominator > 2;
	if (layout->min_rows <= 1)
	{
		smc_cost_zero(&zero, study->party_count, 64, figures);
		smc_cost_open(&zero, study->party_count, 64, smc_bits_words(figures));
		steps = lappend(steps, psprintf("the numbers of values%s are compared with 0 on shares, and one bit of each opened to all parties: " UINT64_FORMAT " rounds, about " UINT64_FORMAT " bytes to each other party",
										groups, zero.rounds, smc_cost_bytes(&zero, study->party_count)));
	}
	smc_rank_cost(&search, study->party_count, layout);
	steps = lappend(steps, psprintf("%d percentile%s%s %s found by a search that all parties follow: at most " UINT64_FORMAT " rounds, about " UINT64_FORMAT " bytes to each other party",
									layout->rank_count, layout->rank_count == 1 ? "" : "s", groups,
									layout->rank_count == 1 ? "is" : "are",
									search.rounds, smc_cost_bytes(&search, study->party_count)));
	if (rests)
		steps = lappend(steps, "how far those lie between two values that differ is opened to all parties: 1 round");
	return steps;
}

/* Fits in words: what they take follows from the number of rows, which nobody knows yet. */
static List *
fit_steps(List *steps, const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout, const char *groups)
{
	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];
		const SmcFitTask *fit = &layout->key_sets[slot->keys].fit;
		SmcCost		few = {0};
		SmcCost		once = {0};

		if (slot->kind != SMC_SLOT_FIT)
			continue;
		smc_fit_cost(&once, study->party_count, fit, 1024, 1);
		smc_fit_cost(&few, study->party_count, fit, 1024, 2);
		steps = lappend(steps, psprintf("the number of rows under %s%s is opened to all parties: 1 round; each then takes part with that many%s, its own and others that count for nothing",
										smc_query_agg_text(study, &query->aggs[slot->agg]), groups,
										fit->max_rows > 0 ? psprintf(", or %u", fit->max_rows) : ""));
		steps = lappend(steps, psprintf("at most %d iterations of Newton's method on shares: for the first and at the end " UINT64_FORMAT " rounds, then about " UINT64_FORMAT " each, and, with 1000 rows of all parties together, " UINT64_FORMAT " kB to each other party",
										fit->iterations, once.rounds, few.rounds - once.rounds,
										(smc_cost_bytes(&few, study->party_count) - smc_cost_bytes(&once, study->party_count)) / 1024));
	}
	return steps;
}

/* Counting different values in words. */
static char *
distinct_text(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout, const SmcSlot *slot,
			  const char *groups)
{
	const char *what = smc_query_agg_text(study, &query->aggs[slot->agg]);
	uint32		domain = layout->key_sets[slot->keys].domain;
	int			parties = study->party_count;
	SmcCost		cost = {0};
	SmcCost		large = {0};
	size_t		many = (size_t) 1 << 20;

	if (domain > 0)
	{
		smc_union_cost_marks(&cost, parties, domain, layout->cell_count);
		return psprintf("%s%s: which of %u declared values any party has is found and counted on shares: " UINT64_FORMAT " rounds, about " UINT64_FORMAT " bytes to each other party",
						what, groups, domain, cost.rounds, smc_cost_bytes(&cost, parties));
	}
	smc_union_cost_start(&cost, parties);
	smc_union_cost_stage(&cost, parties, SMC_UNION_FIRST, layout->cell_count);
	smc_union_cost_stage(&large, parties, many, 1);
	return psprintf("%s%s: equal values of different parties are found on shares, by circuit PSI, as if each party had %d, then %d times as many, and so on, until all parties are told that there are no more in all: " UINT64_FORMAT " rounds and about " UINT64_FORMAT " bytes to each other party for the first; larger ones take about " UINT64_FORMAT " bytes for each value that they have room for",
					what, groups, SMC_UNION_FIRST, SMC_UNION_FACTOR,
					cost.rounds, smc_cost_bytes(&cost, parties), smc_cost_bytes(&large, parties) / many);
}

/* The drawing of noise in words. */
static List *
noise_steps(List *steps, const SmcStudy *study, const SmcLayout *layout, int width)
{
	const SmcCircuit *circuit = layout->circuit;
	SmcCost		cost = {0};

	for (int i = 0; i < circuit->noise_count; i++)
	{
		SmcNoisePlan plan;

		if (smc_noise_plan(circuit->noises[i].numerator, circuit->noises[i].denominator, &plan) == SMC_OK)
			smc_noise_cost(&cost, study->party_count, width, &plan, layout->cell_count);
	}
	if (circuit->noise_count > 0)
		steps = lappend(steps, psprintf("noise is drawn for %d number%s%s, jointly, so that no party knows it: " UINT64_FORMAT " rounds, about " UINT64_FORMAT " bytes to each other party",
										circuit->noise_count, circuit->noise_count == 1 ? "" : "s",
										layout->cell_count > 1 ? " of each possible group" : "",
										cost.rounds, smc_cost_bytes(&cost, study->party_count)));
	return steps;
}

/* The circuit in words: its inputs, its run, what is opened of it. */
static List *
circuit_steps(List *steps, const SmcStudy *study, const SmcLayout *layout, const char *groups)
{
	const SmcCircuit *circuit = layout->circuit;
	int			width = smc_circuit_width(circuit);
	uint16		self = 1 << study->self;
	uint64		sent = 0;
	uint64		received = 0;
	uint64		rounds;
	uint64		bytes;

	smc_program_cost(circuit->program, layout->cell_count, &rounds, &bytes);
	for (int i = 0; i < circuit->output_count; i++)
	{
		const SmcCircuitOutput *out = &circuit->outputs[i];
		uint64		each = (uint64) layout->cell_count * width / 8 * (out->digits >= 0 ? 2 : 1);

		if (out->is_bit)
			each = (layout->cell_count + 63) / 64 * 8;
		if (out->null >= 0)
			each += (layout->cell_count + 63) / 64 * 8;
		sent += each * pg_popcount32(out->recipients & ~self);
		if (out->recipients & self)
			received += each * (study->party_count - 1);
	}
	steps = lappend(steps, psprintf("each party splits " UINT64_FORMAT " partial figures%s for a computation into %d shares of %d bits: no message",
									(uint64) (circuit->number_count - circuit->noise_count) * layout->cell_count,
									groups, study->party_count, width));
	steps = noise_steps(steps, study, layout, width);
	if (rounds > 0)
		steps = lappend(steps, psprintf("what is asked is computed from these on shares: at most " UINT64_FORMAT " rounds, about " UINT64_FORMAT " bytes to each other party",
										rounds, bytes));
	if (circuit->keep_count > 0)
		steps = lappend(steps, psprintf("each party keeps its shares of %d result%s on disk: no message",
										circuit->keep_count, circuit->keep_count == 1 ? "" : "s"));
	if (circuit->output_count > 0)
		steps = lappend(steps, psprintf("the results%s are opened to their recipients: 2 rounds, at most " UINT64_FORMAT " bytes sent, " UINT64_FORMAT " received here",
										groups, sent, received));
	return steps;
}

/* The protocol's steps in words. */
static List *
describe_steps(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout)
{
	List	   *steps = NIL;
	Opening		counts = {0};
	Opening		figures = {0};
	uint64		elements;
	bool		engine = false;
	const char *groups = query->group_count == 0 ? "" :
		psprintf(" of %u possible groups", layout->cell_count);

	predict(study, layout, true, &counts);
	predict(study, layout, false, &figures);
	elements = counts.elements + figures.elements;
	for (int i = 0; i < layout->slot_count; i++)
		engine |= smc_layout_is_contest(&layout->slots[i]);
	engine |= counts.elements > 0 || layout->circuit != NULL;

	if (layout->history > 0)
		steps = lappend(steps, "the parties bring together which earlier conditions they know of: 2 rounds");
	steps = lappend(steps, "each party runs its local query");
	if (engine)
		steps = lappend(steps, psprintf("oblivious transfer is set up between all pairs, unless the lane has it: 2 rounds, %d bytes each way a pair",
										(int) SMC_OT_SETUP_BYTES));
	elements += layout->gap_elements;
	if (elements > 0)
		steps = lappend(steps, psprintf("each party splits " UINT64_FORMAT " partial figure%s%s into %d shares, from seeds shared by pairs: no message",
									elements, elements == 1 ? "" : "s", groups, study->party_count));
	if (counts.elements > 0)
		steps = lappend(steps, psprintf("the numbers of rows%s are compared with %u on shares, and one bit of each opened to all parties: about %d rounds",
										groups, layout->min_rows,
										2 * comparison_rounds(study->party_count, 64) + study->party_count + 3));
	if (layout->history > 0 && layout->set_count == 0)
		steps = lappend(steps, "the conditions are compared with one another and with earlier ones, as soon as the parameters are known");
	if (layout->gap_count > 0)
		steps = lappend(steps, psprintf("the numbers of rows by which the conditions differ from one another and from earlier ones that this party knows of, %d comparison%s, are judged with these: about %d round%s more",
										layout->gap_count, layout->gap_count == 1 ? "" : "s",
										joining_rounds(layout), joining_rounds(layout) == 1 ? "" : "s"));
	if (figures.elements > 0)
		steps = lappend(steps, opening_text(psprintf("the totals%s are opened to their recipients", groups),
											&figures, counts.elements > 0));
	if (layout->circuit != NULL)
		steps = circuit_steps(steps, study, layout, groups);
	for (int i = 0; i < layout->slot_count; i++)
	{
		if (layout->slots[i].kind == SMC_SLOT_DISTINCT)
			steps = lappend(steps, distinct_text(study, query, layout, &layout->slots[i], groups));
		else if (smc_layout_is_contest(&layout->slots[i]) && layout->slots[i].kind != SMC_SLOT_RANK &&
				 layout->slots[i].kind != SMC_SLOT_FIT)
			steps = lappend(steps, contest_text(study, query, &layout->slots[i], groups));
	}
	return fit_steps(rank_steps(steps, study, layout, groups), study, query, layout, groups);
}

static uint16
all_others(const SmcStudy *study)
{
	return (uint16) (((1u << study->party_count) - 1) & ~(1u << study->self));
}

/* What ANALYZE measured. */
static void
explain_totals(const SmcScan *scan, const SmcStudy *study, ExplainState *es)
{
	const SmcScanTotals *totals = &scan->totals;

	ExplainPropertyUInteger("Computations", NULL, totals->computations, es);
	if (totals->computations == 0)
		return;

	ExplainPropertyUInteger("Rounds", NULL, totals->rounds, es);
	ExplainPropertyUInteger("Bytes Sent", NULL, totals->bytes_sent, es);
	ExplainPropertyUInteger("Bytes Received", NULL, totals->bytes_received, es);
	if (!es->timing)
		return;

	ExplainPropertyFloat("Lane Time", "ms", totals->times.lane_ms, 3, es);
	ExplainPropertyFloat("Agree Time", "ms", totals->times.agree_ms, 3, es);
	if (study->approve_each)
		ExplainPropertyFloat("Approval Time", "ms", totals->times.approval_ms, 3, es);
	ExplainPropertyFloat("Local Time", "ms", totals->times.local_ms, 3, es);
	ExplainPropertyFloat("Joint Time", "ms", totals->times.joint_ms, 3, es);

	ExplainOpenGroup("Peers", "Peers", false, es);
	for (int i = 0; i < study->party_count; i++)
	{
		if (i == study->self)
			continue;
		if (es->format == EXPLAIN_FORMAT_TEXT)
		{
			ExplainPropertyFloat(psprintf("Local Time at %s", study->parties[i]), "ms",
								 totals->times.peer_ms[i], 3, es);
			continue;
		}
		ExplainOpenGroup("Peer", NULL, true, es);
		ExplainPropertyText("Party", study->parties[i], es);
		ExplainPropertyFloat("Local Time", "ms", totals->times.peer_ms[i], 3, es);
		ExplainCloseGroup("Peer", NULL, true, es);
	}
	ExplainCloseGroup("Peers", "Peers", false, es);
}

/* What this party would run first to compare conditions, shortened. */
static List *
comparing_queries(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout)
{
	List	   *queries = NIL;

	for (int in_groups = 0; in_groups <= 1; in_groups++)
	{
		SmcGapList	list;
		int			from = 0;

		while (smc_gapsql_list(layout, in_groups == 1, &from, &list))
		{
			char	   *sql = smc_gapsql_pass(study, query, layout, &list, in_groups == 1, SMC_GAPSQL_SAMPLE, NULL);

			if (strlen(sql) > COMPARING_MAX)
			{
				sql[pg_mbcliplen(sql, strlen(sql), COMPARING_MAX)] = '\0';
				sql = psprintf("%s ...", sql);
			}
			queries = lappend(queries, sql);
		}
	}
	return queries;
}

/* What VERBOSE shows beside: everything that follows from the query before it runs. */
static void
explain_verbose(const SmcStudy *study, SmcQuery *query, ExplainState *es)
{
	SmcLayout  *layout;

	if (smc_gap_applies(study))
	{
		query->history = smc_history_look_up(study);
		smc_history_check(study, query->history);
	}
	layout = smc_layout_make(study, query);
	ExplainPropertyText("Joint Query", smc_query_text(study, query), es);
	ExplainPropertyText("Local Query",
						study->source ? smc_localsql_text(study, query, layout) :
						"none: the study has no source at this party", es);
	if (study->source)
	{
		List	   *values = NIL;

		for (int i = 0; i < layout->key_set_count; i++)
			values = lappend(values, smc_localsql_values(study, query, &layout->key_sets[i]));
		if (values != NIL)
			explain_lines("Local Values", values, es);
		values = NIL;
		for (int slot = smc_localtally_next(query, layout, 0); slot >= 0; slot = smc_localtally_next(query, layout, slot + 1))
			values = lappend(values, smc_localtally_text(study, query, layout, slot));
		if (values != NIL)
			explain_lines("Local Counts", values, es);
	}
	/* others' conditions are in it */
	if (layout->gap_count > 0 && study->source && superuser())
		explain_lines("Comparing Query", comparing_queries(study, query, layout), es);
	explain_lines("Step", describe_steps(study, query, layout), es);
}

void
smcExplainForeignScan(ForeignScanState *node, ExplainState *es)
{
	SmcScan    *scan = node->fdw_state;
	const SmcPlanned *planned = scan->planned;
	const SmcStudy *study = smc_study_load(planned->relid);

	ExplainPropertyText("Study", study->name, es);
	ExplainPropertyText("Parties", smc_study_party_list(study, (1 << study->party_count) - 1), es);

	/* The columns of the query are places in the definition that it was planned with. */
	if (memcmp(study->digest, planned->digest, SMC_KEY_BYTES) != 0)
		return;

	smc_query_check(study, planned->query);
	explain_lines("Reveals", split_lines(smc_query_reveals(study, planned->query)), es);
	if (planned->query->keep_count > 0)
		explain_lines("Keeps", split_lines(smc_query_keeps(study, planned->query)), es);
	if (study->min_rows > 1)
		ExplainPropertyUInteger("Withheld Below", "rows", study->min_rows, es);
	if (smc_gap_applies(study))
		ExplainPropertyText("Compared With",
							psprintf("the latest %d different conditions of each party's history", study->history), es);
	if (study->approve_each)
		ExplainPropertyText("Approval",
							psprintf("each run waits for %s, at most %s",
									 smc_study_party_list(study, all_others(study)),
									 smc_option_write_within(study->approve_within)), es);
	if (es->verbose)
		explain_verbose(study, planned->query, es);
	if (es->analyze)
		explain_totals(scan, study, es);
}

/*
 * What a user is told of an answer beside its rows: nothing that is missing
 * from it is dropped silently.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "core/smc_logistic.h"
#include "pg/smc_gap.h"
#include "pg/smc_notice.h"

/*
 * Withheld groups and figures.  Why each one was, nobody knows: one bit is opened
 * of each.
 */
static void
tell_withheld(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout, const SmcOutcome *outcome)
{
	uint32		cells = outcome->withheld_cells;
	uint32		figures = outcome->withheld_figures;
	uint32		buckets = outcome->withheld_buckets;
	const char *or_near = layout->gap_count == 0 ? "" : smc_gap_or_near(study->min_rows);

	if (cells > 0 && query->group_count == 0)
		ereport(NOTICE,
				(errmsg("result withheld: fewer than %u rows%s", study->min_rows, or_near)));
	else if (cells > 0)
		ereport(NOTICE,
				(errmsg_plural("%u group withheld: fewer than %u rows%s",
							   "%u groups withheld: fewer than %u rows%s",
							   cells, cells, study->min_rows, or_near)));
	if (buckets > 0)
		ereport(NOTICE,
				(errmsg_plural("%u bucket withheld: fewer than %u rows%s",
							   "%u buckets withheld: fewer than %u rows%s",
							   buckets, buckets, study->min_rows, or_near)));
	if (figures > 0)
		ereport(NOTICE,
				(errmsg_plural("%u figure withheld: fewer than %u rows%s",
							   "%u figures withheld: fewer than %u rows%s",
							   figures, figures, study->min_rows, or_near)));
}

/* The outputs that are not for us, one notice for each set of parties that they are for. */
static void
tell_hidden(const SmcStudy *study, const SmcQuery *query)
{
	uint16		self = 1 << study->self;

	List	   *outputs = smc_query_outputs(query);
	ListCell   *lc;
	ListCell   *other;

	foreach(lc, outputs)
	{
		uint16		recipients = smc_query_recipients(study, query, lfirst_int(lc));
		StringInfoData names;
		bool		told = false;
		int			count = 0;

		if (recipients & self)
			continue;

		initStringInfo(&names);
		foreach(other, outputs)
		{
			if (smc_query_recipients(study, query, lfirst_int(other)) != recipients)
				continue;
			told |= foreach_current_index(other) < foreach_current_index(lc);
			if (count++ > 0)
				appendStringInfoString(&names, ", ");
			appendStringInfoString(&names, smc_query_output_text(study, query, lfirst_int(other)));
		}
		if (!told)
			ereport(NOTICE,
					(errmsg_plural("%s is revealed to %s only",
								   "%s are revealed to %s only",
								   count, names.data, smc_study_party_list(study, recipients)),
					 errhint("There the view smc_results has it.")));
	}
}

/* Models that there are none of, or that are not at their best: one notice for each aggregate and reason. */
static void
tell_fits(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout, const SmcOutcome *outcome)
{
	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];
		const char *what;
		bool		met[SMC_FIT_TOO_MANY + 1] = {false};

		if (slot->kind != SMC_SLOT_FIT)
			continue;
		for (uint32 cell = 0; cell < layout->cell_count; cell++)
		{
			if (outcome->states[(size_t) cell * layout->slot_count + i] == SMC_ELEMENT_OPENED)
				met[Min(outcome->fitted[(size_t) cell * layout->fit_count + slot->rank].end, SMC_FIT_TOO_MANY)] = true;
		}
		what = smc_query_agg_text(study, &query->aggs[slot->agg]);
		if (met[SMC_LOGISTIC_UNFINISHED])
			ereport(NOTICE,
					(errmsg("%s did not converge within %d iterations", what, layout->key_sets[slot->keys].fit.iterations),
					 errhint("Allow more, as in smc_logregr(y, array[1, x], 50). If that doesn't help, some column may tell the outcome of some rows for certain.")));
		if (met[SMC_LOGISTIC_DEPENDENT])
			ereport(NOTICE,
					(errmsg("%s has no model: columns depend on each other", what),
					 errhint("Leave out columns that are the same for all rows, or follow from others.")));
		if (met[SMC_LOGISTIC_DIVERGED])
			ereport(NOTICE,
					(errmsg("%s has no model: coefficients grow without bound", what),
					 errdetail("Some columns tell the outcome of some rows for certain, or all rows have the same.")));
		if (met[SMC_FIT_TOO_MANY])
			ereport(NOTICE,
					(errmsg("%s has no model: there are more than %d rows", what, SMC_LOGISTIC_ROWS_MAX)));
	}
}

bool
smc_notice_outcome(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
				   const SmcOutcome *outcome)
{
	uint16		recipients = smc_query_recipients(study, query, -1);

	/* what was kept is told by its reference, in a row whatever else is in it */
	if (query->keep_count == 0 && (recipients & (1 << study->self)) == 0)
	{
		ereport(NOTICE,
				(errmsg("the result is revealed to %s only", smc_study_party_list(study, recipients)),
				 errhint("There the view smc_results has it.")));
		return true;
	}

	tell_withheld(study, query, layout, outcome);
	tell_hidden(study, query);
	tell_fits(study, query, layout, outcome);
	return false;
}

/*
 * What a user is told of an answer beside its rows: nothing that is missing
 * from it is dropped silently.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

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
	return false;
}

/*
 * The vector that all parties of a computation fill: which cells, which slots.
 */
#ifndef SMC_LAYOUT_H
#define SMC_LAYOUT_H

#include "postgres.h"

#include "core/smc_bytes.h"
#include "pg/smc_model.h"
#include "pg/smc_percentile.h"
#include "pg/smc_query.h"

/*
 * The vector that all parties compute over: cells (the product of the group
 * columns' domains, each with one more place for NULL unless the column is NOT
 * NULL) times slots.  Element = cell * slot_count + slot.
 */
typedef enum SmcSlotKind
{
	SMC_SLOT_ROWS = 1,			/* rows of the cell */
	SMC_SLOT_SUPPORT,			/* rows that an aggregate rests on (filter passed, argument not null) */
	SMC_SLOT_COUNT,				/* the value of a count */
	SMC_SLOT_SUM,				/* the sum of an aggregate's argument */
	SMC_SLOT_ANY,				/* blinded flag: any row that the aggregate rests on, or any row of the cell when agg < 0 */
	SMC_SLOT_MOMENT,			/* a sum that a statistic is made of, or a part of it */
	SMC_SLOT_INTERVAL,			/* a part of a sum of intervals: see smc_interval.h */
	SMC_SLOT_TALLY,				/* the rows of one place of an aggregate's: see smc_tally.h */
	/* from here on each party's number stays its own; see smc_contest.h */
	SMC_SLOT_MIN,				/* this party's minimum, or SMC_CONTEST_NONE_HIGH */
	SMC_SLOT_MAX,				/* this party's maximum, or SMC_CONTEST_NONE_LOW */
	SMC_SLOT_COMPARE,			/* this party's sum: how parties[0]'s compares with parties[1]'s */
	SMC_SLOT_ARGMIN,			/* this party's sum, or SMC_CONTEST_NONE_HIGH */
	SMC_SLOT_ARGMAX,			/* this party's sum, or SMC_CONTEST_NONE_LOW */
	SMC_SLOT_RANK,				/* this party's number of values, which are in its keys: see smc_rank.h */
	SMC_SLOT_DISTINCT,			/* nothing: different values are in its keys, see smc_unite.h */
	SMC_SLOT_FIT				/* this party's number of rows, whose numbers are in its keys: see smc_fit.h */
} SmcSlotKind;

typedef struct SmcSlot
{
	uint8		kind;
	int16		agg;			/* which aggregate, -1: the cell itself */
	int16		support;		/* the slot that counts the rows this one rests on (a ROWS or SUPPORT slot), -1: none needed */
	uint16		recipients;
	uint8		parties[2];		/* of COMPARE */
	bool		is_input;		/* stays shares, for the circuit */
	uint8		bits;			/* of an input that is added up: the total is below 2^bits; 0: as any */
	uint8		moment;			/* of MOMENT: which sum, and which part of it (SmcMoment, SmcMomentPart) */
	uint8		part;			/* of INTERVAL too: which field */
	uint16		place;			/* of TALLY, and of a SUPPORT of such: which place, from 1; else 0 */
	int16		keys;			/* of RANK and DISTINCT: which of the layout's key sets */
	/* of RANK */
	bool		interpolates;
	uint32		numerator;		/* of the fraction, in lowest terms */
	uint32		denominator;
	int16		rank;			/* which of its ranks; of FIT, which of its fits */
} SmcSlot;

/* What is fitted to rows: a logistic regression, its columns between bounds in their last digits. */
typedef struct SmcFitTask
{
	uint8		column_count;	/* 0: nothing is */
	int16		iterations;
	uint32		max_rows;		/* of one party; 0: as many as all have together */
	uint64		tolerance;		/* of core/smc_logistic.h */
	int64		lo[SMC_MODEL_COLUMNS_MAX];
	int64		hi[SMC_MODEL_COLUMNS_MAX];
} SmcFitTask;

/*
 * Values that an aggregate rests on, which each party keeps: in order, for searches; the
 * different ones; or rows, for a fit, column by column, y first, then those whose
 * bounds differ.
 */
typedef struct SmcKeySet
{
	int16		agg;
	bool		distinct;		/* items of SMC_DISTINCT_WORDS keys each, or places among declared values */
	uint32		domain;			/* of different ones: how many values are declared; 0: they are items */
	int64		lo;				/* the range that is searched */
	int64		hi;
	SmcFitTask	fit;
} SmcKeySet;

/* Numbers that are kept of a row. */
extern int	smc_layout_key_width(const SmcKeySet *set);

struct SmcCircuit;
struct SmcRowSet;

/*
 * Where conditions are compared with earlier ones: what a count of rows is of,
 * so that it can be remembered.
 */
typedef struct SmcLayoutSet
{
	int16		slot;			/* a ROWS or SUPPORT slot whose count figures rest on */
	uint16		slot_count;		/* of a histogram, as many SUPPORT slots, one a bucket; else 1 */
	bytea	   *row_set;		/* smc_rowset_write */
	bytea	   *uses;			/* smc_rowset_add_uses, of all figures that rest on it */
	char	   *text;			/* the same in words */
} SmcLayoutSet;

/*
 * A gap: in how many rows that set differs from another, an earlier one or
 * another one of this query.  Both are looked at in the groups of some of the
 * query's group columns, each of which has a key: see smc_layout_key.
 */
typedef struct SmcGap
{
	int16		support;		/* the slot whose counts have this gap to keep */
	uint16		support_count;	/* and so many from there on */
	int16		other_support;	/* that of the other set, where it is one of this query; -1: an earlier one */
	bool		may_close;		/* whether no difference at all will do */
	uint8		common;			/* bit i: the i-th group column of the query is one of those */
	uint32		key_count;
	uint32		first;			/* the gap of key k is element first + k of the gaps' vector */
	uint8	   *known;			/* bit k: a figure of the other was told of there */
	/* for the local query, not sent to a lane's worker */
	const struct SmcRowSet *own;
	const struct SmcRowSet *other;
} SmcGap;

/*
 * A SUM and a COUNT for each aggregate, as outputs and as inputs, one more for
 * its rows, the parts of a statistic's sums, tallies, and the cell's.
 */
#define SMC_LAYOUT_SLOTS_MAX	(13 * SMC_QUERY_AGGS_MAX + SMC_TALLIES_MAX + 2)

typedef struct SmcLayout
{
	uint32		cell_count;		/* >= 1 */
	uint32		min_rows;		/* > 1: which ROWS and SUPPORT reach it is opened to all, then the rest where they do */
	int			slot_count;
	SmcSlot    *slots;
	int			key_set_count;
	SmcKeySet  *key_sets;
	int			rank_count;		/* RANK slots */
	int			fit_count;		/* FIT slots */
	int			tally_count;	/* slots that have a place, while the layout is made */
	int			rows_slot;		/* not 0 where a cell has rows, to all that learn any figure; -1 without GROUP BY, or where HAVING tells */
	struct SmcCircuit *circuit; /* what is computed before it is opened; NULL: nothing */
	int			group_count;
	uint32		places[SMC_QUERY_GROUPS_MAX];	/* of each group column: smc_rowset_places */
	uint8		canonical[SMC_QUERY_GROUPS_MAX];	/* the group columns by their numbers in the study */
	int			history;		/* how many earlier conditions are kept; 0: none, and no sets, no gaps */
	int			set_count;
	SmcLayoutSet *sets;
	int			gap_count;
	SmcGap	   *gaps;
	uint32		gap_elements;	/* of the gaps' vector, which follows the other */
} SmcLayout;

/* Elements of a party's vector: cells times slots, then the gaps. */
extern size_t smc_layout_elements(const SmcLayout *layout);

/* The key of a cell for a gap. */
extern uint32 smc_layout_key(const SmcLayout *layout, const SmcGap *gap, uint32 cell);

/* Whether a figure of the other set was told of at a key; for how many cells there is one. */
extern bool smc_layout_is_known(const SmcGap *gap, uint32 key);
extern uint32 smc_layout_links(const SmcLayout *layout, const SmcGap *gap);

/* The place of a cell when groups are ordered by their columns' numbers, as in a row set. */
extern uint32 smc_layout_canonical_cell(const SmcLayout *layout, uint32 cell);

/* Whether a slot's figure is found by a contest, rather than by adding up. */
extern bool smc_layout_is_contest(const SmcSlot *slot);

/* Lay out a checked query: the same at every party. */
extern SmcLayout *smc_layout_make(const SmcStudy *study, const SmcQuery *query);

/*
 * The slot of a kind (SUM, COUNT, ANY or a contest's) that tells of an aggregate to all its
 * recipients, or -1.  A COUNT slot counts the rows that the aggregate rests on.
 */
extern int	smc_layout_find(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
							SmcSlotKind kind, int agg);

/* The RANK slot of one of an aggregate's fractions, or -1. */
extern int	smc_layout_find_rank(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
								 int agg, const SmcFraction *fraction);

/*
 * While a layout is made: the slot of a circuit's input, added unless it is
 * there; and the slot that counts the rows that an aggregate rests on.
 */
extern int	smc_layout_add_input(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout,
								 SmcSlotKind kind, int agg, int bits);
extern int	smc_layout_add_moment(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout,
								  int agg, int moment, int part, int bits);
extern int	smc_layout_support(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg);

extern int	smc_layout_add_interval(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg, int part);

/* The INTERVAL slot that tells of a part to all of an aggregate's recipients, or -1. */
extern int	smc_layout_find_interval(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
									 int agg, int part);

/*
 * The same of the rows in one place of a tally's: a TALLY slot that is an input;
 * the SUPPORT slot.  Raises ERRCODE_PROGRAM_LIMIT_EXCEEDED where there are too many.
 */
extern int	smc_layout_add_tally(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg, int place);
extern int	smc_layout_tally_support(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout,
									 int agg, int place);

/* The TALLY slot that tells of a place to all of an aggregate's recipients, or -1. */
extern int	smc_layout_find_tally(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
								  int agg, int place);

extern bytea *smc_layout_write(const SmcLayout *layout);
extern SmcLayout *smc_layout_parse(const uint8 *data, size_t len);

/* ---- comparing conditions: pg/smc_layout_gaps.c -------------------------------------- */

/* Whether a slot counts rows that others rest on. */
extern bool smc_layout_counts_rows(const SmcLayout *layout, int slot);

/* While a layout is made, after its cells: fill in its groups. */
extern void smc_layout_add_groups(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout);

/* Their bytes, with those of sets and gaps; malformed ones mark the reader as failed. */
extern void smc_layout_write_gaps(SmcWriter *writer, const SmcLayout *layout);
extern void smc_layout_read_gaps(SmcReader *reader, SmcLayout *layout);

/* The group values of a cell: index into column->values, or -1 for NULL, for each group column. */
extern void smc_layout_cell_groups(const SmcStudy *study, const SmcQuery *query, uint32 cell, int *indexes);

/* The cell of such group values: the other way. */
extern uint32 smc_layout_cell_at(const SmcStudy *study, const SmcQuery *query, const int *indexes);

#endif							/* SMC_LAYOUT_H */

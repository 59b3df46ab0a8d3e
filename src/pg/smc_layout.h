/*
 * The vector that all parties of a computation fill: which cells, which slots.
 */
#ifndef SMC_LAYOUT_H
#define SMC_LAYOUT_H

#include "postgres.h"

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
	/* from here on each party's number stays its own; see smc_contest.h */
	SMC_SLOT_MIN,				/* this party's minimum, or SMC_CONTEST_NONE_HIGH */
	SMC_SLOT_MAX,				/* this party's maximum, or SMC_CONTEST_NONE_LOW */
	SMC_SLOT_COMPARE,			/* this party's sum: how parties[0]'s compares with parties[1]'s */
	SMC_SLOT_ARGMIN,			/* this party's sum, or SMC_CONTEST_NONE_HIGH */
	SMC_SLOT_ARGMAX				/* this party's sum, or SMC_CONTEST_NONE_LOW */
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
	uint8		part;
} SmcSlot;

struct SmcCircuit;

/*
 * A SUM and a COUNT for each aggregate, as outputs and as inputs, one more for
 * its rows, the parts of a statistic's sums, and the cell's.
 */
#define SMC_LAYOUT_SLOTS_MAX	(13 * SMC_QUERY_AGGS_MAX + 2)

typedef struct SmcLayout
{
	uint32		cell_count;		/* >= 1 */
	uint32		min_rows;		/* > 1: which ROWS and SUPPORT reach it is opened to all, then the rest where they do */
	int			slot_count;
	SmcSlot    *slots;
	int			rows_slot;		/* not 0 where a cell has rows, to all that learn any figure; -1 without GROUP BY, or where HAVING tells */
	struct SmcCircuit *circuit; /* what is computed before it is opened; NULL: nothing */
} SmcLayout;

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

/*
 * While a layout is made: the slot of a circuit's input, added unless it is
 * there; and the slot that counts the rows that an aggregate rests on.
 */
extern int	smc_layout_add_input(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout,
								 SmcSlotKind kind, int agg, int bits);
extern int	smc_layout_add_moment(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout,
								  int agg, int moment, int part, int bits);
extern int	smc_layout_support(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg);

extern bytea *smc_layout_write(const SmcLayout *layout);
extern SmcLayout *smc_layout_parse(const uint8 *data, size_t len);

/* The group values of a cell: index into column->values, or -1 for NULL, for each group column. */
extern void smc_layout_cell_groups(const SmcStudy *study, const SmcQuery *query, uint32 cell, int *indexes);

/* The cell of such group values: the other way. */
extern uint32 smc_layout_cell_at(const SmcStudy *study, const SmcQuery *query, const int *indexes);

#endif							/* SMC_LAYOUT_H */

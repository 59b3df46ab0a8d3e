/*
 * A study as defined here: the foreign table, read into one struct; its
 * canonical text and its digest.
 *
 * The canonical text has one agreed fact a line, so that two definitions can
 * be compared by their lines; the digest is its hash.  Local options (source,
 * column) and the table's schema and owner are not in it.
 */
#ifndef SMC_STUDY_H
#define SMC_STUDY_H

#include "postgres.h"

#include "access/attnum.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "core/smc_limits.h"

/* The words of a column's allow list, as bits. */
typedef enum SmcAllow
{
	SMC_ALLOW_COUNT = 1 << 0,
	SMC_ALLOW_SUM = 1 << 1,
	SMC_ALLOW_AVG = 1 << 2,
	SMC_ALLOW_MIN = 1 << 3,
	SMC_ALLOW_MAX = 1 << 4,
	SMC_ALLOW_COMPARE = 1 << 5,
	SMC_ALLOW_VARIANCE = 1 << 6,
	SMC_ALLOW_STDDEV = 1 << 7,
	SMC_ALLOW_COVAR = 1 << 8,
	SMC_ALLOW_CORR = 1 << 9,
	SMC_ALLOW_REGR = 1 << 10,
	SMC_ALLOW_MEDIAN = 1 << 11,
	SMC_ALLOW_PERCENTILE = 1 << 12,
	SMC_ALLOW_MODE = 1 << 13,
	SMC_ALLOW_HISTOGRAM = 1 << 14,
	SMC_ALLOW_DISTINCT = 1 << 15,
	SMC_ALLOW_LINREGR = 1 << 16,
	SMC_ALLOW_LOGREGR = 1 << 17,
	SMC_ALLOW_FILTER = 1 << 18,
	SMC_ALLOW_GROUP = 1 << 19,
	SMC_ALLOW_KEY = 1 << 20
} SmcAllow;

extern const char *smc_study_allow_word(SmcAllow bit);

/* The words of some bits, as "count, sum"; "" for none. */
extern char *smc_study_allow_list(uint32 allow);

/* Parse an allow list; raises naming a word that isn't one, with the valid ones in the hint. */
extern uint32 smc_study_parse_allow(const char *text);

#define SMC_SCALE_NONE	(-1)

typedef struct SmcColumn
{
	AttrNumber	attnum;
	char	   *name;			/* the agreed name */
	char	   *source_column;	/* the name in the source */
	Oid			type;
	int32		typmod;
	Oid			collation;
	bool		not_null;		/* declared NOT NULL (agreed) */
	uint32		allow;			/* SmcAllow bits */
	int			scale;			/* digits kept after the point: of numeric(p,s), of the option, 0 for integers, SMC_SCALE_NONE where not a number or not declared */
	int			value_count;	/* the declared domain: option values, an enum's labels, boolean's f,t; 0: none */
	char	  **values;			/* as the type's output function writes them */
	bool		filter_by_values;	/* conditions only by those values: filter_by 'values' */
	uint16		recipients;		/* who may learn figures over this column: bit i = party i */
	char	   *lo;				/* declared range, or NULL */
	char	   *hi;
} SmcColumn;

typedef struct SmcStudy
{
	Oid			relid;
	Oid			owner;
	char	   *name;			/* the foreign table's name: the study's */
	char	   *schema;
	int			party_count;
	char		parties[SMC_PARTIES_MAX][SMC_NAME_MAX];
	List	   *party_names;	/* the same as a List of char* */
	int			self;
	uint16		recipients;		/* reveal_to as a mask; 0 = none */
	uint16		askers;			/* query_by as a mask */
	uint32		min_rows;		/* 0 or 1: no minimum */
	char	   *source;			/* as written, or NULL where not yet given */
	bool		approve_each;	/* approve 'each' */
	int			approve_within; /* seconds that a run waits for that; 0 where neither is set */
	int64		max_queries;	/* -1: no limit */
	int64		max_queries_per_day;	/* -1: no limit */
	uint32		max_groups;		/* possible groups of one query; 0: no limit */
	uint32		max_rows;		/* of one party, that a model is fitted to; 0: none agreed */
	int			history;		/* earlier conditions that one is compared with, where min_rows is set */
	TimestampTz expires;		/* DT_NOEND: never */
	char	   *epsilon;		/* NULL: none */
	char	   *epsilon_budget; /* NULL: none */
	int64		budget_queries; /* how many the budget is good for; -1: no limit */
	int			column_count;
	SmcColumn  *columns;		/* in order of attnum, dropped ones left out */
	char	   *definition;		/* canonical text */
	uint8		digest[SMC_KEY_BYTES];
} SmcStudy;

/*
 * Read a study from the catalogs, or from a cache that every change of them
 * invalidates; the table is locked with AccessShareLock until the transaction
 * ends.  Raises where the definition is not whole (this party not among the
 * parties, fewer than two parties, a group column without a domain, ...),
 * naming the study.  What it returns is shared: never write to it.  It stays
 * valid, whatever is invalidated, until the current memory context is reset.
 */
extern SmcStudy *smc_study_load(Oid relid);

/*
 * The same, but where the definition is not whole returns NULL and sets *why
 * to the error's message.  Needs a transaction that may have subtransactions.
 */
extern SmcStudy *smc_study_try_load(Oid relid, char **why);

/* The foreign tables of our wrapper in this database, well defined or not; a List of Oid. */
extern List *smc_study_relations(void);

/*
 * Raise when a query can't be run on the study as things stand: its options
 * don't go together (smc_privacy_check_study), or it has expired
 * (ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE).  Each party calls it for itself.
 */
extern void smc_study_require_runnable(const SmcStudy *study);

/*
 * The canonical texts, in UTF-8, of all studies here that name that party, for
 * its IMPORT FOREIGN SCHEMA; a List of char *.  Those that are not whole are
 * left out.
 */
extern List *smc_study_offers(const char *party);

/*
 * Find the study of that name in this database, or NULL.  Raises when two
 * foreign tables bear it.
 */
extern SmcStudy *smc_study_find(const char *name);

/* The owner of a relation. */
extern Oid	smc_study_owner(Oid relid);

/* Whether a relation is a foreign table of our wrapper, whichever server's. */
extern bool smc_study_is_one(Oid relid);

/* The column of that attribute number or agreed name, or NULL. */
extern const SmcColumn *smc_study_column(const SmcStudy *study, AttrNumber attnum);
extern const SmcColumn *smc_study_column_by_name(const SmcStudy *study, const char *name);

/* The names of the parties in a mask, as "acme, globex"; "all" is not used. */
extern char *smc_study_party_list(const SmcStudy *study, uint16 mask);

/* Whether a column of a study can have a type: one that is built-in, or an enum. */
extern bool smc_study_takes_type(Oid type);

/* Precision and scale that a modifier of numeric declares; false, and neither set, for plain numeric. */
extern bool smc_study_numeric_digits(int32 typmod, int *precision, int *scale);

/* Whether an enum has exactly these labels, in this order. */
extern bool smc_study_has_labels(Oid type, int count, char *const *labels);

/* The lines by which two canonical texts differ, in words, or NULL when equal. */
extern char *smc_study_differences(const char *ours, const char *theirs, const char *their_name);

#endif							/* SMC_STUDY_H */

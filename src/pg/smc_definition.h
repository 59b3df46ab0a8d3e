/*
 * The canonical text of what is agreed: written, read back, compared.
 *
 * One fact a line, always in the same order and the same words, so that equal
 * agreements have equal texts and a difference can be told line by line:
 *
 *   study payroll
 *   parties acme, globex, initech
 *   reveal_to acme, globex, initech
 *   query_by acme, globex, initech
 *   min_rows 5
 *   approve none
 *   column sex type text not_null no allow filter, group values {"Female","Male"}
 *   column salary type numeric(12,2) not_null no allow count, sum, avg scale 2
 *
 * approve_within (seconds) follows approve where that is each, or where it is
 * set; max_queries, max_queries_per_day, max_groups, max_rows, history, expires, epsilon and
 * epsilon_budget follow where they are set, history where it isn't the default.  A column may also have `enum NAME`
 * in place of `type` (its labels are its values), `collate`, `filter_by values`,
 * `lo`, `hi`, and `reveal_to` where that is not the study's.  A name stands bare
 * when it is made of lower-case letters, digits and underscores; any other, and
 * every value, is in double quotes with \" \\ \n \r \t escaped.  So whatever a
 * name or value holds, a text has one reading, and an agreement has one text.
 */
#ifndef SMC_DEFINITION_H
#define SMC_DEFINITION_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "core/smc_limits.h"

typedef struct SmcDefinitionColumn
{
	char	   *name;
	char	   *type;			/* a built-in type with its modifier, or an enum's own name */
	bool		is_enum;
	char	   *collation;		/* NULL: the type's own */
	bool		not_null;
	uint32		allow;			/* SmcAllow bits */
	int			scale;			/* or SMC_SCALE_NONE */
	bool		has_values;		/* declared, or an enum's labels */
	int			value_count;
	char	  **values;
	bool		filter_by_values;
	char	   *lo;				/* NULL: none */
	char	   *hi;
	bool		has_recipients; /* reveal_to of its own */
	List	   *recipients;		/* of char *; NIL: none */
} SmcDefinitionColumn;

typedef struct SmcDefinition
{
	char	   *study;
	List	   *parties;		/* of char *, as are the next two */
	List	   *recipients;		/* NIL: none */
	List	   *askers;
	uint32		min_rows;		/* >= 1 */
	bool		approve_each;
	int			approve_within; /* seconds; 0: not stated */
	int64		max_queries;	/* -1: no limit */
	int64		max_queries_per_day;
	uint32		max_groups;		/* 0: no limit */
	uint32		max_rows;		/* 0: no limit */
	int			history;
	char	   *expires;		/* NULL: never; else ISO, in UTC */
	char	   *epsilon;		/* NULL: none */
	char	   *epsilon_budget;
	int			column_count;
	SmcDefinitionColumn *columns;
} SmcDefinition;

/* Names as "acme, globex"; "none" for NIL. */
extern char *smc_definition_names(const List *names);

/* Write the canonical text, in the server's encoding. */
extern char *smc_definition_write(const SmcDefinition *definition);

/*
 * Read a text that anyone may have sent.  NULL unless it is canonical to the
 * last byte, with names of parties and studies that could be ones; *why then
 * says where it stops being so.  Types, collations and values are not looked at.
 */
extern SmcDefinition *smc_definition_parse(const char *text, const char **why);

/* The digest of a canonical text: of its bytes in UTF-8, so that every party has the same. */
extern void smc_definition_digest(const char *text, uint8 out[SMC_KEY_BYTES]);

/* The same text in UTF-8, as it crosses a link, and back; palloc'd or the argument itself. */
extern char *smc_definition_to_utf8(const char *text);
extern char *smc_definition_from_utf8(const char *text);

#endif							/* SMC_DEFINITION_H */

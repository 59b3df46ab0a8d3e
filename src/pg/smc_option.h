/*
 * How the text of each option of a study or column is read.
 *
 * The validator (smc_fdw_validator) and whoever uses an option later read it
 * by the same function, so that what was accepted at CREATE can't fail to
 * parse afterwards.  Each function raises, naming the option; results are
 * palloc'd.
 */
#ifndef SMC_OPTION_H
#define SMC_OPTION_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* The value of an option in a List of DefElem, or NULL. */
extern const char *smc_option_get(List *options, const char *name);

/*
 * A comma-separated list of party names (parties, query_by, and the list form
 * of reveal_to): a List of char*, in order, each a valid name, no two equal,
 * at least one, at most SMC_PARTIES_MAX.
 */
extern List *smc_option_parse_names(const char *value, const char *option);

/* Options reveal_to: `all`, `none`, or a list of names (returned in *names). */
typedef enum SmcRecipients
{
	SMC_RECIPIENTS_NONE,
	SMC_RECIPIENTS_ALL,
	SMC_RECIPIENTS_LIST
} SmcRecipients;

extern SmcRecipients smc_option_parse_recipients(const char *value, const char *option, List **names);

/* Option values, an array literal of text: at least one element, none NULL, no two equal. */
extern char **smc_option_parse_values(const char *literal, int *count);

/* A text that is among some twice, or NULL. */
extern const char *smc_option_find_twice(int count, char *const *texts);

/* Option source: one or two identifiers, as a List of String nodes. */
extern List *smc_option_parse_source(const char *value);

/* A whole number of at least min and at most max: min_rows, max_queries, max_queries_per_day, max_groups, max_rows, history, scale. */
extern int	smc_option_parse_int(const char *value, const char *option, int min, int max);

/* A positive, finite number: epsilon, epsilon_budget. */
extern double smc_option_parse_positive(const char *value, const char *option);

/* `on` (true) or `off`: accept_rotation of a server. */
extern bool smc_option_parse_switch(const char *value, const char *option);

/* Option approve: whether it is `each` (true) or `none`. */
extern bool smc_option_parse_approve(const char *value);

/* Option approve_within, an interval: its seconds, from 1 to SMC_APPROVE_WITHIN_MAX. */
#define SMC_APPROVE_WITHIN_DEFAULT	(60 * 60)
#define SMC_APPROVE_WITHIN_MAX		(30 * 24 * 60 * 60)
extern int	smc_option_parse_within(const char *value);

/* Seconds as such an interval: 36:00:00. */
extern char *smc_option_write_within(int seconds);

/* Option filter_by: whether it is `values` (true) or `any`. */
extern bool smc_option_parse_filter_by(const char *value);

/*
 * Option expires: a date, or date and time, in ISO 8601, in UTC unless it
 * names an offset; so it means the same instant at every party, whatever the
 * session's TimeZone and DateStyle.
 */
extern TimestampTz smc_option_parse_expires(const char *value);

/*
 * Raise for an option's value, repeating it: not for what may be a secret.
 * detail says what it must be.
 */
extern void smc_option_raise_value(const char *option, const char *value, const char *detail) pg_attribute_noreturn();

#endif							/* SMC_OPTION_H */

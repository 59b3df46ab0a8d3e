/*
 * Models as aggregates: y from columns x1, x2, ..., in the manner of MADlib.
 *
 *   smc_linregr(y, array[1, x1, ...])     least squares
 *   smc_logregr(y, array[1, x1, ...])     logistic regression: pg/smc_logregr.h
 *
 * An SmcAgg holds y as arg and the columns as the operation "row" in second.  Its
 * figure is one value of a composite type, made of several opened numbers, the
 * model's parts: a circuit has one output for each.  What differs between models is
 * in the table of smc_model.c, in smc_model_value (the parts on shares) and
 * in smc_model_figure (the value from them).
 */
#ifndef SMC_MODEL_H
#define SMC_MODEL_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "core/smc_ring.h"
#include "pg/smc_query.h"

struct SmcDeparse;

#define SMC_MODEL_COLUMNS_MAX	16	/* of an array, a constant for the intercept included */

typedef struct SmcModel
{
	SmcAggKind	kind;
	const char *name;			/* of the aggregate */
	const char *type;			/* of its figure, in the extension's schema */
	SmcAllow	word;			/* that the columns in its arguments need */
	const char *told;			/* what is opened, in words */
} SmcModel;

/* The entry of a kind of aggregate, NULL where it is no model; the kind of an aggregate's name, or 0. */
extern const SmcModel *smc_model_of(SmcAggKind kind);
extern SmcAggKind smc_model_by_name(const char *name);

/* The composite type of its figure. */
extern Oid	smc_model_type(const SmcAgg *agg);

/* How many columns there are; column i, which is y for i = that number. */
extern int	smc_model_columns(const SmcAgg *agg);
extern SmcExpr *smc_model_column(const SmcAgg *agg, int i);

/* Whether a column is the constant one: the intercept. */
extern bool smc_model_is_one(const SmcExpr *column);

/*
 * Whether a column is 1 or 0 by a condition over columns with declared values, as
 * (sex = 'Female')::int is: how many rows it is 1 in is then the sum of its squares.
 */
extern bool smc_model_is_indicator(const SmcStudy *study, const SmcExpr *column);

/* Whether a column is made of rows that some other condition picks, and of others. */
extern bool smc_model_mixes_conditions(const SmcStudy *study, const SmcAgg *agg);

/* Whether an expression is a list of columns, which has no other place than a model. */
extern bool smc_model_is_row(const SmcExpr *expr);

/* Raise unless the arguments have a model's form; before anything else is said of them. */
extern void smc_model_check_form(const SmcStudy *study, const SmcAgg *agg);

/*
 * Take casts off the columns and y, where what is cast can be computed with as
 * exactly: the elements of an array have one type.
 */
extern void smc_model_strip(const SmcStudy *study, SmcAgg *agg);

/* Digits after the point that column i of a resolved aggregate is kept with; they are bounded. */
extern int	smc_model_scale(const SmcStudy *study, const SmcAgg *agg, int i);

/* Its text for people, but for the filter. */
extern void smc_model_append(StringInfo buf, const struct SmcDeparse *deparse, const SmcAgg *agg);

/* ---- parts ------------------------------------------------------------------------------ */

/*
 * Parts of least squares over k columns, in their order: k coefficients, k standard
 * errors, r2, the number of rows.
 */
#define SMC_MODEL_PARTS_MAX		(2 * SMC_MODEL_COLUMNS_MAX + 2)

extern int	smc_model_parts(const SmcAgg *agg);

/*
 * A part in a formula: the operation "part" of an aggregate and a number, or "part.rows".
 * make gives the one that a field of the figure is, with its index from one in an array
 * (else 0), or NULL where the field is no part that may be computed with.
 */
extern SmcExpr *smc_model_make_part(SmcAggKind kind, int columns, const char *field, int index, SmcExpr *agg);

/* Which part such an operation is, -1 for the rows; and a part as it is written after the aggregate. */
extern int	smc_model_part_of(const SmcExpr *expr);
extern char *smc_model_part_text(const SmcAgg *agg, int part);

/* ---- sums of products, of which least squares are made --------------------------------- */

/*
 * Each pair a <= b of columns (y being the last) has a number: those of slots, and,
 * from one, of the elements of the local query's array.
 */
#define SMC_MODEL_PRODUCT(a, b)		((b) * ((b) + 1) / 2 + (a))
#define SMC_MODEL_PRODUCTS_MAX		SMC_MODEL_PRODUCT(0, SMC_MODEL_COLUMNS_MAX + 1)

/* The pair of a number. */
extern void smc_model_pair(int product, int *a, int *b);

/* Digits and bits of the joint sum; whether a party's part can't leave its room by what the asker chose. */
extern int	smc_model_product_scale(const SmcStudy *study, const SmcAgg *agg, int product);
extern int	smc_model_product_bits(const SmcStudy *study, const SmcAgg *agg, int product);
extern bool smc_model_fits(const SmcStudy *study, const SmcAgg *agg);

/* Append the local SQL of a sum of products, over rows in which nothing is NULL. */
extern void smc_model_append_product(StringInfo buf, const struct SmcDeparse *deparse, const SmcAgg *agg, int product);

#endif							/* SMC_MODEL_H */

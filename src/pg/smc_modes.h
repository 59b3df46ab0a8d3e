/*
 * Settings under which a value's text is the same at every party.
 *
 * What a date, a timestamp, an interval or a float looks like depends on the
 * session.  Texts of values that are agreed (declared domains, ranges) or that
 * cross a link (constants) are written and read under these settings only.
 */
#ifndef SMC_MODES_H
#define SMC_MODES_H

/*
 * Set them until smc_modes_end, or until the transaction ends: DateStyle,
 * IntervalStyle, TimeZone, extra_float_digits, bytea_output, and search_path to
 * pg_catalog alone.  Returns what smc_modes_end needs.
 */
extern int	smc_modes_begin(void);
extern void smc_modes_end(int guc_level);

#endif							/* SMC_MODES_H */

/*
 * Settings under which a value's text is the same at every party.
 *
 * They are set as a function's SET clause would set them, so that an error
 * puts the user's own back.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "pg/smc_modes.h"

static const struct
{
	const char *name;
	const char *value;
}			fixed_settings[] =
{
	{"datestyle", "ISO, YMD"},
	{"intervalstyle", "postgres"},
	{"timezone", "UTC"},
	{"extra_float_digits", "1"},
	{"bytea_output", "hex"},
	/* pg_temp comes first unless it is named */
	{"search_path", "pg_catalog, pg_temp"}
};

int
smc_modes_begin(void)
{
	int			guc_level = NewGUCNestLevel();
	int			i;

	for (i = 0; i < lengthof(fixed_settings); i++)
		(void) set_config_option(fixed_settings[i].name, fixed_settings[i].value,
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return guc_level;
}

void
smc_modes_end(int guc_level)
{
	AtEOXact_GUC(true, guc_level);
}

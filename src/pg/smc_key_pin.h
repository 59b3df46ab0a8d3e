/*
 * The public key of a peer's server, set: by people, which pins it, and by this
 * party itself when it follows a peer's signed statement, which doesn't.
 */
#ifndef SMC_KEY_PIN_H
#define SMC_KEY_PIN_H

#include "postgres.h"

/* Begin to note each ALTER SERVER that names a peer's key.  At preload. */
extern void smc_key_pin_init(void);

/*
 * Set a peer's key as ALTER SERVER does, as the extension's owner, and without
 * noting it as a pin.
 */
extern void smc_key_pin_follow(const char *server, const char *key);

#endif							/* SMC_KEY_PIN_H */

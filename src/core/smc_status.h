/*
 * What a core function may answer.
 *
 * The peer's fault, the caller's data and our own bug are different codes, so
 * that the layers above can name the right culprit.  Core never prints, exits
 * or asserts on bytes that came from a peer; it returns one of these.
 */
#ifndef SMC_STATUS_H
#define SMC_STATUS_H

#define SMC_MUST_USE __attribute__((warn_unused_result))

typedef enum SmcStatus
{
	SMC_OK = 0,
	SMC_ERR_MEMORY,				/* out of memory */
	SMC_ERR_ARGUMENT,			/* the caller broke the contract: our bug */
	SMC_ERR_RANGE,				/* a value does not fit its ring or type */
	SMC_ERR_FORMAT,				/* a peer's bytes are not what they must be */
	SMC_ERR_AUTH,				/* a signature or authenticator is wrong */
	SMC_ERR_VERSION,			/* no protocol version in common */
	SMC_ERR_CHANNEL,			/* the channel failed; it knows why */
	SMC_ERR_LIBRARY				/* libsodium or libcrypto failed */
} SmcStatus;

/* Return a short English phrase for a status; never NULL. */
extern const char *smc_status_text(SmcStatus status);

#endif							/* SMC_STATUS_H */

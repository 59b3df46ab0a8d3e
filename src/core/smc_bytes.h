/*
 * Reading and writing of bytes that cross a link.
 *
 * Integers are little-endian.  A reader never reads past its end and never
 * trusts a length: a failed read yields zeros and sticks, so that a parser is
 * written straight down and asks once, at its end, whether all was well.  A
 * writer grows in an arena and sticks the same way when memory runs out.
 */
#ifndef SMC_BYTES_H
#define SMC_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smc_arena.h"
#include "smc_status.h"

typedef struct SmcReader
{
	const uint8_t *data;
	size_t		len;
	size_t		at;
	bool		failed;
} SmcReader;

typedef struct SmcWriter
{
	SmcArena   *arena;
	uint8_t    *data;
	size_t		len;
	size_t		cap;
	bool		failed;			/* out of memory, sticky */
} SmcWriter;

/* Start reading len bytes at data, which must outlive the reader. */
extern void smc_reader_init(SmcReader *reader, const uint8_t *data, size_t len);

/* Read one integer; 0 once the reader has failed. */
extern uint8_t smc_reader_u8(SmcReader *reader);
extern uint16_t smc_reader_u16(SmcReader *reader);
extern uint32_t smc_reader_u32(SmcReader *reader);
extern uint64_t smc_reader_u64(SmcReader *reader);

/* Return a pointer to the next len bytes inside the input, NULL on failure. */
extern const uint8_t *smc_reader_bytes(SmcReader *reader, size_t len);

/* Copy the next len bytes to out; zeros on failure. */
extern void smc_reader_copy(SmcReader *reader, uint8_t *out, size_t len);

/*
 * Read a u32 length and that many bytes, of which at most max_len are
 * accepted.  Returns a pointer inside the input and sets *len; on failure
 * returns a pointer to an empty string and sets *len to 0.
 */
extern const uint8_t *smc_reader_blob(SmcReader *reader, size_t max_len, size_t *len);

/*
 * Read a blob as text into out, which holds out_size bytes, NUL-terminated.
 * Fails on an embedded NUL or when it does not fit.
 */
extern void smc_reader_text(SmcReader *reader, char *out, size_t out_size);

/* Read a byte that must be 0 or 1. */
extern bool smc_reader_bool(SmcReader *reader);

/* Mark the input as malformed: for checks of the caller's own. */
extern void smc_reader_fail(SmcReader *reader);

/* SMC_OK if every read succeeded and nothing is left over, else SMC_ERR_FORMAT. */
extern SmcStatus smc_reader_end(const SmcReader *reader) SMC_MUST_USE;

/* Start an empty writer in arena. */
extern void smc_writer_init(SmcWriter *writer, SmcArena *arena);

extern void smc_writer_u8(SmcWriter *writer, uint8_t value);
extern void smc_writer_u16(SmcWriter *writer, uint16_t value);
extern void smc_writer_u32(SmcWriter *writer, uint32_t value);
extern void smc_writer_u64(SmcWriter *writer, uint64_t value);
extern void smc_writer_bytes(SmcWriter *writer, const void *data, size_t len);

/* Write a u32 length and the bytes (the NUL of a text is not written). */
extern void smc_writer_blob(SmcWriter *writer, const void *data, size_t len);
extern void smc_writer_text(SmcWriter *writer, const char *text);

/* SMC_OK if nothing failed, else SMC_ERR_MEMORY. */
extern SmcStatus smc_writer_end(const SmcWriter *writer) SMC_MUST_USE;

#endif							/* SMC_BYTES_H */

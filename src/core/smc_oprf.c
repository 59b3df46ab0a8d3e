/*
 * A batch of oblivious pseudo-random functions; see the header.
 *
 * A stream is a column of the matrix, a bin a row: a batch is drawn by columns and
 * turned on its side, 128 columns at a time.
 */
#include "smc_oprf.h"

#include <sodium.h>
#include <string.h>

#define COLUMNS		SMC_ITEM_CODE_BITS
#define WORDS		(COLUMNS / 64)
#define ROW_BYTES	(SMC_OPRF_BATCH / 8)
#define ROW_STRIDE	(ROW_BYTES + 64)

/* Working space of either. */
typedef struct Matrix
{
	uint8_t		columns[128][ROW_STRIDE];
	SmcBlock	turned[SMC_OPRF_BATCH];
	SmcOprfKey	rows[SMC_OPRF_BATCH];
	SmcOprfKey	wire[SMC_OPRF_BATCH];
} Matrix;

struct SmcOprfSender
{
	int			peer;
	uint64_t	number;			/* bins so far */
	SmcOprfKey	s;
	SmcBlockStream *streams[COLUMNS];
	Matrix		matrix;
};

struct SmcOprfReceiver
{
	int			peer;
	uint64_t	number;
	SmcBlockStream *streams[2][COLUMNS];
	Matrix		matrix;
	SmcItemCode codes[SMC_ITEM_BATCH];
};

/* ---- set-up ------------------------------------------------------------- */

static SmcStatus
open_streams(SmcBlockStream **streams, const SmcBlock *seeds, SmcArena *arena)
{
	for (int i = 0; i < COLUMNS; i++)
	{
		streams[i] = smc_block_stream_open(arena, &seeds[i]);
		if (streams[i] == NULL)
			return SMC_ERR_MEMORY;
	}
	return SMC_OK;
}

static void
close_streams(SmcBlockStream **streams)
{
	for (int i = 0; i < COLUMNS; i++)
		smc_block_stream_close(streams[i]);
}

SmcStatus
smc_oprf_open_sender(SmcEngine *engine, int peer, SmcArena *arena, SmcOprfSender **out)
{
	SmcOprfSender *sender = smc_arena_alloc(arena, sizeof(*sender));
	SmcBlock	seeds[COLUMNS];
	SmcStatus	status;

	*out = sender;
	if (sender == NULL)
		return SMC_ERR_MEMORY;
	sender->peer = peer;
	status = smc_ot_receive_random(engine->ot[peer].receiver, engine->channel, peer, false,
								   (uint8_t *) sender->s.word, seeds, COLUMNS);
	engine->ots_made += COLUMNS;
	if (status == SMC_OK)
		status = open_streams(sender->streams, seeds, arena);
	sodium_memzero(seeds, sizeof(seeds));
	return status;
}

SmcStatus
smc_oprf_open_receiver(SmcEngine *engine, int peer, SmcArena *arena, SmcOprfReceiver **out)
{
	SmcOprfReceiver *receiver = smc_arena_alloc(arena, sizeof(*receiver));
	SmcBlock	seeds[2][COLUMNS];
	SmcStatus	status;

	*out = receiver;
	if (receiver == NULL)
		return SMC_ERR_MEMORY;
	receiver->peer = peer;
	status = smc_ot_send_random(engine->ot[peer].sender, engine->channel, peer, false, seeds[0], seeds[1], COLUMNS);
	engine->ots_made += COLUMNS;
	for (int side = 0; side < 2 && status == SMC_OK; side++)
		status = open_streams(receiver->streams[side], seeds[side], arena);
	sodium_memzero(seeds, sizeof(seeds));
	return status;
}

void
smc_oprf_close_sender(SmcOprfSender *sender)
{
	if (sender != NULL)
		close_streams(sender->streams);
}

void
smc_oprf_close_receiver(SmcOprfReceiver *receiver)
{
	if (receiver == NULL)
		return;
	close_streams(receiver->streams[0]);
	close_streams(receiver->streams[1]);
}

/* ---- rows --------------------------------------------------------------- */

/* The next count <= SMC_OPRF_BATCH rows of the streams' matrix, XORed into rows. */
static SmcStatus
add_rows(Matrix *m, SmcBlockStream **streams, SmcOprfKey *rows, size_t count)
{
	size_t		padded = (count + 127) / 128 * 128;
	SmcStatus	status = SMC_OK;

	for (size_t first = 0; first < COLUMNS && status == SMC_OK; first += 128)
	{
		size_t		columns = COLUMNS - first < 128 ? COLUMNS - first : 128;
		size_t		word = first / 64;

		memset(m->columns[columns % 128], 0, columns < 128 ? (128 - columns) * ROW_STRIDE : 0);
		for (size_t c = 0; c < columns && status == SMC_OK; c++)
			status = smc_block_stream_read(streams[first + c], m->columns[c], padded / 8);
		if (status != SMC_OK)
			break;
		smc_block_transpose(m->columns[0], ROW_STRIDE, padded, m->turned);
		for (size_t b = 0; b < count; b++)
		{
			rows[b].word[word] ^= m->turned[b].lo;
			if (columns == 128)
				rows[b].word[word + 1] ^= m->turned[b].hi;
		}
	}
	return status;
}

/* H(number, row). */
static uint64_t
hash_row(uint64_t number, const SmcOprfKey *row)
{
	static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "smc oprf v1";
	static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES];
	uint64_t	in[1 + WORDS];
	uint64_t	out[2];

	in[0] = number;
	memcpy(in + 1, row->word, sizeof(row->word));
	(void) crypto_generichash_blake2b_salt_personal((uint8_t *) out, sizeof(out), (const uint8_t *) in, sizeof(in),
													NULL, 0, salt, personal);
	return out[0];
}

/* row ^= the code word's first 448 bits. */
static inline void
add_code(SmcOprfKey *row, const SmcItemCode *code)
{
	for (int w = 0; w < WORDS; w++)
		row->word[w] ^= w % 2 ? code->part[w / 2].hi : code->part[w / 2].lo;
}

static SmcStatus
receive_batch(SmcOprfReceiver *receiver, SmcChannel *channel, const SmcItemHash *hash,
			  const SmcBlock *inputs, uint64_t *values, size_t count)
{
	Matrix	   *m = &receiver->matrix;
	SmcStatus	status;

	memset(m->rows, 0, count * sizeof(m->rows[0]));
	status = add_rows(m, receiver->streams[0], m->rows, count);
	memcpy(m->wire, m->rows, count * sizeof(m->rows[0]));
	if (status == SMC_OK)
		status = add_rows(m, receiver->streams[1], m->wire, count);
	for (size_t at = 0; at < count && status == SMC_OK; at += SMC_ITEM_BATCH)
	{
		size_t		part = count - at < SMC_ITEM_BATCH ? count - at : SMC_ITEM_BATCH;

		status = smc_items_codes(hash, inputs + at, part, receiver->codes);
		for (size_t i = 0; i < part && status == SMC_OK; i++)
			add_code(&m->wire[at + i], &receiver->codes[i]);
	}
	if (status == SMC_OK)
		status = smc_channel_send(channel, receiver->peer, m->wire, count * sizeof(m->wire[0]));
	for (size_t b = 0; b < count && status == SMC_OK; b++)
		values[b] = hash_row(receiver->number++, &m->rows[b]);
	return status;
}

SmcStatus
smc_oprf_receive(SmcOprfReceiver *receiver, SmcChannel *channel, const SmcItemHash *hash,
				 const SmcBlock *inputs, uint64_t *values, size_t count)
{
	SmcStatus	status = SMC_OK;

	for (size_t at = 0; at < count && status == SMC_OK; at += SMC_OPRF_BATCH)
		status = receive_batch(receiver, channel, hash, inputs + at, values + at,
							   count - at < SMC_OPRF_BATCH ? count - at : SMC_OPRF_BATCH);
	return status;
}

SmcStatus
smc_oprf_send(SmcOprfSender *sender, SmcChannel *channel, SmcOprfKey *keys, size_t count, uint64_t *first)
{
	Matrix	   *m = &sender->matrix;
	SmcStatus	status = SMC_OK;

	*first = sender->number;
	memset(keys, 0, count * sizeof(*keys));
	for (size_t at = 0; at < count && status == SMC_OK; at += SMC_OPRF_BATCH)
	{
		size_t		batch = count - at < SMC_OPRF_BATCH ? count - at : SMC_OPRF_BATCH;

		status = add_rows(m, sender->streams, keys + at, batch);
		if (status == SMC_OK)
			status = smc_channel_receive(channel, sender->peer, m->wire, batch * sizeof(m->wire[0]));
		for (size_t b = 0; b < batch && status == SMC_OK; b++)
		{
			for (int w = 0; w < WORDS; w++)
				keys[at + b].word[w] ^= m->wire[b].word[w] & sender->s.word[w];
		}
	}
	sender->number += count;
	return status;
}

uint64_t
smc_oprf_value(const SmcOprfSender *sender, uint64_t number, const SmcOprfKey *key, const SmcItemCode *code)
{
	SmcOprfKey	row = {{0}};

	add_code(&row, code);
	for (int w = 0; w < WORDS; w++)
		row.word[w] = key->word[w] ^ (row.word[w] & sender->s.word[w]);
	return hash_row(number, &row);
}

/*
 * OT extension (SoftSpokenOT with the repetition code); see the header.
 *
 * The streams of the leaves stay open between batches: a key schedule costs as
 * much as a kilobyte of stream.  A block's leaves are all drawn, then summed by
 * columns, where every sum stays in registers.  Rows are a cache line further
 * apart than their length, since a power of two would put a column's bytes all
 * into the same few sets of the cache.  Constant time in Delta and the choices.
 */
#include "smc_ot.h"

#include <sodium.h>
#include <string.h>

#include "smc_ct.h"
#include "smc_hash.h"

#define ROW_BYTES	(SMC_OT_BATCH / 8)
#define ROW_STRIDE	(ROW_BYTES + 64)

/* What both roles have: open streams and working space. */
typedef struct Extension
{
	SmcBlockStream *streams[SMC_OT_BLOCKS][SMC_OT_LEAVES];	/* by place; the sender has none at place 0 */
	SmcPermutation *pi;
	uint64_t	tweak;			/* OTs made so far */
	uint8_t		rows[SMC_BASE_OT_COUNT][ROW_STRIDE];	/* v or w */
	uint8_t		leaves[SMC_OT_LEAVES][ROW_STRIDE];	/* of one block; the sender's place 0 stays zero */
	uint8_t		u[SMC_OT_BLOCKS][ROW_STRIDE];	/* the receiver's; the sender's are of no use */
	uint8_t		message[SMC_OT_BLOCKS * ROW_BYTES];
	SmcBlock	scratch[SMC_OT_BATCH];
} Extension;

struct SmcOtSender
{
	Extension	ext;
	uint8_t		delta[SMC_OT_BLOCKS];	/* k bits each */
	SmcBlock	delta_block;
};

struct SmcOtReceiver
{
	Extension	ext;
};

/* ---- GGM trees --------------------------------------------------------- */

/* The two children of a node: AES-CTR under the node. */
static SmcStatus
expand_node(const SmcBlock *node, SmcBlock children[2])
{
	SmcArena   *arena = smc_arena_create();
	SmcBlockStream *stream;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (arena == NULL)
		return status;
	stream = smc_block_stream_open(arena, node);
	if (stream != NULL)
	{
		status = smc_block_stream_read(stream, (uint8_t *) children, 2 * sizeof(SmcBlock));
		smc_block_stream_close(stream);
	}
	smc_arena_destroy(arena);
	return status;
}

/*
 * The receiver's whole tree of one block from a random root; for each level
 * the sums of all left and of all right nodes, masked with the base OT's keys,
 * go into the message for the sender.
 */
static SmcStatus
grow_tree(const SmcBlock *root, SmcBlock keys[][2], SmcBlock message[][2], SmcBlock leaves[SMC_OT_LEAVES])
{
	SmcBlock	next[SMC_OT_LEAVES];
	SmcStatus	status = SMC_OK;

	leaves[0] = *root;
	for (int level = 0; level < SMC_OT_FIELD_BITS; level++)
	{
		SmcBlock	sum[2] = {keys[level][0], keys[level][1]};

		for (int node = 0; node < 1 << level; node++)
		{
			status = expand_node(&leaves[node], &next[2 * node]);
			if (status != SMC_OK)
				goto done;
			sum[0] = smc_block_xor(sum[0], next[2 * node]);
			sum[1] = smc_block_xor(sum[1], next[2 * node + 1]);
		}
		memcpy(leaves, next, sizeof(SmcBlock) * (size_t) (2 << level));
		message[level][0] = sum[0];
		message[level][1] = sum[1];
	}
done:
	sodium_memzero(next, sizeof(next));
	return status;
}

/* to = mask ? from : to, for a mask of all ones or none. */
static inline void
select_block(uint64_t mask, SmcBlock *to, const SmcBlock *from)
{
	to->lo ^= mask & (to->lo ^ from->lo);
	to->hi ^= mask & (to->hi ^ from->hi);
}

/* All ones where a == b. */
static inline uint64_t
equal_mask(uint32_t a, uint32_t b)
{
	return (uint64_t) smc_ct_mask(smc_ct_is_zero(a ^ b));
}

/*
 * The sender's tree: at each level all nodes but the one on the way to delta
 * are known; the base OT gave the sum over the side away from delta, from
 * which the one missing sibling follows.  Leaf x is put at place x ^ delta, so
 * that the missing one is at place 0 whatever delta is.  Constant time in delta.
 */
static SmcStatus
grow_punctured(uint32_t delta, const SmcBlock keys[], SmcBlock message[][2], SmcBlock leaves[SMC_OT_LEAVES])
{
	SmcBlock	nodes[SMC_OT_LEAVES];
	SmcBlock	next[SMC_OT_LEAVES];
	SmcStatus	status = SMC_OK;
	uint32_t	path = 0;		/* the unknown node of the level above; its block is zero */

	memset(nodes, 0, sizeof(nodes));
	for (int level = 0; level < SMC_OT_FIELD_BITS; level++)
	{
		uint32_t	bit = (delta >> (SMC_OT_FIELD_BITS - 1 - level)) & 1;
		uint32_t	side = 1 - bit;
		SmcBlock	sum = message[level][0];

		select_block(equal_mask(side, 1), &sum, &message[level][1]);
		sum = smc_block_xor(sum, keys[level]);
		for (uint32_t node = 0; node < (uint32_t) 1 << level; node++)
		{
			SmcBlock	zero = {0, 0};
			SmcBlock	known;
			uint64_t	unknown = equal_mask(node, path);

			status = expand_node(&nodes[node], &next[2 * node]);
			if (status != SMC_OK)
				goto done;
			known = next[2 * node];
			select_block(equal_mask(side, 1), &known, &next[2 * node + 1]);
			select_block(unknown, &known, &zero);
			sum = smc_block_xor(sum, known);
			select_block(unknown, &next[2 * node], &zero);
			select_block(unknown, &next[2 * node + 1], &zero);
		}
		for (uint32_t child = 0; child < (uint32_t) 2 << level; child++)
			select_block(equal_mask(child, 2 * path + side), &next[child], &sum);
		memcpy(nodes, next, sizeof(SmcBlock) * (size_t) (2 << level));
		path = 2 * path + bit;
	}
	memset(leaves, 0, sizeof(SmcBlock) * SMC_OT_LEAVES);
	for (uint32_t x = 0; x < SMC_OT_LEAVES; x++)
	{
		for (uint32_t place = 0; place < SMC_OT_LEAVES; place++)
			select_block(equal_mask(place, x ^ delta), &leaves[place], &nodes[x]);
	}
done:
	sodium_memzero(nodes, sizeof(nodes));
	sodium_memzero(next, sizeof(next));
	return status;
}

/* Open the streams of one block's leaves, from the given place on. */
static SmcStatus
open_streams(Extension *ext, int block, const SmcBlock leaves[SMC_OT_LEAVES], int first, SmcArena *arena)
{
	for (int x = first; x < SMC_OT_LEAVES; x++)
	{
		ext->streams[block][x] = smc_block_stream_open(arena, &leaves[x]);
		if (ext->streams[block][x] == NULL)
			return SMC_ERR_MEMORY;
	}
	return SMC_OK;
}

/* ---- set-up ------------------------------------------------------------- */

/* Contexts of the two directions differ: the hash names who sends. */
static void
direction_context(const uint8_t *context, int sender, uint8_t out[SMC_KEY_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, "smc ot direction v1", context);
	smc_hash_add_u64(&hash, (uint64_t) sender);
	smc_hash_final(&hash, out);
}

typedef struct SmcOtSetUp
{
	SmcArena   *arena;			/* holds this */
	SmcBaseOtSender base_sender;
	SmcBaseOtReceiver base_receiver;
	uint8_t		choices[SMC_BASE_OT_COUNT / 8];
	uint8_t		our_a[SMC_BASE_OT_SENDER_BYTES];
	uint8_t		our_r[SMC_BASE_OT_RECEIVER_BYTES];
	uint8_t		their_a[SMC_BASE_OT_SENDER_BYTES];
	uint8_t		their_r[SMC_BASE_OT_RECEIVER_BYTES];
	SmcBlock	pairs[SMC_BASE_OT_COUNT][2];
	SmcBlock	chosen[SMC_BASE_OT_COUNT];
	SmcBlock	our_tree[SMC_BASE_OT_COUNT][2];
	SmcBlock	their_tree[SMC_BASE_OT_COUNT][2];
	SmcBlock	leaves[SMC_OT_LEAVES];
} SmcOtSetUp;

/* As OT receiver: we were base OT sender; grow all trees, send their sums. */
static SmcStatus
set_up_receiver(SmcOtSetUp *s, SmcOtReceiver *receiver, SmcArena *arena, const SmcRandom *random)
{
	SmcStatus	status = SMC_OK;

	for (int block = 0; block < SMC_OT_BLOCKS && status == SMC_OK; block++)
	{
		int			first = block * SMC_OT_FIELD_BITS;
		SmcBlock	root;

		smc_random_fill(random, &root, sizeof(root));
		status = grow_tree(&root, &s->pairs[first], &s->our_tree[first], s->leaves);
		if (status == SMC_OK)
			status = open_streams(&receiver->ext, block, s->leaves, 0, arena);
		sodium_memzero(&root, sizeof(root));
	}
	return status;
}

/* As OT sender: we were base OT receiver with choices ~delta. */
static SmcStatus
set_up_sender(SmcOtSetUp *s, SmcOtSender *sender, SmcArena *arena)
{
	SmcStatus	status = SMC_OK;

	for (int block = 0; block < SMC_OT_BLOCKS && status == SMC_OK; block++)
	{
		int			first = block * SMC_OT_FIELD_BITS;

		status = grow_punctured(sender->delta[block], &s->chosen[first], &s->their_tree[first], s->leaves);
		if (status == SMC_OK)
			status = open_streams(&sender->ext, block, s->leaves, 1, arena);
	}
	return status;
}

/*
 * Row 4b + i of the matrices is bit i of block b's field elements, so Delta as
 * a block has delta's bit i there.
 */
static void
choose_delta(SmcOtSender *sender, uint8_t choices[SMC_BASE_OT_COUNT / 8], const SmcRandom *random)
{
	memset(choices, 0, SMC_BASE_OT_COUNT / 8);
	smc_random_fill(random, sender->delta, sizeof(sender->delta));
	for (int block = 0; block < SMC_OT_BLOCKS; block++)
	{
		sender->delta[block] &= SMC_OT_LEAVES - 1;
		for (int i = 0; i < SMC_OT_FIELD_BITS; i++)
		{
			int			row = block * SMC_OT_FIELD_BITS + i;
			int			level = SMC_OT_FIELD_BITS - 1 - i;
			int			at = block * SMC_OT_FIELD_BITS + level;
			uint64_t	bit = (sender->delta[block] >> i) & 1;

			if (row < 64)
				sender->delta_block.lo |= bit << row;
			else
				sender->delta_block.hi |= bit << (row - 64);
			/* level l of the tree decides bit k-1-l: choose the side away from it */
			choices[at / 8] |= (uint8_t) ((bit ^ 1) << (at % 8));
		}
	}
}

SmcStatus
smc_ot_open_base(SmcChannel *channel, int peer, const uint8_t context[SMC_KEY_BYTES],
				 SmcArena *arena, const SmcRandom *random, SmcOtPair *pair)
{
	SmcArena   *local = smc_arena_create();
	SmcOtSetUp *s = local ? smc_arena_alloc(local, sizeof(*s)) : NULL;
	uint8_t		send_context[SMC_KEY_BYTES];
	uint8_t		receive_context[SMC_KEY_BYTES];
	SmcStatus	status;

	pair->peer = peer;
	pair->setup = s;
	pair->sender = smc_arena_alloc(arena, sizeof(SmcOtSender));
	pair->receiver = smc_arena_alloc(arena, sizeof(SmcOtReceiver));
	if (s == NULL)
	{
		smc_arena_destroy(local);
		return SMC_ERR_MEMORY;
	}
	s->arena = local;
	if (pair->sender == NULL || pair->receiver == NULL)
		return SMC_ERR_MEMORY;
	pair->sender->ext.pi = smc_permutation_open();
	pair->receiver->ext.pi = smc_permutation_open();
	if (pair->sender->ext.pi == NULL || pair->receiver->ext.pi == NULL)
		return SMC_ERR_LIBRARY;

	/* The base OT's sender is the extension's receiver: contexts name the latter's peer. */
	direction_context(context, channel->self, send_context);
	direction_context(context, peer, receive_context);
	choose_delta(pair->sender, s->choices, random);
	if ((status = smc_base_ot_send_start(&s->base_sender, receive_context, random, s->our_a)) != SMC_OK ||
		(status = smc_base_ot_receive_start(&s->base_receiver, send_context, s->choices, random, s->our_r)) != SMC_OK ||
		(status = smc_channel_send(channel, peer, s->our_a, sizeof(s->our_a))) != SMC_OK)
		return status;
	return smc_channel_send(channel, peer, s->our_r, sizeof(s->our_r));
}

SmcStatus
smc_ot_open_trees(SmcChannel *channel, SmcArena *arena, const SmcRandom *random, SmcOtPair *pair)
{
	SmcOtSetUp *s = pair->setup;
	SmcStatus	status;

	if ((status = smc_channel_receive(channel, pair->peer, s->their_a, sizeof(s->their_a))) != SMC_OK ||
		(status = smc_channel_receive(channel, pair->peer, s->their_r, sizeof(s->their_r))) != SMC_OK ||
		(status = smc_base_ot_send_finish(&s->base_sender, s->their_r, s->pairs)) != SMC_OK ||
		(status = set_up_receiver(s, pair->receiver, arena, random)) != SMC_OK ||
		(status = smc_channel_send(channel, pair->peer, s->our_tree, sizeof(s->our_tree))) != SMC_OK)
		return status;
	return smc_base_ot_receive_finish(&s->base_receiver, s->their_a, s->chosen);
}

SmcStatus
smc_ot_open_finish(SmcChannel *channel, SmcArena *arena, SmcOtPair *pair)
{
	SmcOtSetUp *s = pair->setup;
	SmcStatus	status = smc_channel_receive(channel, pair->peer, s->their_tree, sizeof(s->their_tree));

	if (status == SMC_OK)
		status = set_up_sender(s, pair->sender, arena);
	pair->setup = NULL;
	smc_arena_destroy(s->arena);
	return status;
}

static void
close_extension(Extension *ext)
{
	for (int block = 0; block < SMC_OT_BLOCKS; block++)
	{
		for (int x = 0; x < SMC_OT_LEAVES; x++)
			smc_block_stream_close(ext->streams[block][x]);
	}
	memset(ext->streams, 0, sizeof(ext->streams));
	smc_permutation_close(ext->pi);
	ext->pi = NULL;
}

void
smc_ot_close(SmcOtPair *pair)
{
	if (pair->sender != NULL)
	{
		close_extension(&pair->sender->ext);
		sodium_memzero(pair->sender, sizeof(*pair->sender));
	}
	if (pair->receiver != NULL)
	{
		close_extension(&pair->receiver->ext);
		sodium_memzero(pair->receiver, sizeof(*pair->receiver));
	}
	if (pair->setup != NULL)
		smc_arena_destroy(pair->setup->arena);
	memset(pair, 0, sizeof(*pair));
}

SmcBlock
smc_ot_delta(const SmcOtSender *sender)
{
	return sender->delta_block;
}

/* ---- extension ----------------------------------------------------------- */

static size_t
padded(size_t count)
{
	return (count + 127) / 128 * 128;
}

size_t
smc_ot_message_bytes(bool chosen, size_t count)
{
	return (size_t) (chosen ? SMC_OT_BLOCKS : SMC_OT_BLOCKS - 1) * (padded(count) / 8);
}

static inline void
xor_into(uint8_t *restrict to, const uint8_t *restrict from, size_t len)
{
	for (size_t i = 0; i < len; i += 8)
	{
		uint64_t	a;
		uint64_t	b;

		memcpy(&a, to + i, 8);
		memcpy(&b, from + i, 8);
		a ^= b;
		memcpy(to + i, &a, 8);
	}
}

static inline void
xor_masked(uint8_t *restrict to, const uint8_t *restrict from, uint64_t mask, size_t len)
{
	for (size_t i = 0; i < len; i += 8)
	{
		uint64_t	a;
		uint64_t	b;

		memcpy(&a, to + i, 8);
		memcpy(&b, from + i, 8);
		a ^= b & mask;
		memcpy(to + i, &a, 8);
	}
}

/*
 * One block's sums over the leaves r_x: row i = the sum of those x with bit i,
 * u = the sum of all.  Halving: with the upper half added to the lower, what
 * is left are leaves of the lower bits.
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
__attribute__((target_clones("avx2", "default"), optimize("O3")))
#endif
static void
sum_leaves(const uint8_t (*leaves)[ROW_STRIDE], uint8_t (*rows)[ROW_STRIDE], uint8_t *u, size_t len)
{
	typedef uint64_t Vector __attribute__((vector_size(32), aligned(8), may_alias));

	for (size_t at = 0; at + sizeof(Vector) <= ROW_STRIDE && at < len; at += sizeof(Vector))
	{
		Vector		r[SMC_OT_LEAVES];

		for (int x = 0; x < SMC_OT_LEAVES; x++)
			r[x] = *(const Vector *) (leaves[x] + at);
		for (int i = SMC_OT_FIELD_BITS - 1; i >= 0; i--)
		{
			int			half = 1 << i;
			Vector		sum = r[half];

			for (int x = 1; x < half; x++)
				sum ^= r[half + x];
			for (int x = 0; x < half; x++)
				r[x] ^= r[half + x];
			*(Vector *) (rows[i] + at) = sum;
		}
		*(Vector *) (u + at) = r[0];
	}
}

/* Draw each block's leaves from a place on, len bytes each, and sum them. */
static SmcStatus
expand(Extension *ext, int first, size_t len)
{
	for (int block = 0; block < SMC_OT_BLOCKS; block++)
	{
		for (int x = first; x < SMC_OT_LEAVES; x++)
		{
			SmcStatus	status = smc_block_stream_read(ext->streams[block][x], ext->leaves[x], len);

			if (status != SMC_OK)
				return status;
		}
		sum_leaves((const uint8_t (*)[ROW_STRIDE]) ext->leaves, &ext->rows[block * SMC_OT_FIELD_BITS], ext->u[block], len);
	}
	return SMC_OK;
}

/* The first count columns. */
static void
transpose_rows(Extension *ext, SmcBlock *out, size_t count)
{
	if (count == padded(count))
		smc_block_transpose(ext->rows[0], ROW_STRIDE, count, out);
	else
	{
		smc_block_transpose(ext->rows[0], ROW_STRIDE, padded(count), ext->scratch);
		memcpy(out, ext->scratch, count * sizeof(SmcBlock));
	}
}

SmcStatus
smc_ot_receive_correlated(SmcOtReceiver *receiver, SmcChannel *channel, int peer,
						  bool chosen, uint8_t *choices, SmcBlock *t, size_t count)
{
	Extension  *ext = &receiver->ext;
	size_t		len = padded(count) / 8;
	size_t		bytes = (count + 7) / 8;
	uint8_t		last = (uint8_t) (0xff >> ((8 - count % 8) % 8));
	uint8_t    *message = ext->message;
	SmcStatus	status;

	if (count == 0 || count > SMC_OT_BATCH)
		return SMC_ERR_ARGUMENT;
	status = expand(ext, 0, len);
	if (status != SMC_OK)
		return status;

	/* Differences of each block's u to the choices. */
	if (!chosen)
	{
		memcpy(choices, ext->u[0], bytes);
		choices[bytes - 1] &= last;
	}
	for (int block = chosen ? 0 : 1; block < SMC_OT_BLOCKS; block++)
	{
		memcpy(message, ext->u[block], len);
		if (chosen)
		{
			for (size_t i = 0; i < bytes - 1; i++)
				message[i] ^= choices[i];
			message[bytes - 1] ^= choices[bytes - 1] & last;
		}
		else
			xor_into(message, ext->u[0], len);
		message += len;
	}
	status = smc_channel_send(channel, peer, ext->message, smc_ot_message_bytes(chosen, count));
	if (status != SMC_OK)
		return status;

	transpose_rows(ext, t, count);
	return SMC_OK;
}

SmcStatus
smc_ot_send_correlated(SmcOtSender *sender, SmcChannel *channel, int peer,
					   bool chosen, SmcBlock *q, size_t count)
{
	Extension  *ext = &sender->ext;
	size_t		len = padded(count) / 8;
	const uint8_t *message = ext->message;
	SmcStatus	status;

	if (count == 0 || count > SMC_OT_BATCH)
		return SMC_ERR_ARGUMENT;

	/* place x holds leaf x + delta: its weight is x, and place 0 needs none */
	status = expand(ext, 1, len);
	if (status == SMC_OK)
		status = smc_channel_receive(channel, peer, ext->message, smc_ot_message_bytes(chosen, count));
	if (status != SMC_OK)
		return status;
	for (int block = chosen ? 0 : 1; block < SMC_OT_BLOCKS; block++)
	{
		for (int i = 0; i < SMC_OT_FIELD_BITS; i++)
		{
			uint64_t	mask = (uint64_t) smc_ct_mask((sender->delta[block] >> i) & 1);

			xor_masked(ext->rows[block * SMC_OT_FIELD_BITS + i], message, mask, len);
		}
		message += len;
	}
	transpose_rows(ext, q, count);
	return SMC_OK;
}

SmcStatus
smc_ot_receive_strings(SmcOtReceiver *receiver, SmcChannel *channel, int peer,
					   bool chosen, uint8_t *choices, SmcBlock *out, size_t length, size_t count)
{
	SmcStatus	status = smc_ot_receive_correlated(receiver, channel, peer, chosen, choices, out, count);

	if (status != SMC_OK)
		return status;
	status = smc_block_hash(receiver->ext.pi, receiver->ext.tweak, out, length, count);
	receiver->ext.tweak += padded(count);
	return status;
}

SmcStatus
smc_ot_send_strings(SmcOtSender *sender, SmcChannel *channel, int peer,
					bool chosen, SmcBlock *out0, SmcBlock *out1, size_t length, size_t count)
{
	Extension  *ext = &sender->ext;
	SmcStatus	status = smc_ot_send_correlated(sender, channel, peer, chosen, out0, count);

	if (status != SMC_OK)
		return status;
	for (size_t j = 0; j < count; j++)
		out1[j] = smc_block_xor(out0[j], sender->delta_block);
	if ((status = smc_block_hash(ext->pi, ext->tweak, out0, length, count)) != SMC_OK ||
		(status = smc_block_hash(ext->pi, ext->tweak, out1, length, count)) != SMC_OK)
		return status;
	ext->tweak += padded(count);
	return SMC_OK;
}

/*
 * Products, bits times ring elements and selection against plaintext, 2 to 5
 * parties, rings of 64 to 512 bits, random and extreme values.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_arith.h"
#include "core/smc_bits.h"

#define PARTIES		5
#define COUNT_MAX	300
#define STRIDE		(COUNT_MAX * 8)

typedef struct Case
{
	int			width;
	size_t		count;
	uint64_t	x[PARTIES][STRIDE];
	uint64_t	y[PARTIES][STRIDE];
	uint64_t	s[PARTIES][COUNT_MAX / 64 + 1];
	uint64_t	product[PARTIES][STRIDE];
	uint64_t	chosen[PARTIES][STRIDE];
	uint64_t	bits[PARTIES][STRIDE];
	uint64_t	sent[PARTIES][4];
	uint32_t	rounds[PARTIES][4];
} Case;

struct Large;
struct Joint;

typedef struct Cases
{
	size_t		count;
	Case	   *cases;
	struct Large *large;		/* two parties only */
	struct Joint *joint;
} Cases;

static SmcStatus run_large(SmcEngine *engine, struct Large *large);
static SmcStatus run_joint(SmcEngine *engine, struct Joint *j);

static SmcStatus
run_cases(SmcEngine *engine, void *arg)
{
	Cases	   *all = arg;
	SmcChannel *channel = engine->channel;
	int			self = channel->self;
	uint64_t	shares[STRIDE];
	SmcStatus	status = SMC_OK;

	for (size_t k = 0; k < all->count && status == SMC_OK; k++)
	{
		Case	   *c = &all->cases[k];
		uint64_t   *outs[3] = {c->product[self], c->chosen[self], c->bits[self]};

		for (int what = 0; what < 4 && status == SMC_OK; what++)
		{
			uint64_t	sent = channel->bytes_sent;
			uint32_t	rounds = channel->rounds;

			if (what == 0)
				status = smc_arith_multiply(engine, c->width, c->x[self], c->y[self], shares, c->count);
			else if (what == 1)
				status = smc_arith_select(engine, c->width, c->s[self], c->x[self], c->y[self], shares, c->count);
			else if (what == 2)
				status = smc_arith_from_bits(engine, c->width, c->s[self], shares, c->count);
			else
				status = smc_arith_private_bit(engine, c->width, channel->party_count - 1,
											   self == channel->party_count - 1 ? c->s[self] : NULL,
											   c->x[self], shares, c->count);
			c->sent[self][what] = channel->bytes_sent - sent;
			c->rounds[self][what] = channel->rounds - rounds;
			if (status == SMC_OK && what < 3)
				status = smc_arith_open(engine, c->width, shares, outs[what], c->count);
		}
	}
	if (status == SMC_OK)
		status = run_joint(engine, all->joint);
	if (status == SMC_OK && all->large != NULL)
		status = run_large(engine, all->large);
	return status;
}

/* Bytes and rounds as smc_arith.h has them. */
static void
check_counts(const Case *c, int n)
{
	uint64_t	width = (uint64_t) c->width;
	uint64_t	product = width * 4 + width * (width + 8) / 16;	/* 544, 1600, ... 18688 */
	uint64_t	ask = smc_test_ot_bytes(true, c->count);
	uint64_t	fix = width / 8 * c->count;

	for (int p = 0; p < n; p++)
	{
		uint64_t	bit = (uint64_t) (n - 1) * (ask + fix);

		/* each batch is padded to 128 OTs: half a block of them in an odd number of odd words */
		uint64_t	batch = SMC_OT_BATCH / width;
		uint64_t	padded = c->count / batch * (batch * width % 128 != 0) + (c->count % batch * width % 128 != 0);

		assert_int_equal(c->sent[p][0], (uint64_t) (n - 1) * (product * c->count + padded * 256));
		assert_int_equal(c->rounds[p][0], 1);
		for (int what = 1; what < 3; what++)
		{
			assert_int_equal(c->sent[p][what], bit);
			assert_int_equal(c->rounds[p][what], n);
		}
		assert_int_equal(c->sent[p][3], p == n - 1 ? (uint64_t) (n - 1) * ask : fix);
		assert_int_equal(c->rounds[p][3], 1);
	}
}

static void
check_values(const Case *c, int n)
{
	size_t		limbs = (size_t) c->width / 64;

	for (size_t e = 0; e < c->count; e++)
	{
		uint64_t	x[8];
		uint64_t	y[8];
		uint64_t	product[8];
		uint64_t	bit[8] = {0};

		smc_test_combine_wide(x, c->x[0], STRIDE, n, c->width, e);
		smc_test_combine_wide(y, c->y[0], STRIDE, n, c->width, e);
		smc_test_multiply(product, x, y, c->width);
		for (int p = 0; p < n; p++)
			bit[0] ^= c->s[p][e / 64] >> (e % 64) & 1;
		for (int p = 0; p < n; p++)
		{
			assert_memory_equal(c->product[p] + e * limbs, product, limbs * 8);
			assert_memory_equal(c->chosen[p] + e * limbs, bit[0] ? x : y, limbs * 8);
			assert_memory_equal(c->bits[p] + e * limbs, bit, limbs * 8);
		}
	}
}

/* ---- several products in one round --------------------------------------------- */

enum
{
	JOINT = 4, JOINT_COUNT = 70
};

/* Rings, bits of y, squares. */
static const struct
{
	int			width;
	int			y_bits;
	bool		square;
}			joint[JOINT] = {{256, 256, false}, {128, 37, false}, {192, 70, true}, {64, 64, true}};

typedef struct Joint
{
	uint64_t	x[JOINT][PARTIES][JOINT_COUNT * 4];
	uint64_t	y[JOINT][PARTIES][JOINT_COUNT * 4];
	uint64_t	out[JOINT][PARTIES][JOINT_COUNT * 4];
	uint64_t	sent[PARTIES];
	uint32_t	rounds[PARTIES];
} Joint;

static SmcStatus
run_joint(SmcEngine *engine, Joint *j)
{
	SmcChannel *channel = engine->channel;
	int			self = channel->self;
	uint64_t	sent = channel->bytes_sent;
	uint32_t	rounds = channel->rounds;
	SmcArithProduct products[JOINT];
	SmcStatus	status;

	for (int k = 0; k < JOINT; k++)
		products[k] = (SmcArithProduct) {joint[k].width, joint[k].square, joint[k].y_bits, j->x[k][self], j->y[k][self],
			j->out[k][self]};
	status = smc_arith_multiply_joint(engine, products, JOINT, JOINT_COUNT);
	j->sent[self] = channel->bytes_sent - sent;
	j->rounds[self] = channel->rounds - rounds;
	products[1].y_bits = 129;
	if (status == SMC_OK && smc_arith_multiply_joint(engine, products, JOINT, 1) != SMC_ERR_ARGUMENT)
		status = SMC_ERR_FORMAT;
	products[1].y_bits = 0;
	if (status == SMC_OK && smc_arith_multiply_joint(engine, products, JOINT, 1) != SMC_ERR_ARGUMENT)
		status = SMC_ERR_FORMAT;
	return status;
}

/* Each party's y is a short number of its own; a square's x is the same. */
static void
choose_joint(Joint *j, int n)
{
	randombytes_buf(j, sizeof(*j));
	for (int k = 0; k < JOINT; k++)
	{
		size_t		limbs = (size_t) joint[k].width / 64;
		size_t		words = (size_t) (joint[k].y_bits + 63) / 64;
		uint64_t	tail = joint[k].y_bits % 64 ? (UINT64_C(1) << (joint[k].y_bits % 64)) - 1 : UINT64_MAX;

		for (int p = 0; p < n; p++)
		{
			for (size_t e = 0; e < JOINT_COUNT; e++)
			{
				uint64_t   *y = j->y[k][p] + e * words;

				y[words - 1] &= tail;
				if (joint[k].square)
				{
					memset(j->x[k][p] + e * limbs, 0, limbs * 8);
					memcpy(j->x[k][p] + e * limbs, y, words * 8);
				}
			}
		}
	}
}

static void
check_joint(const Joint *j, int n)
{
	uint64_t	sent[PARTIES] = {0};

	for (int k = 0; k < JOINT; k++)
	{
		size_t		limbs = (size_t) joint[k].width / 64;
		size_t		words = (size_t) (joint[k].y_bits + 63) / 64;
		size_t		ots = (size_t) (joint[k].y_bits + 7) / 8 * 8;
		size_t		batch = SMC_OT_BATCH / ots;
		uint64_t	ask = 0;
		uint64_t	answer = 0;

		for (size_t e = 0; e < JOINT_COUNT; e++)
		{
			uint64_t	x[4] = {0};
			uint64_t	y[4] = {0};
			uint64_t	product[4];
			uint64_t	out[4] = {0};

			for (int p = 0; p < n; p++)
			{
				uint64_t	wide[4] = {0};

				memcpy(wide, j->y[k][p] + e * words, words * 8);
				smc_limbs_add(y, y, wide, limbs);
				smc_limbs_add(x, x, j->x[k][p] + e * limbs, limbs);
				smc_limbs_add(out, out, j->out[k][p] + e * limbs, limbs);
			}
			smc_test_multiply(product, x, y, joint[k].width);
			assert_memory_equal(out, product, limbs * 8);
		}
		/* a window of them all is longer than this */
		for (size_t at = 0; at < JOINT_COUNT; at += batch)
			ask += smc_test_ot_bytes(true, (JOINT_COUNT - at < batch ? JOINT_COUNT - at : batch) * ots);
		for (size_t t = 0; t < ots; t++)
			answer += JOINT_COUNT * (uint64_t) (limbs * 8 - t / 8);
		for (int p = 0; p < n; p++)
		{
			uint64_t	peers = (uint64_t) n - 1;

			sent[p] += joint[k].square ? (uint64_t) p * ask + (peers - (uint64_t) p) * answer : peers * (ask + answer);
		}
	}
	for (int p = 0; p < n; p++)
	{
		assert_int_equal(j->sent[p], sent[p]);
		assert_int_equal(j->rounds[p], 1);
	}
}

/* ---- more than a window, uniform messages, misuse ------------------------------- */

enum
{
	LARGE = 2100,				/* products: more than 16 batches of OTs */
	TAP_BYTES = 1 << 20
};

typedef struct Large
{
	uint64_t	x[2][LARGE];
	uint64_t	out[2][LARGE];
	size_t		tapped[2];
	uint8_t		tap[2][TAP_BYTES];
} Large;

static SmcStatus
run_large(SmcEngine *engine, Large *large)
{
	int			self = engine->channel->self;
	uint64_t	out[2];
	SmcStatus	status;

	smc_test_tap(engine->channel, large->tap[self], TAP_BYTES, &large->tapped[self]);
	status = smc_arith_multiply(engine, 64, large->x[self], large->x[self], large->out[self], LARGE);
	if (status == SMC_OK &&
		(smc_arith_multiply(engine, 32, out, out, out, 1) != SMC_ERR_ARGUMENT ||
		 smc_arith_open(engine, 0, out, out, 1) != SMC_ERR_ARGUMENT ||
		 smc_arith_select(engine, 63, out, out, out, out, 1) != SMC_ERR_ARGUMENT ||
		 smc_arith_times_bit(engine, 576, out, out, out, 1) != SMC_ERR_ARGUMENT ||
		 smc_arith_from_bits(engine, -64, out, out, 1) != SMC_ERR_ARGUMENT ||
		 smc_arith_private_bit(engine, 64, 2, out, out, out, 1) != SMC_ERR_ARGUMENT ||
		 smc_arith_private_bit(engine, 64, -1, out, out, out, 1) != SMC_ERR_ARGUMENT ||
		 smc_arith_multiply(engine, 64, out, out, out, 0) != SMC_OK))
		status = SMC_ERR_FORMAT;
	return status;
}

static void
check_large(const Large *large)
{
	for (size_t e = 0; e < LARGE; e++)
		assert_int_equal(large->out[0][e] + large->out[1][e], (e + 3) * (e + 3));
	for (int p = 0; p < 2; p++)
	{
		assert_int_equal(large->tapped[p], TAP_BYTES);
		assert_true(smc_test_chi_square(large->tap[p], TAP_BYTES) < 6);
		assert_true(smc_test_chi_square((const uint8_t *) large->out[p], sizeof(large->out[p])) < 6);
	}
}

static void
test_arith(void **state)
{
	static const size_t counts[] = {1, 2, 64, 65, COUNT_MAX};
	static const int widths[] = {64, 128, 192, 256, 320, 448, 512};

	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Cases		all = {0, calloc(35, sizeof(Case)), n == 2 ? calloc(1, sizeof(Large)) : NULL,
			calloc(1, sizeof(Joint))};

		for (size_t e = 0; all.large != NULL && e < LARGE; e++)
		{
			all.large->x[0][e] = e;
			all.large->x[1][e] = 3;
		}

		for (size_t k = 0; k < 35; k++)
		{
			Case	   *c = &all.cases[all.count];

			c->width = widths[k % 7];
			c->count = counts[k / 7];
			if ((smc_test_brief() && c->count > 2) || (n > 3 && c->count > 65) || (n > 2 && c->count > 2 && c->width > 192))
				continue;
			if (smc_test_brief() && c->width > 256)
				continue;
			randombytes_buf(c->x, sizeof(c->x));
			randombytes_buf(c->y, sizeof(c->y));
			randombytes_buf(c->s, sizeof(c->s));
			/* now and then -1 and 0 */
			for (size_t e = 0; e < c->count; e += 4)
			{
				for (int p = 0; p < n; p++)
					memset(&c->x[p][e * (size_t) c->width / 64], p == 0 && e % 8 ? 0xff : 0, (size_t) c->width / 8);
			}
			all.count++;
		}
		choose_joint(all.joint, n);
		smc_testengine_run(n, run_cases, &all);
		check_joint(all.joint, n);
		for (size_t k = 0; k < all.count; k++)
		{
			check_values(&all.cases[k], n);
			check_counts(&all.cases[k], n);
		}
		if (all.large != NULL)
			check_large(all.large);
		free(all.large);
		free(all.joint);
		free(all.cases);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arith)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

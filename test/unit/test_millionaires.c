/*
 * The millionaires' problem against plaintext: 2 to 5 parties, any two of them
 * the millionaires, 64 to 512 bits, edges; and that the bytes are as announced.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_bits.h"
#include "core/smc_millionaires.h"
#include "core/smc_triple.h"

#define PARTIES		5
#define COUNT_MAX	600

typedef struct Case
{
	int			width;
	int			alice;
	int			bob;
	size_t		count;
	uint64_t	own[2][COUNT_MAX * 8];
	uint64_t	less[PARTIES][COUNT_MAX / 64 + 1];
	uint64_t	equal[PARTIES][COUNT_MAX / 64 + 1];
	uint64_t	sent[PARTIES];
	uint32_t	rounds[PARTIES];
} Case;

typedef struct Cases
{
	size_t		count;
	Case	   *cases;
} Cases;

static SmcStatus
run_cases(SmcEngine *engine, void *arg)
{
	Cases	   *all = arg;
	SmcChannel *channel = engine->channel;
	int			self = channel->self;
	uint64_t	one[2] = {0, 0};
	SmcStatus	status = smc_triple_reserve(engine, 2, 1300);

	for (size_t k = 0; k < all->count && status == SMC_OK; k++)
	{
		Case	   *c = &all->cases[k];
		const uint64_t *own = self == c->alice ? c->own[0] : self == c->bob ? c->own[1] : NULL;
		uint64_t	sent = channel->bytes_sent;
		uint32_t	rounds = channel->rounds;

		status = smc_triple_reserve(engine, 2, 1300);
		sent = channel->bytes_sent;
		if (status == SMC_OK)
			status = smc_millionaires(engine, c->width, c->alice, c->bob, own,
									  c->less[self], c->equal[self], c->count);
		c->sent[self] = channel->bytes_sent - sent;
		c->rounds[self] = channel->rounds - rounds;
	}
	if (status == SMC_OK &&
		(smc_millionaires(engine, 63, 0, 1, one, one, one, 1) != SMC_ERR_ARGUMENT ||
		 smc_millionaires(engine, 64, 0, 0, one, one, one, 1) != SMC_ERR_ARGUMENT ||
		 smc_millionaires(engine, 64, -1, 0, one, one, one, 1) != SMC_ERR_ARGUMENT ||
		 smc_millionaires(engine, 64, 0, PARTIES, one, one, one, 1) != SMC_ERR_ARGUMENT ||
		 smc_millionaires(engine, 64, 0, 1, one, NULL, NULL, 1) != SMC_ERR_ARGUMENT))
		status = SMC_ERR_FORMAT;
	return status;
}

static void
choose_inputs(Case *c)
{
	size_t		limbs = (size_t) c->width / 64;

	randombytes_buf(c->own, sizeof(c->own));
	for (size_t e = 0; e < c->count; e++)
	{
		uint64_t   *x = &c->own[0][e * limbs];
		uint64_t   *y = &c->own[1][e * limbs];

		switch ((e + c->count) % 6)
		{
			case 0:				/* equal */
				memcpy(y, x, limbs * 8);
				break;
			case 1:				/* differ in the lowest bit */
				memcpy(y, x, limbs * 8);
				y[0] ^= 1;
				break;
			case 2:				/* all ones against zero */
				memset(x, 0xff, limbs * 8);
				memset(y, 0, limbs * 8);
				break;
			case 3:				/* differ in the highest bit */
				memcpy(y, x, limbs * 8);
				y[limbs - 1] ^= UINT64_C(1) << 63;
				break;
			default:
				break;
		}
	}
}

static void
check_case(const Case *c, int parties)
{
	for (size_t e = 0; e < c->count; e++)
	{
		size_t		limbs = (size_t) c->width / 64;
		const uint64_t *x = c->own[0] + e * limbs;
		const uint64_t *y = c->own[1] + e * limbs;
		uint64_t	less = 0;
		uint64_t	equal = 0;

		for (int p = 0; p < parties; p++)
		{
			less ^= c->less[p][e / 64] >> (e % 64) & 1;
			equal ^= c->equal[p][e / 64] >> (e % 64) & 1;
		}
		assert_int_equal(less, smc_test_less(x, y, c->width, false));
		assert_int_equal(equal, memcmp(x, y, limbs * 8) == 0);
	}
	for (int p = 0; p < parties; p++)
	{
		uint64_t	bytes = 0;
		uint32_t	rounds = 1;

		for (size_t digits = (size_t) c->width / 4; digits > 1; digits = (digits + 1) / 2)
		{
			bytes += (uint64_t) (parties - 1) * smc_test_gate_bytes(2, digits / 2 * c->count);
			rounds++;
		}
		if (p == c->alice)
			bytes += (uint64_t) c->width * c->count;
		if (p == c->bob)
			bytes += smc_test_ot_bytes(true, c->count * (size_t) c->width);
		assert_int_equal(c->sent[p], bytes);
		assert_int_equal(c->rounds[p], rounds);
	}
}

static void
check_all(int parties, const Case *choices, size_t count)
{
	Cases		all = {0, calloc(count, sizeof(Case))};

	for (size_t k = 0; k < count; k++)
	{
		if (smc_test_brief() && (choices[k].count > 65 || (choices[k].count > 2 && choices[k].width > 192)))
			continue;
		all.cases[all.count] = choices[k];
		choose_inputs(&all.cases[all.count++]);
	}
	smc_testengine_run(parties, run_cases, &all);
	for (size_t k = 0; k < all.count; k++)
		check_case(&all.cases[k], parties);
	free(all.cases);
}

static void
test_two(void **state)
{
	static const size_t counts[] = {1, 2, 63, 64, 65, COUNT_MAX};
	static const int widths[] = {64, 128, 192, 256, 384, 512};
	Case	   *choices = calloc(36, sizeof(Case));

	(void) state;
	for (size_t k = 0; k < 36; k++)
	{
		choices[k].width = widths[k % 6];
		choices[k].alice = (int) (k / 6 % 2);
		choices[k].bob = 1 - choices[k].alice;
		choices[k].count = counts[k / 6];
	}
	check_all(2, choices, 36);
	free(choices);
}

static void
test_more(void **state)
{
	static const Case three[] = {{.width = 64, .alice = 2, .bob = 0, .count = 100}, {.width = 192, .alice = 1, .bob = 2, .count = 1}};
	static const Case five[] = {{.width = 64, .alice = 3, .bob = 1, .count = 7}, {.width = 320, .alice = 0, .bob = 4, .count = 65}};

	(void) state;
	if (smc_test_brief())
		return;
	check_all(3, three, 2);
	check_all(5, five, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_more)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Roots of quotients, fractions brought down, and shifts in programs over shares:
 * against plaintext, for 2, 3 and 5 parties.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_program_impl.h"
#include "smc_testwide.h"

#define PARTIES		5
#define COUNT		24
#define OUTPUTS		2
#define JOBS		6

/* ---- plain numbers ----------------------------------------------------------------- */

static SmcWide
half_of(SmcWide a)
{
	for (int i = 0; i < SMC_WIDE_LIMBS; i++)
		a.limb[i] = a.limb[i] >> 1 | (i + 1 < SMC_WIDE_LIMBS ? a.limb[i + 1] << 63 : 0);
	return a;
}

/* The largest x with x * b <= a, or x * x <= a where b is NULL; by halves. */
static SmcWide
search(SmcWide a, const SmcWide *b)
{
	SmcWide		x = number(0);
	SmcWide		step = number(1);

	for (int bit = 0; bit < smc_wide_bits(&a); bit++)
		step = plus(step, step);
	for (; !smc_wide_is_zero(&step); step = half_of(step))
	{
		SmcWide		next = plus(x, step);

		if (smc_wide_bits(&next) + (b ? smc_wide_bits(b) : smc_wide_bits(&next)) < SMC_WIDTH_MAX &&
			!below(a, times(next, b ? *b : next)))
			x = next;
	}
	return x;
}

/* a / b, rounded half up */
static SmcWide
rounded(SmcWide a, SmcWide b)
{
	SmcWide		twice = plus(b, b);

	return search(plus(plus(a, a), b), &twice);
}

/* What smc_program_quotient_root promises, for a and b that aren't zero, b > 0. */
static void
root_of(SmcWide a, SmcWide b, int unit, const SmcRootDigits *how, SmcWide *value, SmcWide *digits)
{
	SmcWide		size = size_of(a);
	int			w = 20;
	int			d;
	int			e;
	SmcWide		v;

	while (below(times(size, ten_to(unit > 4 * w ? unit - 4 * w : 0)), times(b, ten_to(4 * w > unit ? 4 * w - unit : 0))))
		w--;
	d = how->significant - 4 * w;
	if (how->half == 0 && d > 2 * how->plus)
		d = 2 * how->plus;
	if (d < how->min_digits)
		d = how->min_digits;
	v = rounded(times(size, ten_to(unit + d > 0 ? unit + d : 0)), times(b, ten_to(unit + d < 0 ? -unit - d : 0)));
	e = how->half * d / 2 + how->plus;
	v = times(v, ten_to(2 * e - d));
	*value = search(v, NULL);
	/* x > r^2 + r */
	if (below(plus(times(*value, *value), *value), v))
		*value = plus(*value, number(1));
	if (smc_wide_is_negative(&a))
		*value = smc_wide_negate(value);
	*digits = number(e);
}

/* A number below 2^bits of a random size. */
static SmcWide
sized(int bits, bool with_sign)
{
	int			b = (int) randombytes_uniform((uint32_t) bits + 1);
	SmcWide		x = number(0);

	if (b > 0)
	{
		randombytes_buf(&x, (size_t) (b + 7) / 8);
		x.limb[(b - 1) / 64] &= ~UINT64_C(0) >> (63 - (b - 1) % 64);
		x.limb[(b - 1) / 64] |= UINT64_C(1) << ((b - 1) % 64);
	}
	return with_sign && randombytes_uniform(2) ? smc_wide_negate(&x) : x;
}

static void
assert_same(SmcWide a, SmcWide b)
{
	assert_memory_equal(&a, &b, sizeof(a));
}

/* ---- runs -------------------------------------------------------------------------------- */

/* One program of two numbers and two outputs; check judges what came out. */
typedef struct Job
{
	SmcProgram *program;
	int			width;
	int			wanted[OUTPUTS];
	SmcWide		a[COUNT];
	SmcWide		b[COUNT];
	uint64_t   *shares[2];		/* party by party */
	uint64_t   *out[PARTIES][OUTPUTS];
	uint32_t	rounds;
	SmcWide		results[OUTPUTS][COUNT];
	void		(*check) (const struct Job *job);
	int			bits[4];		/* what the check goes by */
	int			unit;
	SmcRootDigits how;
} Job;

/* All jobs of one number of parties: a session takes longer than most of them. */
typedef struct Session
{
	int			job_count;
	Job			jobs[JOBS];
} Session;

static SmcStatus
party(SmcEngine *engine, void *arg)
{
	Session    *session = arg;
	int			self = engine->channel->self;
	SmcStatus	status = SMC_OK;

	for (int j = 0; j < session->job_count && status == SMC_OK; j++)
	{
		Job		   *job = &session->jobs[j];
		size_t		words = (size_t) COUNT * (size_t) job->width / 64;
		const uint64_t *inputs[2] = {job->shares[0] + (size_t) self * words, job->shares[1] + (size_t) self * words};
		uint32_t	before = engine->channel->rounds;

		status = smc_program_run(job->program, engine, job->width, COUNT, inputs, NULL, job->wanted, OUTPUTS,
								 job->out[self], NULL);
		if (self == 0)
			job->rounds = engine->channel->rounds - before;
	}
	return status;
}

static void
prepare(Job *job, int n)
{
	size_t		words;

	assert_int_equal(smc_program_status(job->program), SMC_OK);
	job->width = smc_program_width(job->program);
	words = (size_t) COUNT * (size_t) job->width / 64;
	for (int i = 0; i < 2; i++)
	{
		job->shares[i] = calloc((size_t) n * words, sizeof(uint64_t));
		for (size_t e = 0; e < COUNT; e++)
			smc_test_split_wide(job->shares[i], words, n, job->width, e, (i == 0 ? job->a : job->b)[e].limb);
	}
	for (int p = 0; p < n; p++)
	{
		for (int k = 0; k < OUTPUTS; k++)
			job->out[p][k] = calloc(words, sizeof(uint64_t));
	}
}

static void
finish(Job *job, int n)
{
	uint64_t	rounds;
	uint64_t	bytes;

	smc_program_cost(job->program, COUNT, &rounds, &bytes);
	assert_true(job->rounds <= rounds);
	for (int k = 0; k < OUTPUTS; k++)
	{
		for (size_t e = 0; e < COUNT; e++)
		{
			uint64_t	cut[SMC_WIDE_LIMBS];
			SmcWide		sum = number(0);

			for (int p = 0; p < n; p++)
				sum = plus(sum, smc_wide_get(job->out[p][k], job->width, e));
			smc_wide_put(cut, job->width, 0, &sum);
			job->results[k][e] = smc_wide_get(cut, job->width, 0);
		}
	}
	job->check(job);
	for (int i = 0; i < 2; i++)
		free(job->shares[i]);
	for (int p = 0; p < n; p++)
	{
		for (int k = 0; k < OUTPUTS; k++)
			free(job->out[p][k]);
	}
	smc_program_destroy(job->program);
}

static Job *
new_job(Session *session, int n, void (*check) (const Job *job))
{
	Job		   *job = &session->jobs[session->job_count++];

	assert_true(session->job_count <= JOBS);
	memset(job, 0, sizeof(*job));
	job->program = smc_program_create(n);
	job->check = check;
	return job;
}

static void
run(Session *session, int n)
{
	for (int j = 0; j < session->job_count; j++)
		prepare(&session->jobs[j], n);
	smc_testengine_run(n, party, session);
	for (int j = 0; j < session->job_count; j++)
		finish(&session->jobs[j], n);
	session->job_count = 0;
}

/* ---- roots ------------------------------------------------------------------------------- */

static void
check_roots(const Job *job)
{
	for (size_t e = 0; e < COUNT; e++)
	{
		SmcWide		value;
		SmcWide		digits;

		if (smc_wide_is_zero(&job->a[e]))
		{
			assert_true(smc_wide_is_zero(&job->results[0][e]));
			continue;
		}
		root_of(job->a[e], job->b[e], job->unit, &job->how, &value, &digits);
		assert_same(job->results[0][e], value);
		assert_same(job->results[1][e], digits);
	}
}

static void
add_root(Session *session, int n, int a_bits, int b_bits, int unit, SmcRootDigits how)
{
	Job		   *job = new_job(session, n, check_roots);
	int			a = smc_program_input(job->program, a_bits);
	int			b = smc_program_not_negative(job->program, smc_program_input(job->program, b_bits));
	int			tens = a_bits * 3 / 10;

	job->unit = unit;
	job->how = how;
	smc_program_quotient_root(job->program, a, b, unit, &how, &job->wanted[0], &job->wanted[1]);
	for (size_t e = 0; e < COUNT; e++)
	{
		job->a[e] = sized(a_bits, true);
		job->b[e] = sized(b_bits, false);
		if (smc_wide_is_zero(&job->b[e]) || e % 8 < 4 || e % 8 == 5)
			job->b[e] = number(1);
		if (e % 8 == 0)
			job->a[e] = number(0);
		if (e % 8 == 1)			/* a square */
		{
			job->a[e] = sized(a_bits / 2, false);
			job->a[e] = times(job->a[e], job->a[e]);
		}
		if (e % 8 == 2)			/* a power of ten, and one less */
			job->a[e] = ten_to((int) randombytes_uniform((uint32_t) tens));
		if (e % 8 == 3)
			job->a[e] = minus(ten_to((int) randombytes_uniform((uint32_t) tens)), number(1));
	}
}

/* ---- fractions brought down ------------------------------------------------------------------ */

static SmcWide
shifted(SmcWide a, int places)
{
	while (places-- > 0)
		a = half_of(a);
	return a;
}

static void
check_shrink(const Job *job)
{
	int			a_bits = job->bits[0] - job->bits[2];
	int			b_bits = job->bits[1] - job->bits[3];
	int			excess = a_bits > b_bits ? a_bits : b_bits;

	for (size_t e = 0; e < COUNT; e++)
	{
		int			k = 0;

		while (k < excess && (smc_wide_bits(&job->a[e]) > job->bits[2] + k || smc_wide_bits(&job->b[e]) > job->bits[3] + k))
			k += 16;
		assert_same(job->results[1][e], shifted(job->b[e], k));
		assert_same(size_of(job->results[0][e]), shifted(size_of(job->a[e]), k));
		if (!smc_wide_is_zero(&job->results[0][e]))
			assert_int_equal(smc_wide_is_negative(&job->results[0][e]), smc_wide_is_negative(&job->a[e]));
	}
}

static void
add_shrink(Session *session, int n, int a_bits, int b_bits, int a_left, int b_left)
{
	Job		   *job = new_job(session, n, check_shrink);

	job->bits[0] = a_bits;
	job->bits[1] = b_bits;
	job->bits[2] = a_left;
	job->bits[3] = b_left;
	job->wanted[0] = smc_program_input(job->program, a_bits);
	job->wanted[1] = smc_program_not_negative(job->program, smc_program_input(job->program, b_bits));
	smc_program_shrink(job->program, &job->wanted[0], &job->wanted[1], a_left, b_left);
	assert_true(smc_program_bits(job->program, job->wanted[0]) <= a_left);
	assert_true(smc_program_bits(job->program, job->wanted[1]) <= b_left);
	for (size_t e = 0; e < COUNT; e++)
	{
		job->a[e] = sized(a_bits, true);
		job->b[e] = sized(b_bits, false);
		if (e % 8 == 0)
			job->a[e] = number(0);
		if (e % 8 == 1)
			job->b[e] = number(0);
		if (e % 8 == 2 && smc_wide_bits(&job->b[e]) <= a_bits)
			job->a[e] = job->b[e];
	}
}

static void
test_run(void **state)
{
	static Session session;

	(void) state;
	if (smc_test_brief())
	{
		add_root(&session, 2, 50, 30, -4, (SmcRootDigits) {16, 4, 2, 0});
		add_shrink(&session, 2, 70, 60, 40, 30);
		run(&session, 2);
		return;
	}
	for (int n = 2; n <= PARTIES; n += n == 3 ? 2 : 1)
	{
		/* as of numerics: the quotient's own digits; of doubles; to so many digits */
		if (n == 2)
		{
			add_root(&session, n, 60, 40, 0, (SmcRootDigits) {16, 0, 2, 0});
			add_root(&session, n, 128, 128, 0, (SmcRootDigits) {20, 0, 1, 7});
			add_root(&session, n, 110, 70, -6, (SmcRootDigits) {20, 0, 0, 27});
			add_shrink(&session, n, 460, 460, 128, 128);
			add_shrink(&session, n, 303, 230, 230, 128);
		}
		if (n == 3)
		{
			add_root(&session, n, 210, 80, -12, (SmcRootDigits) {16, 12, 2, 0});
			add_root(&session, n, 230, 80, -24, (SmcRootDigits) {20, 0, 1, 7});
			add_shrink(&session, n, 231, 230, 230, 128);
			add_shrink(&session, n, 80, 40, 60, 60);
		}
		if (n == 5)
		{
			add_root(&session, n, 90, 60, -4, (SmcRootDigits) {16, 4, 0, 10});
			add_shrink(&session, n, 100, 90, 60, 48);
		}
		run(&session, n);
	}
}

/* Nothing is to be done where nothing is too long; and misuse fails. */
static void
test_edges(void **state)
{
	SmcProgram *program = smc_program_create(2);
	int			a = smc_program_input(program, 100);
	int			b = smc_program_not_negative(program, smc_program_input(program, 90));
	int			x = a;
	int			y = b;
	int			value;
	int			digits;

	(void) state;
	smc_program_shrink(program, &x, &y, 100, 90);
	assert_int_equal(x, a);
	assert_int_equal(y, b);
	assert_int_equal(smc_program_status(program), SMC_OK);
	smc_program_quotient_root(program, a, b, 0, &(SmcRootDigits) {16, 0, 3, 0}, &value, &digits);
	assert_int_equal(smc_program_status(program), SMC_ERR_ARGUMENT);
	smc_program_shrink(program, &value, &digits, 10, 10);
	smc_program_destroy(program);

	/* more than there is room for, wherever it is noticed */
	for (int bits = 100; bits <= 500; bits += 100)
	{
		for (int unit = -150; unit <= 150; unit += 75)
		{
			program = smc_program_create(2);
			a = smc_program_input(program, bits);
			b = smc_program_not_negative(program, smc_program_input(program, 500));
			smc_program_quotient(program, a, b, unit, 0, &value, &digits);
			smc_program_quotient(program, b, a, unit, 140, &value, &digits);
			smc_program_quotient_root(program, a, b, unit, &(SmcRootDigits) {16, 0, 2, 0}, &value, &digits);
			smc_program_quotient_root(program, b, a, unit, &(SmcRootDigits) {20, 0, 0, 75}, &value, &digits);
			smc_program_shrink(program, &a, &b, 20, 20);
			assert_int_equal(smc_program_status(program), SMC_ERR_RANGE);
			smc_program_destroy(program);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_edges),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Student's t distribution in double precision.
 *
 * P(|T| >= t) = I_x(df / 2, 1 / 2), x = df / (df + t^2): the regularised incomplete
 * beta function, by its continued fraction (Abramowitz and Stegun, 26.5.8 and
 * 26.7.1) in the form of DiDonato and Morris (ACM TOMS 708, section 4), evaluated
 * from the front as Lentz did (Applied Optics 15, 1976).  The factor before it,
 * x^a (1 - x)^b / B(a, b), is taken in logarithms from t and df themselves, as x
 * or 1 - x alone may have lost its digits; the logarithm of B(df / 2, 1 / 2) by its
 * series for large df, in which lgamma's cancels.
 */
#include "smc_student.h"

#include <math.h>

#define TERMS_MAX		10000
#define LARGE			40.0	/* from here the series has all digits of a double */

/* ln (gamma(a + 1/2) / gamma(a)), a > 0 */
static double
log_gamma_ratio(double a)
{
	double		shift = 0;
	double		square;

	/* gamma(a + 1/2) / gamma(a) = (a / (a + 1/2)) gamma(a + 3/2) / gamma(a + 1) */
	for (; a < LARGE; a += 1)
		shift += log1p(-0.5 / (a + 0.5));
	square = 1 / (a * a);
	/* the difference of two Stirling series: odd powers of 1 / a alone */
	return shift + 0.5 * log(a) +
		(-1.0 / 8 + square * (1.0 / 192 + square * (-1.0 / 640 + square * (17.0 / 14336 +
		  square * (-31.0 / 18432 + square * (691.0 / 180224)))))) / a;
}

/* The continued fraction of I_x(a, b) without its factor; y = 1 - x, x < a / (a + b) or so. */
static double
beta_fraction(double a, double b, double x, double y)
{
	const double tiny = 1e-300;
	double		lambda = a * y - b * x; /* a - (a + b) x, but with its digits where b is small */
	double		value;
	double		numerator;
	double		denominator = 0;
	double		step;

	/* beta_0 = ..., alpha_n / (beta_n + ...), which converges twice as fast as 26.5.8 itself */
	value = lambda + 1 > tiny ? a * (lambda + 1) / (a + 1) : tiny;
	numerator = value;
	for (int n = 1; n < TERMS_MAX; n++)
	{
		double		w = 2 * n + a;
		double		alpha = (a + n - 1) / (w - 1) * ((a + b + n - 1) / (w - 1)) * n * (b - n) * x * x;
		double		beta = n + n * (b - n) * x / (w - 1) + (a + n) / (w + 1) * (lambda + 1 + n * (1 + y));

		denominator = beta + alpha * denominator;
		denominator = 1 / (fabs(denominator) < tiny ? tiny : denominator);
		numerator = beta + alpha / numerator;
		numerator = fabs(numerator) < tiny ? tiny : numerator;
		step = numerator * denominator;
		value *= step;
		if (fabs(step - 1) < 1e-16)
			break;
	}
	return 1 / value;
}

/* I_x(a, b) where ln (x^a y^b / B(a, b)) is known. */
static double
incomplete_beta(double a, double b, double x, double y, double log_factor)
{
	if (x > (a + 1) / (a + b + 2))
		return 1 - exp(log_factor) * beta_fraction(b, a, y, x);
	return exp(log_factor) * beta_fraction(a, b, x, y);
}

double
smc_student_two_sided(double t, double df)
{
	static const double log_root_pi = 0.57236494292470008707;	/* ln gamma(1/2) */
	double		square = t * t;
	double		x;
	double		y;
	double		log_x;
	double		log_y;
	double		factor;

	if (isnan(t) || isnan(df) || df <= 0)
		return NAN;
	if (t == 0)
		return 1;
	if (isinf(square))
		return 0;
	x = df / (df + square);
	y = square / (df + square);
	log_x = -log1p(square / df);
	log_y = -log1p(df / square);
	/* B(a, 1/2) = gamma(1/2) gamma(a) / gamma(a + 1/2) */
	factor = df / 2 * log_x + log_y / 2 + log_gamma_ratio(df / 2) - log_root_pi;
	return incomplete_beta(df / 2, 0.5, x, y, factor);
}

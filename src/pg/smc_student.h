/*
 * Student's t distribution.
 */
#ifndef SMC_STUDENT_H
#define SMC_STUDENT_H

/* P(|T| >= |t|) for T with df > 0 degrees of freedom; NaN where t is none. */
extern double smc_student_two_sided(double t, double df);

#endif							/* SMC_STUDENT_H */

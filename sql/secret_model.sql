--
-- Parts of models as secrets, over linregr.sql's study, accepted anew since keys were
-- replaced (rotate.sql).
--
\c globex
SET search_path = linregr, public;
SELECT smc_accept('lr') IS NOT NULL AS accepted;
\c initech
SET search_path = linregr, public;
SELECT smc_accept('lr') IS NOT NULL AS accepted;
\c acme
SET search_path = linregr, public;
SELECT smc_accept('lr') IS NOT NULL AS accepted;
SELECT smc_keep((smc_linregr(y, array[1, n])).coef[2], 'slope'), smc_keep((smc_linregr(y, array[1, n])).r2, 'r2') FROM lr;
SELECT smc_reveal((smc_secret('lr', 'slope') < -0.48) & (smc_secret('lr', 'r2') > 0.47)) AS both;
SELECT near(smc_reveal(smc_secret('lr', 'slope'))::float8, regr_slope(y, n)) AS same FROM everyone;
SELECT smc_keep((smc_linregr(y, array[1, n])).std_err[2], 'error') FROM lr;
SELECT smc_drop_secret('lr', 'slope'), smc_drop_secret('lr', 'r2');

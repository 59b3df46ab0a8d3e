
# The main job, on three clusters: sums, averages and counts equal plain SQL
# over the union; EXPLAIN says what is revealed; every party's audit has it.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;

my %party = make_parties();
my $acme = $party{acme};

register_all(\%party);
make_payroll(\%party);

# Links are what they should be
foreach my $at (sort keys %party)
{
	foreach my $peer (grep { $_ ne $at } sort keys %party)
	{
		is( $party{$at}->safe_psql('postgres', "SELECT peer, identity_ok, round_trip > '0' FROM smc_ping('$peer')"),
			"$peer|t|t", "$at reaches $peer");
	}
}

# Everyone asks the same and gets the same
my @queries = (
	'SELECT smc_sum(salary) FROM payroll',
	'SELECT smc_sum(salary), smc_avg(salary), smc_count(*), smc_count(salary) FROM payroll',
	'SELECT sum(salary), avg(salary), count(*) FROM payroll',
	'SELECT rank, sex, smc_count(*), smc_sum(salary), smc_avg(salary) FROM payroll GROUP BY rank, sex ORDER BY rank, sex',
	"SELECT smc_avg(salary) FILTER (WHERE sex = 'Female'), smc_avg(salary) FILTER (WHERE sex = 'Male') FROM payroll WHERE rank = 'Prof'",
	'SELECT sex, smc_sum(salary * yrs_service), smc_avg(yrs_service) FROM payroll WHERE yrs_service BETWEEN 5 AND 20 GROUP BY sex ORDER BY sex',
	'SELECT rank FROM payroll GROUP BY rank HAVING smc_count(*) > 65 ORDER BY rank',
	'SELECT rank, smc_sum(salary) / smc_count(*) AS mean FROM payroll GROUP BY rank ORDER BY mean DESC LIMIT 2',
	'WITH m AS (SELECT rank, smc_avg(salary) a FROM payroll GROUP BY rank) SELECT max(a) - min(a) FROM m',
	'SELECT smc_sum(salary), smc_count(*) FROM payroll WHERE yrs_service > 1000',
	'SELECT rank, smc_count(*) FROM payroll WHERE yrs_service > 1000 GROUP BY rank',);
foreach my $name (sort keys %party)
{
	same_as_union($acme, $party{$name}, $_, "$name: $_") foreach @queries;
}

# Prepared, custom and generic plans, and a cursor
foreach my $mode (qw(force_custom_plan force_generic_plan))
{
	same_as_union($acme, $acme, <<SQL, "prepared, $mode");
SET plan_cache_mode = $mode;
PREPARE q(text, int) AS SELECT smc_sum(salary), smc_count(*) FROM payroll WHERE rank = \$1 AND yrs_service > \$2;
EXECUTE q('Prof', 10);
EXECUTE q('AsstProf', 1);
EXECUTE q('Prof', NULL);
SQL
}
same_as_union($acme, $acme, <<'SQL', 'a cursor');
BEGIN;
DECLARE c CURSOR FOR SELECT rank, smc_count(*) FROM payroll GROUP BY rank ORDER BY rank;
FETCH 2 FROM c;
FETCH ALL FROM c;
COMMIT;
SQL

# What EXPLAIN tells
my $plan = $acme->safe_psql('postgres', "EXPLAIN (VERBOSE) SELECT smc_avg(salary) FROM payroll WHERE rank = 'Prof'");
like($plan, qr/acme, globex, initech/, 'EXPLAIN names the parties');
like($plan, qr/Reveals: .*salary.* to acme, globex, initech/, 'EXPLAIN says what is revealed');
like($plan, qr/hr\.source/, 'EXPLAIN shows the local query');
$plan = $acme->safe_psql('postgres', 'EXPLAIN (ANALYZE, VERBOSE) SELECT smc_avg(salary) FROM payroll');
like($plan, qr/rounds/i, 'EXPLAIN ANALYZE shows rounds');
like($plan, qr/bytes/i, 'EXPLAIN ANALYZE shows bytes');

# A computation has one id, in every party's audit
my $tag = $acme->safe_psql('postgres', 'SELECT smc_sum(salary) FROM payroll WHERE yrs_service = 13; SELECT id FROM smc_audit ORDER BY started_at DESC LIMIT 1');
(my $id) = $tag =~ /([0-9a-f-]{36})/;
foreach my $name (sort keys %party)
{
	ok($party{$name}->poll_query_until('postgres', "SELECT status = 'done' FROM smc_audit WHERE id = '$id'"), "$name: the audit says done");
	is( $party{$name}->safe_psql('postgres',
			"SELECT study, asked_by, reveals LIKE '%sum(salary)%', rows = (SELECT count(*) FROM hr.staff WHERE yrs_service = 13), bytes_sent > 0, bytes_received > 0 FROM smc_audit WHERE id = '$id'"),
		'payroll|acme|t|t|t|t', "$name: the audit says what");
}

# Others' results are to be found
$party{globex}->safe_psql('postgres', 'SELECT smc_count(*) FROM payroll');
like($acme->safe_psql('postgres', "SELECT figures FROM smc_results WHERE asked_by = 'globex' ORDER BY at DESC LIMIT 1"), qr/397/, 'a recipient finds what another asked for');

# Lanes stay warm, and their peers idle without a transaction
is(scalar(lane_workers($acme)), 3, 'one lane for each set of parties served all that');
is($party{globex}->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE usename = 'acme' AND xact_start IS NOT NULL AND backend_xmin IS NOT NULL"), '0', 'an idle lane holds no snapshot at a peer');

# Several at once
my @running = map { start_query($acme, 'SELECT smc_sum(salary), smc_count(*) FROM payroll') } 1 .. 4;
my $plain = $acme->safe_psql('proof', 'SELECT sum(salary), count(*) FROM payroll');
foreach my $query (@running)
{
	finish_query($query, 30);
	is($query->{stdout}, $plain, 'four at once: the same answer') or diag $query->{stderr};
}

# Two that ask each other at the same time
@running = map { start_query($party{$_}, 'SELECT smc_sum(salary), smc_count(*) FROM payroll') } sort keys %party;
foreach my $query (@running)
{
	finish_query($query, 30);
	is($query->{stdout}, $plain, 'all three at once: the same answer') or diag $query->{stderr};
}

# What may not be asked
foreach my $refused (
	'SELECT salary FROM payroll', 'SELECT smc_sum(salary), min(salary) FROM payroll', 'SELECT salary, count(*) FROM payroll GROUP BY salary',
	'SELECT * FROM payroll LIMIT 1')
{
	my $result = psql_result($acme, $refused);
	like($result->{error}, qr/ERROR:.*(?:payroll|salary|min)/, "refused: $refused");
	is($result->{stdout}, '', 'and nothing shown');
}
quiet_soon('in the end', values %party);

# Study and peers survive a restart, and the key
$party{initech}->restart;
ran_well($acme, $acme, 'after a restart of initech');
$acme->restart;
ran_well($acme, $acme, 'after a restart of acme');

# ... and dump and restore, without the secret key
my $dump = $acme->safe_psql('postgres', 'SELECT 1');    # the server is up
my ($stdout, $stderr) = run_command([ $acme->installed_command('pg_dump'), '-d', $acme->connstr('postgres') ]);
like($stdout, qr/CREATE FOREIGN TABLE public.payroll/, 'pg_dump has the study');
like($stdout, qr/CREATE SERVER globex/, 'pg_dump has the peers');
unlike($stdout, qr/COPY public\.smc_identity/, 'pg_dump has no secret key');

done_testing();

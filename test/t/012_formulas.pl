
# What is computed on shares before it is opened, with 2, 3 and 5 parties:
# averages, statistics, expressions over aggregates, HAVING, contests.  Who isn't a
# recipient learns nothing, whatever is computed; a computation in the middle
# of its joint part ends at once when it is cancelled, or a party dies.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;

# The study beside make_payroll's: everything allowed, one column for some parties' eyes only.
sub make_study
{
	my ($party, $name, $options, $salary) = @_;
	my @names = grep { exists $party->{$_} } @SmcTest::NAMES;
	my $parties = join(', ', @names);

	$party->{ $names[0] }->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE $name (
  rank        text          OPTIONS (allow 'group, filter, count', values '{AsstProf,AssocProf,Prof}'),
  sex         text          OPTIONS (allow 'group, filter, count', values '{Female,Male}'),
  yrs_service integer       OPTIONS (allow 'count, sum, avg, min, max, compare, filter, variance, stddev, covar, corr, regr'),
  salary      numeric(12,2) OPTIONS (allow 'count, sum, avg, min, max, compare, variance, stddev, covar, corr, regr' $salary)
) SERVER $names[0] OPTIONS (parties '$parties', $options, source 'hr.source');
SQL
	accept_all($party, $name, 'hr.source');
	return;
}

my @queries = (
	'SELECT avg(salary), avg(yrs_service) FROM payroll',
	'SELECT rank, sex, avg(salary) FROM payroll GROUP BY rank, sex ORDER BY rank, sex',
	'SELECT sum(salary) > 45000000, avg(salary) < 113706.46, count(*) = 397, count(*) > sum(yrs_service) FROM payroll',
	"SELECT round(avg(salary) FILTER (WHERE sex = 'Female') / avg(salary) FILTER (WHERE sex = 'Male'), 4) FROM payroll",
	"SELECT rank, 100.0 * count(*) FILTER (WHERE sex = 'Female') / count(*) AS percent FROM payroll GROUP BY rank ORDER BY rank",
	'SELECT rank, sum(salary) FROM payroll GROUP BY rank HAVING avg(yrs_service) > 12 ORDER BY rank',
	'SELECT rank, sex FROM payroll GROUP BY rank, sex HAVING count(*) < 20 AND avg(salary) > 80000 ORDER BY rank, sex',
	'SELECT max(salary) - min(salary), max(yrs_service) > 50, min(salary) FROM payroll',
	"SELECT CASE WHEN avg(salary) > 100000 THEN round(avg(salary), -3) ELSE 0 END, coalesce(sum(salary) FILTER (WHERE yrs_service > 1000), -1.00) FROM payroll",
	'SELECT sum(yrs_service) / count(*), sum(yrs_service) % 100, (-sum(yrs_service)) / 7 FROM payroll',
	'SELECT avg(salary) FROM payroll WHERE yrs_service > 1000',
	'SELECT rank, avg(salary) FROM payroll WHERE yrs_service > 1000 GROUP BY rank HAVING count(*) >= 0',
	'SELECT variance(salary), var_pop(yrs_service), stddev(salary), stddev_pop(yrs_service) FROM payroll',
	'SELECT rank, sex, stddev(salary) FROM payroll GROUP BY rank, sex HAVING stddev(salary) > avg(salary) / 10 ORDER BY rank, sex',
	'SELECT round(covar_pop(salary, yrs_service)::numeric, 4), round(corr(salary, yrs_service)::numeric, 12), regr_count(salary, yrs_service) FROM payroll',
	'SELECT rank, round(regr_slope(salary, yrs_service)::numeric, 8), round(regr_intercept(salary, yrs_service)::numeric, 6), round(regr_r2(salary, yrs_service)::numeric, 12) FROM payroll GROUP BY rank ORDER BY rank',
	"SELECT corr(salary, yrs_service) > 0.3, regr_slope(salary, yrs_service) FILTER (WHERE sex = 'Female') > 1000, corr(salary, yrs_service) FROM payroll WHERE yrs_service > 1000");

foreach my $names ([qw(acme globex)], [qw(acme globex initech)], [qw(acme globex initech hooli umbrella)])
{
	local @SmcTest::NAMES = @$names;
	my $n = @$names;
	my %party = make_parties(tls => 0, names => $names);
	my $acme = $party{acme};

	register_all(\%party);
	make_payroll(\%party);
	make_study(\%party, 'wages', "reveal_to 'all'", '');
	foreach my $query (@queries)
	{
		my $asker = $names->[ rand @$names ];
		(my $joint = $query) =~ s/\bpayroll\b/wages/g;

		is(psql_result($party{$asker}, $joint)->{stdout}, $acme->safe_psql('proof', $query), "$n parties, asked by $asker: $query");
	}

	# whose sum is larger: what each has, which this test alone can see
	my %sum = map { $_ => $party{$_}->safe_psql('postgres', 'SELECT sum(salary) FROM hr.staff') } @$names;
	my ($largest) = sort { $sum{$b} <=> $sum{$a} } @$names;
	my ($smallest) = sort { $sum{$a} <=> $sum{$b} } @$names;
	is(psql_result($party{globex}, 'SELECT smc_argmax(salary), smc_argmin(salary) FROM wages')->{stdout}, "$largest|$smallest", "$n parties: whose sum is extreme");
	is(psql_result($acme, "SELECT smc_compare(salary, 'acme', 'globex'), smc_compare(salary, 'globex', 'acme') > 0 FROM wages")->{stdout},
		join('|', $sum{acme} <=> $sum{globex}, $sum{acme} < $sum{globex} ? 't' : 'f'), "$n parties: the millionaires");
	my $error = psql_result($acme, 'SELECT sum(salary) / (count(*) - 397) FROM wages')->{error};
	like($error, qr/22012.*division by zero/, "$n parties: a division by zero");
	is(psql_result($acme, 'SELECT count(*) > 0 FROM wages')->{stdout}, 't', "$n parties: and the next query works");
	# kept, computed with, and revealed later, by whomever
	like(psql_result($party{globex}, "SELECT smc_keep(smc_avg(salary), 'avg'), smc_keep(smc_sum(yrs_service), 'years'), smc_keep(smc_max(salary) > 200000, 'rich') FROM wages")->{stdout},
		qr/^smc_secret\(/, "$n parties: figures are kept");
	is(psql_result($party{ $names->[-1] }, "SELECT smc_reveal(smc_secret('wages', 'avg')), smc_reveal(smc_secret('wages', 'avg') * 397 = smc_secret('wages', 'years')), smc_reveal(round(smc_secret('wages', 'avg') / smc_secret('wages', 'years'), 8)), smc_reveal(!smc_secret_bool('wages', 'rich'))")->{stdout},
		$acme->safe_psql('proof', 'SELECT avg(salary), sum(salary) = sum(yrs_service), round(avg(salary) / sum(yrs_service), 8), NOT max(salary) > 200000 FROM payroll'),
		"$n parties: and revealed later");
	quiet_soon("$n parties", values %party);
	if ($n == 3)
	{
		recipients(\%party);
		failures(\%party);
	}
	foreach my $node (values %party)
	{
		$node->stop('fast');
		$node->clean_node;
	}
}

# salary is for globex's eyes only: what of it anyone asks, globex alone learns it, and which groups passed.
sub recipients
{
	my ($party) = @_;
	my ($acme, $globex, $initech) = @{$party}{qw(acme globex initech)};

	make_study($party, 'eyes', "reveal_to 'all'", ", reveal_to 'globex'");
	my $asked = psql_result($acme, 'SELECT rank, avg(salary) FROM eyes GROUP BY rank HAVING avg(salary) > 90000');
	is($asked->{stdout}, '', 'an average for others: the asker gets nothing');
	like($asked->{stderr}, qr/revealed to globex only/, 'and is told so');
	is($globex->safe_psql('postgres', "SELECT jsonb_array_length(figures) FROM smc_results WHERE study = 'eyes' ORDER BY at DESC LIMIT 1"), '2',
		'globex has the groups that passed');
	is($_->safe_psql('postgres', "SELECT count(*) FROM smc_results WHERE study = 'eyes'"), '0', 'nobody else has') foreach $acme, $initech;

	$asked = psql_result($acme, 'SELECT sum(yrs_service) > 5000, sum(salary) > sum(yrs_service) FROM eyes');
	is($asked->{stdout}, 't|', 'of two bits the asker gets the one that is for all');
	like($asked->{stderr}, qr/revealed to globex only/, 'and is told of the other');
	is($globex->safe_psql('postgres', "SELECT figures->0->>'sum(salary) > sum(yrs_service)::numeric' FROM smc_results WHERE study = 'eyes' ORDER BY at DESC LIMIT 1"),
		'true', 'which globex has');
	is($initech->safe_psql('postgres', "SELECT figures FROM smc_results WHERE study = 'eyes' ORDER BY at DESC LIMIT 1"),
		'[{"sum(yrs_service) > 5000": true}]', 'and initech has not');
	# a pair goes to whom both columns do
	$asked = psql_result($acme, 'SELECT regr_count(yrs_service, salary), corr(yrs_service, salary), stddev(yrs_service) > 10 FROM eyes');
	is($asked->{stdout}, '||t', 'of a pair the asker gets nothing where one column is for others');
	is($globex->safe_psql('postgres', "SELECT round((figures->0->>'corr(yrs_service, salary)')::numeric, 6) FROM smc_results WHERE study = 'eyes' ORDER BY at DESC LIMIT 1"),
		$acme->safe_psql('proof', 'SELECT round(corr(yrs_service, salary)::numeric, 6) FROM payroll'), 'which globex has');
	is(psql_result($globex, 'SELECT avg(salary) > 100000 FROM eyes')->{stdout}, 't', 'globex asks for itself');

	# a division by zero must not tell others what they ask about globex's figure
	my $told = "SELECT count(*) FROM smc_results WHERE study = 'eyes'";
	my $before = $globex->safe_psql('postgres', $told);
	foreach my $guess (1, 1e12)
	{
		my $oracle = "SELECT CASE WHEN sum(salary) > $guess THEN 1 / (count(*) - count(*)) ELSE 0 END FROM eyes";
		$asked = psql_result($acme, $oracle);
		is($asked->{stdout}, '', "asked whether more than $guess: no answer");
		is($asked->{error} // '', '', 'and no error');
		is($_->safe_psql('postgres', "SELECT status, error FROM smc_audit WHERE study = 'eyes' ORDER BY started_at DESC LIMIT 1"), 'done|',
			'nor has ' . $_->name . ' noticed any') foreach $acme, $initech;
	}
	is($globex->safe_psql('postgres', $told), $before + 1, 'globex has the figure of the one that has one');
	like(psql_result($globex, 'SELECT rank, sum(salary) / (count(*) - 64) FROM eyes GROUP BY rank')->{error}, qr/22012.*division by zero/, 'globex is told of its own');
	like(psql_result($globex, "SELECT rank FROM eyes GROUP BY rank HAVING sum(salary) / (count(*) - 64) > 1")->{error}, qr/22012.*division by zero/, 'also by HAVING');
	is(psql_result($globex, 'SELECT sum(salary) > 0 AND count(*) > 0 FROM eyes')->{stdout}, 't', 'and the next query works');
	is($initech->safe_psql('postgres', "SELECT count(*) FROM smc_results WHERE study = 'eyes'"), '2', 'of which nobody else hears');
	return;
}

# A study with so many groups that its averages take a while.
sub failures
{
	my ($party) = @_;
	my ($acme, $globex, $initech) = @{$party}{qw(acme globex initech)};
	my $values = join(',', 0 .. 1499);

	$_->safe_psql('postgres', 'CREATE TABLE hr.long AS SELECT n AS g, n * 1.5 AS x FROM generate_series(0, 1499) n') foreach values %$party;
	$acme->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE long (
  g integer       OPTIONS (allow 'group, filter', values '{$values}'),
  x numeric(12,2) OPTIONS (allow 'count, sum, avg')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'hr.long');
SQL
	accept_all($party, 'long', 'hr.long');
	my $long = 'SELECT g, avg(x) FROM long GROUP BY g';

	# Ctrl-C at the asker, then at a peer
	foreach my $where (qw(asker peer))
	{
		my $query = start_query($acme, $long);
		wait_for_phase($initech, 'joint') or die 'no joint part';
		my $node = $where eq 'asker' ? $acme : $globex;
		$node->safe_psql('postgres', $where eq 'asker' ?
			  "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = '$long' AND backend_type = 'client backend'" :
			  "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'acme'");
		finish_query($query, 30);
		fails_within($query, qr/57014/, "the $where is cancelled in the joint part");
		quiet_soon("after the $where was cancelled", values %$party);
		is(psql_result($acme, 'SELECT avg(x) = 1124.25 FROM long')->{stdout}, 't', 'the next query works');
	}

	# a peer's backend dies
	my $query = start_query($acme, $long);
	wait_for_phase($initech, 'joint') or die 'no joint part';
	$globex->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'acme'");
	finish_query($query, 30);
	fails_within($query, qr/globex/, 'a peer is terminated in the joint part');
	quiet_soon('after a peer was terminated', values %$party);
	is(psql_result($acme, 'SELECT avg(x) = 1124.25 FROM long')->{stdout}, 't', 'the next query works');
	return;
}

done_testing();

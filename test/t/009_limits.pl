
# Limits on queries: counted at every party, never passed, and never lost to a
# race, whoever asks and whatever fails.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcProxy;
use SmcTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $NAMES = 'acme, globex, initech';
my $USED_UP = qr/^(?:psql:\S+ )?ERROR:  55000: study "\w+" allows \d+ quer(?:y|ies)(?: a day)?, and at party "(\w+)" (?:it is|they are) used up/m;

my %party = make_parties(tls => 0);
my @names = sort keys %party;
my ($acme, $globex, $initech) = @party{@names};
my $proxy = SmcProxy->new(to => $globex->port, dir => PostgreSQL::Test::Utils::tempdir);

END
{
	local $?;
	$proxy->stop if $proxy;
}

register_all(\%party);
make_payroll(\%party);
register_peer(\%party, 'acme', 'globex', port => $proxy->port);

# Run this at every party.
sub everywhere
{
	my ($sql) = @_;

	$_->safe_psql('postgres', $sql) foreach values %party;
	return;
}

# Agree on a study of that name with those limits.
sub agree
{
	my ($study, $limits) = @_;

	$party{acme}->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE $study (
  rank   text          OPTIONS (allow 'group, filter', values '{AsstProf,AssocProf,Prof}'),
  salary numeric(12,2) OPTIONS (allow 'count, sum, avg, filter')
) SERVER acme OPTIONS (parties '$NAMES', $limits, source 'hr.source');
SQL
	accept_all(\%party, $study, 'hr.source');
	return;
}

# What is left at each party: "acme globex initech".
sub left
{
	my ($study, $column) = @_;

	$column //= 'queries_left';
	return join ' ', map { $party{$_}->safe_psql('postgres', "SELECT $column FROM smc_studies WHERE study = '$study'") } @names;
}

sub ask
{
	my ($study) = @_;

	return "SELECT smc_count(salary) FROM $study";
}

# The party that says a query is used up, if that is why a finished one failed; undef otherwise.
sub refused_by
{
	my ($query) = @_;

	return $query->{stderr} =~ $USED_UP ? $1 : undef;
}

#
# Counted at each party, whoever asks
#
agree('five', "max_queries '5'");
is(left('five'), '5 5 5', 'five at first');
foreach my $asker (@names, 'acme', 'globex')
{
	is($party{$asker}->safe_psql('postgres', ask('five')), '397', "$asker asks");
}
is(left('five'), '0 0 0', 'then none');
foreach my $asker (@names)
{
	my $query = psql_result($party{$asker}, ask('five'));

	is(refused_by($query), $asker, "$asker itself refuses");
	is($query->{stdout}, '', 'with no figure');
}

#
# What never came to shares doesn't count
#
agree('spared', "max_queries '2', max_queries_per_day '2'");
sub spared
{
	my ($name, $make, $undo) = @_;

	$make->();
	my $query = psql_result($acme, ask('spared'));
	isnt($query->{error}, '', "$name: fails") or diag $query->{stdout};
	$undo->();
	quiet_soon($name, values %party);
	is(left('spared'), '2 2 2', "$name: nobody counts it");
	is(left('spared', 'queries_left_today'), '2 2 2', "$name: nor in the day");
	return;
}
spared('a local error at a peer', sub { behave($globex, 0, '22012') }, sub { behave($globex, 0) });
spared('a local error at the asker', sub { behave($acme, 0, '22012') }, sub { behave($acme, 0) });
spared('consent withdrawn', sub { $initech->safe_psql('postgres', "SELECT smc_withdraw('spared')") },
	sub { $initech->safe_psql('postgres', "SELECT smc_accept('spared')") });
spared('not allowed', sub { $globex->safe_psql('postgres', 'REVOKE smc_link FROM acme'); $globex->safe_psql('postgres', "SELECT pg_terminate_backend($_)") foreach link_backends($globex) },
	sub { $globex->safe_psql('postgres', 'GRANT smc_link TO acme') });
foreach my $how (qw(cancel terminate peer))
{
	behave($globex, 60);
	my $query = start_query($acme, ask('spared'));
	wait_for_phase($globex, 'local');
	my $pid = $acme->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE query LIKE '%smc_count%' AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state = 'active'");
	$acme->safe_psql('postgres', "SELECT pg_cancel_backend($pid)") if $how eq 'cancel';
	$acme->safe_psql('postgres', "SELECT pg_terminate_backend($pid)") if $how eq 'terminate';
	if ($how eq 'peer')
	{
		$globex->safe_psql('postgres', "SELECT pg_terminate_backend($_)") foreach link_backends($globex);
	}
	finish_query($query, 15);
	behave($globex, 0);
	quiet_soon($how, values %party);
	is(left('spared'), '2 2 2', "$how: nobody counts it");
}
is($acme->safe_psql('postgres', 'BEGIN; ' . ask('spared') . '; ROLLBACK'), '397', 'one in a transaction that is rolled back');
is(left('spared'), '1 1 1', 'counts');
is($acme->safe_psql('postgres', 'SET default_transaction_isolation = serializable; ' . ask('spared')), '397', 'one in a serializable transaction');
is(left('spared'), '0 0 0', 'counts');

# what people refuse doesn't count, what they approve does
agree('approved', "max_queries '1', approve 'each', approve_within '1 minute'");
my $undecided = q(FROM smc_requests WHERE study = 'approved' AND decision IS NULL);
foreach my $word (qw(refuse approve))
{
	my $query = start_query($globex, ask('approved'));
	foreach my $at ($acme, $initech)
	{
		$at->poll_query_until('postgres', "SELECT count(*) = 1 $undecided");
		$at->safe_psql('postgres', "SELECT smc_$word(id) $undecided");
		last if $word eq 'refuse';
	}
	finish_query($query, 20);
	quiet_soon($word, values %party);
	is($query->{stdout}, $word eq 'refuse' ? '' : '397', "people ${word}d") or diag $query->{stderr};
	is(left('approved'), $word eq 'refuse' ? '1 1 1' : '0 0 0', "$word: counted or not");
}
is(refused_by(psql_result($globex, ask('approved'))), 'globex', 'used up, and nobody is bothered with it');
is($acme->safe_psql('postgres', "SELECT count(*) $undecided"), '0', 'no request waits');

#
# The last query, wanted by all at once: as many pass as are left, and all others are told so
#
agree('race', "max_queries '1', max_queries_per_day '1000'");
sub race
{
	my ($round, $limit, $askers) = @_;

	everywhere("ALTER FOREIGN TABLE race OPTIONS (SET max_queries '$limit', SET max_queries_per_day '" . (1000 + $round) . "'); SELECT smc_accept('race')");
	my $start = time + 0.5;    # of all, on one machine's clock
	my $wait = "DO 'BEGIN PERFORM pg_sleep($start - extract(epoch FROM clock_timestamp())::float8); END'";
	my @queries = map { start_query($party{ $names[ $_ % 3 ] }, "$wait; " . ask('race')) } 1 .. $askers;
	finish_query($_, 30) foreach @queries;
	my $passed = grep { $_->{stdout} eq '397' && $_->{error} eq '' } @queries;
	my $told = grep { defined refused_by($_) } @queries;
	is("$passed $told", "$limit " . ($askers - $limit), "round $round: of $askers askers at once $limit pass, the others are told why")
	  or diag map { $_->{stderr} } @queries;
	is(left('race'), '0 0 0', "round $round: none is left anywhere");
	quiet_soon("round $round", values %party);
	return;
}
race($_, 1, 3) foreach 1 .. 8;
race($_, 2, 6) foreach 9 .. 14;
race(15, 4, 4);

# more in a row from each, on lanes that are warm
everywhere("ALTER FOREIGN TABLE race OPTIONS (SET max_queries '30', SET max_queries_per_day '2000'); SELECT smc_accept('race')");
{
	my @queries = map { start_query($party{$_}, join(";\n", (ask('race')) x 20)) } @names, @names;
	my $passed = 0;

	foreach my $query (@queries)
	{
		finish_query($query, 60);
		$passed += () = $query->{stdout} =~ /^397$/mg;
		is(() = $query->{stderr} =~ /ERROR:/g, () = $query->{stderr} =~ /$USED_UP/g, 'no other error') or diag $query->{stderr};
	}
	is($passed, 30, 'of 120 queries of six askers 30 pass');
	is(left('race'), '0 0 0', 'and none is left anywhere');
}

#
# A party that has counted more than the others refuses, by name
#
agree('ahead', "max_queries '10'");
$acme->safe_psql('postgres', ask('ahead')) foreach 1 .. 4;
is(left('ahead'), '6 6 6', 'four of ten');
$acme->backup('before');
$globex->safe_psql('postgres', ask('ahead')) foreach 1 .. 6;
is(left('ahead'), '0 0 0', 'ten of ten');

# what a dump holds counts where it is restored
my $dump = PostgreSQL::Test::Utils::tempdir . '/acme.sql';
$acme->command_ok([ 'pg_dump', '-f', $dump, $acme->connstr('postgres') ], 'acme is dumped');
$acme->safe_psql('postgres', 'CREATE DATABASE restored');
$acme->command_ok([ 'psql', '-Xq', '-f', $dump, $acme->connstr('restored') ], 'and restored');
is($acme->safe_psql('restored', 'SELECT max(number) FROM smc_quota_log WHERE study = \'ahead\''), '10', 'with its counts');

# and a party that comes back from an older backup is held to by the others
$acme->stop('immediate');
my $old = PostgreSQL::Test::Cluster->new('old');
$old->init_from_backup($acme, 'before');
$old->append_conf('postgresql.conf', 'port = ' . $old->port);
$old->start;
$party{acme} = $old;
register_peer(\%party, $_, 'acme') foreach qw(globex initech);
is(left('ahead'), '6 0 0', 'acme from its backup has forgotten six');
my $query = psql_result($old, ask('ahead'));
isnt(refused_by($query), 'acme', 'it isn\'t acme that refuses');
like(refused_by($query) // '', qr/^(?:globex|initech)$/, 'but another, by name');
$query = psql_result($initech, ask('ahead'));
is(refused_by($query), 'initech', 'asked by another, that one');
$initech->safe_psql('postgres', 'DELETE FROM smc_quota_log');
$query = psql_result($initech, ask('ahead'));
is(refused_by($query), 'globex', 'the only one that remembers');
is(left('ahead'), '6 0 10', 'nobody counted those');

#
# The day's: of any 24 hours, by each party's own clock
#
sub a_day_passes
{
	my (@nodes) = @_;

	$_->safe_psql('postgres', "UPDATE smc_quota_log SET counted_at = counted_at - interval '1 day'") foreach @nodes;
	return;
}
agree('daily', "max_queries_per_day '2'");
$_->safe_psql('postgres', ask('daily')) foreach $old, $globex;
is(left('daily', 'queries_left_today'), '0 0 0', 'two a day');
is(left('daily'), '  ', 'and no limit in all');
$query = psql_result($globex, ask('daily'));
is(refused_by($query), 'globex', 'a third is too many');
like($query->{stderr}, qr/are used up until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/m, 'and when it isn\'t is told');
a_day_passes($old, $globex);
$query = psql_result($globex, ask('daily'));
is(refused_by($query), 'initech', 'where a day hasn\'t passed');
a_day_passes($initech);
$_->safe_psql('postgres', ask('daily')) foreach $initech, $globex;
is(left('daily', 'queries_left_today'), '0 0 0', 'two on the other day');

#
# Whatever is asked, by whom, and whatever fails: never more than agreed
#
srand($ENV{SMC_SEED} // 7);
sub sequence
{
	my ($study, $all, $day) = @_;
	my ($passed, $today) = (0, 0);
	my ($most, $wrong) = (0, '');

	agree($study, "max_queries '$all', max_queries_per_day '$day'");
	foreach my $step (1 .. 60)
	{
		my $asker = $party{ $names[ rand 3 ] };
		my $fate = int rand 8;
		my $sql = (ask($study), "SELECT rank, smc_avg(salary) FROM $study GROUP BY rank", "SELECT smc_sum(salary) FROM $study WHERE rank = 'Prof'",
			"SELECT smc_sum(salary) FROM $study WHERE salary > " . int rand 100000)[ rand 4 ];

		if ($fate == 0)
		{
			a_day_passes(values %party);
			$today = 0;
			next;
		}
		my $victim = $party{ $names[ rand 3 ] };
		behave($victim, 0, '53100') if $fate == 1;
		if ($fate == 2)
		{
			# an end that comes at any time
			my $running = start_query($asker, $sql);
			sleep rand 0.1;
			$victim->safe_psql('postgres', "SELECT pg_terminate_backend($_)") foreach link_backends($victim);
			$query = finish_query($running, 20);
		}
		else
		{
			$query = psql_result($asker, $sql);
		}
		behave($victim, 0) if $fate == 1;
		quiet_soon("$study, step $step", values %party) if $fate == 2;
		if ($query->{stdout} ne '')
		{
			$passed++;
			$today++;
		}
		$wrong .= "step $step: $passed in all, $today in a day\n" if $passed > $all || $today > $day;

		# what is left anywhere, and what passed, are never more than was agreed
		foreach my $left (split / /, left($study))
		{
			$wrong .= "step $step: $left left after $passed\n" if $left > $all - $passed;
		}
	}
	is($wrong, '', "$study: of $all in all and $day a day $passed passed");
	cmp_ok($passed, '>', 0, "$study: some did");
	return;
}
sequence('often', 40, 3);
sequence('seldom', 5, 20);

#
# expires: each party looks at its own clock when it is asked
#
$old->safe_psql('postgres', "SELECT pg_terminate_backend($_)") foreach lane_workers($old);
my $expires = $globex->safe_psql('postgres', q(SELECT to_char((now() + interval '4 seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')));
agree('brief', "expires '$expires'");
is($globex->safe_psql('postgres', ask('brief')), '397', 'before it expires');
$proxy->mode('silent');    # the asker has looked already when its peer is
my $late = start_query($old, "SET smc.peer_timeout = '30s'; " . ask('brief'));
$globex->poll_query_until('postgres', "SELECT now() >= '$expires+00'");
$proxy->mode('pass');
finish_query($late, 20);
like($late->{stderr}, qr/ERROR:  55000: study "brief" has expired.*peer "(?:globex|initech)"/s, 'a peer refuses what comes too late');
like(psql_result($initech, ask('brief'))->{error}, qr/ERROR:  55000: study "brief" has expired/, 'and so does the asker');

done_testing();

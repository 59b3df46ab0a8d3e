
# Lanes: kept warm, given up when idle, never more than allowed, never reused
# after what they were built from has changed, megabytes both ways at once.
# And the identity, which outlives a failover.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;
use Time::HiRes qw(sleep);

my $ASK = 'SELECT smc_sum(salary), smc_count(*) FROM payroll';

my %party = make_parties(conf => 'smc.max_lanes = 3');
my ($acme, $globex, $initech) = @party{qw(acme globex initech)};

register_all(\%party);
make_payroll(\%party);

# The lane that computations of all three take, at acme.
sub lane
{
	return $acme->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'smc lane%' ORDER BY backend_start DESC LIMIT 1");
}

# Wait until acme has no lanes any more, and nobody serves one of acme's.
sub no_lanes
{
	my ($name) = @_;

	ok($acme->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'smc lane%'"), "$name: no lane is left");
	foreach my $node ($globex, $initech)
	{
		ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'acme'"), $name . ': none is served at ' . $node->name);
	}
	return;
}

#
# Idle
#
$acme->safe_psql('postgres', "ALTER SYSTEM SET smc.lane_idle_timeout = '1s'");
$acme->reload;
ran_well($acme, $acme, 'before an idle time');
no_lanes('idle time-out');
ran_well($acme, $acme, 'after an idle time');
$acme->safe_psql('postgres', 'ALTER SYSTEM RESET smc.lane_idle_timeout');
$acme->reload;
ran_well($acme, $acme, 'after a reload');
my $warm = lane();
ran_well($acme, $acme, 'on a warm lane');
is(lane(), $warm, 'the lane was used again');
$globex->reload;
$acme->reload;
sleep 0.3;
ran_well($acme, $acme, 'after reloads');
is(lane(), $warm, 'and still is');

#
# More askers than lanes
#
my $plain = $acme->safe_psql('proof', union_sql($ASK));
my @running = map { start_query($acme, "$ASK; $ASK; $ASK") } 1 .. 8;
foreach my $query (@running)
{
	finish_query($query, 60);
	is($query->{stdout}, join("\n", ($plain) x 3), 'eight askers, three lanes') or diag $query->{stderr};
}
cmp_ok(scalar(lane_workers($acme)), '<=', 3, 'no more lanes than allowed');

#
# Changed registrations
#
ran_well($acme, $acme, 'before a change');
$warm = lane();
$acme->safe_psql('postgres', "ALTER SERVER globex OPTIONS (ADD application_name 'changed')");
ran_well($acme, $acme, 'after a changed option');
isnt(lane(), $warm, 'a changed option: another lane');
$acme->safe_psql('postgres', "ALTER USER MAPPING FOR PUBLIC SERVER globex OPTIONS (SET password 'wrong')");
my $result = psql_result($acme, $ASK);
fails_within($result, qr/ERROR:.*"globex"/, 'a changed password: the old lane is not used');
$acme->safe_psql('postgres', "ALTER USER MAPPING FOR PUBLIC SERVER globex OPTIONS (SET password 'secret of acme')");
ran_well($acme, $acme, 'the password is right again');
$acme->safe_psql('postgres', 'DROP SERVER globex CASCADE');
$result = psql_result($acme, $ASK);
fails_within($result, qr/ERROR:.*"globex"/, 'DROP SERVER: the old lane is not used');
register_peer(\%party, 'acme', 'globex');
ran_well($acme, $acme, 'registered again');

# The peer changes its mind about acme while a lane is warm
$globex->safe_psql('postgres', "ALTER SERVER acme OPTIONS (SET public_key '" . $globex->safe_psql('postgres', "SELECT public_key FROM smc_peers WHERE name = 'initech'") . "')");
$result = psql_result($acme, $ASK);
fails_within($result, qr/ERROR:.*"(?:globex|acme)"/, 'globex has another key for acme');
register_peer(\%party, 'globex', 'acme');
ran_well($acme, $acme, 'globex has the right key again');

#
# Megabytes from everyone to everyone at once
#
my $values = join ',', map { "v$_" } 1 .. 70;
$acme->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE wide (
  a text OPTIONS (allow 'group', values '{$values}') NOT NULL,
  b text OPTIONS (allow 'group', values '{$values}') NOT NULL,
  c text OPTIONS (allow 'group', values '{$values}') NOT NULL,
  x integer OPTIONS (allow 'sum, count') NOT NULL
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'hr.wide');
SQL
$_->safe_psql('postgres',
	"CREATE TABLE hr.wide AS SELECT 'v' || 1 + n % 70 AS a, 'v' || 1 + n / 70 % 70 AS b, 'v' || 1 + n / 4900 % 70 AS c, n AS x FROM generate_series(0, 342999, 7) n")
  foreach values %party;
accept_all(\%party, 'wide', 'hr.wide');
my @wide = map { start_query($party{$_}, 'SELECT count(*), sum(s), sum(n) FROM (SELECT a, b, c, smc_sum(x) s, smc_count(*) n FROM wide GROUP BY a, b, c) g') } sort keys %party;
foreach my $query (@wide)
{
	finish_query($query, 120);
	is($query->{stdout}, '49000|' . (3 * 7 * 49000 * 48999 / 2) . '|147000', '343,000 groups, three askers at once') or diag $query->{stderr};
}
ran_well($acme, $acme, 'after megabytes');

#
# Failover: a standby has the identity, and takes the computations over
#
$acme->backup('before');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($acme, 'before', has_streaming => 1);
$standby->append_conf('postgresql.conf', "port = " . $standby->port);
$standby->start;
my $key = $acme->safe_psql('postgres', 'SELECT smc_public_key()');
is($standby->safe_psql('postgres', 'SELECT smc_public_key()'), $key, 'a standby knows who it is');
$result = psql_result($standby, $ASK);
like($result->{error}, qr/ERROR:/, 'a standby can\'t keep an audit, and so computes nothing');
is($result->{stdout}, '', 'and shows nothing');
$acme->stop('immediate');
$standby->promote;
is($standby->safe_psql('postgres', 'SELECT smc_public_key()'), $key, 'promoted, it is acme');
is($standby->safe_psql('postgres', $ASK), $plain, 'and asks');
register_peer({ %party, acme => $standby }, 'globex', 'acme');
register_peer({ %party, acme => $standby }, 'initech', 'acme');
is($globex->safe_psql('postgres', $ASK), $plain, 'and is asked');

done_testing();

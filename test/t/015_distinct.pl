
# Numbers of different values with 2, 3 and 5 parties: random data (values that several
# parties have, NULLs, parties without rows, thousands of values) and random queries, each
# answer equal to what the same SQL says over the union.  Counting in progress ends
# at once when it is cancelled or a party dies.
#
# SMC_SEED=n repeats a run, SMC_QUERIES=n asks so many.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;

my $seed = $ENV{SMC_SEED} // 20260103;
my $wanted = $ENV{SMC_QUERIES} // 45;
srand $seed;
diag "seed $seed";

my @columns = ([ g => 'text' ], [ i => 'integer' ], [ n => 'numeric' ], [ x => 'text' ], [ d => 'date' ], [ w => 'text' ], [ b => 'boolean' ]);
my $table = join(', ', map { "$_->[0] $_->[1]" } @columns);

# how many different values there may be, how many NULLs, rows at each party
my @sets = ([ 5, 0.1, 9, 10, 11, 12, 13 ], [ 40, 0, 100, 0, 1, 50, 0 ], [ 10, 0, 0, 0, 0, 0, 0 ], [ 100000, 0.2, 400, 300, 500, 0, 100 ]);

sub one { return $_[ int rand @_ ]; }

sub value
{
	my ($column, $range) = @_;
	my $k = int rand $range;

	return one('a', 'b', 'c') if $column eq 'g';
	return $k - int($range / 2) if $column eq 'i';
	return sprintf '%s%d%s', one('', '-'), $k, one('', '.0', '.50', '.5') if $column eq 'n';
	return one('', 'ä', 'A') . 'person ' . $k if $column eq 'x';
	return sprintf '20%02d-%02d-%02d', $k % 30, 1 + $k % 12, 1 + $k % 28 if $column eq 'd';
	return one('p', 'q', 'r') if $column eq 'w';
	return one('t', 'f');
}

sub distinct
{
	my $c = one(qw(i n x d w b));
	my $filter = rand() < 0.3 ? ' FILTER (WHERE ' . one("g = 'a'", 'i > 0', 'i IS NULL') . ')' : '';

	return "count(DISTINCT $c)$filter";
}

sub query
{
	my $grouped = rand() < 0.5;
	my $sql = 'SELECT ' . join(', ', ($grouped ? 'g' : ()), map { distinct() . one('', '', ' > ' . int(rand 12), ' * 2 - 1') } 1 .. 1 + int rand 3) . ' FROM s';

	$sql .= ' WHERE ' . one('i > -5', "g <> 'b'", 'i IS NOT NULL') if rand() < 0.3;
	$sql .= ' GROUP BY g' if $grouped;
	$sql .= ' HAVING ' . one('count(*) > 3', 'sum(i) > 0', distinct() . ' > 4') if $grouped && rand() < 0.3;
	$sql .= ' ORDER BY 1' if $grouped;
	return $sql;
}

sub answers
{
	my ($node, $dbname, @queries) = @_;
	my $script = join('', map { "\\echo =$_\n$queries[$_];\n" } 0 .. $#queries);
	my ($out, @answers);

	IPC::Run::run([ $node->installed_command('psql'), '-XAtq', '-F', '|', '-P', 'null=NULL', '-d', $node->connstr($dbname) ],
		'<', \$script, '>&', \$out);
	foreach my $part (split /^=(?=\d+$)/m, $out)
	{
		my ($number, $answer) = $part =~ /\A(\d+)\n(.*)\z/s or next;
		$answers[$number] = $answer;
	}
	return @answers;
}

foreach my $names ([qw(acme globex)], [qw(acme globex initech)], [qw(acme globex initech hooli umbrella)])
{
	local @SmcTest::NAMES = @$names;
	my $n = @$names;
	my %party = make_parties(tls => 0, names => $names);
	my $keeper = $party{acme};
	my $parties = join(', ', @$names);

	register_all(\%party);
	$keeper->safe_psql('postgres', 'CREATE DATABASE proof');
	$keeper->safe_psql('proof', "CREATE TABLE s ($table)");
	$_->safe_psql('postgres', "CREATE TABLE t ($table)") foreach values %party;
	$keeper->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE s (
  g text    OPTIONS (allow 'group, filter, count', values '{a,b,c}'),
  i integer OPTIONS (allow 'distinct, sum, filter'),
  n numeric OPTIONS (allow 'distinct'),
  x text    OPTIONS (allow 'distinct'),
  d date    OPTIONS (allow 'distinct'),
  w text    OPTIONS (allow 'distinct', values '{p,q,r}'),
  b boolean OPTIONS (allow 'distinct')
) SERVER acme OPTIONS (parties '$parties', reveal_to 'all', source 't');
SQL
	accept_all(\%party, 's', 't');
	foreach my $set (@sets)
	{
		my ($range, $nulls, @counts) = @$set;
		my @all;

		foreach my $i (0 .. $n - 1)
		{
			my @rows = map { '(' . join(', ', map { rand() < $nulls ? 'NULL' : "'" . value($_->[0], $range) . "'" } @columns) . ')' } 1 .. $counts[$i];

			$party{ $names->[$i] }->safe_psql('postgres', 'TRUNCATE t' . (@rows ? '; INSERT INTO t VALUES ' . join(', ', @rows) : ''));
			push @all, @rows;
		}
		$keeper->safe_psql('proof', 'TRUNCATE s' . (@all ? '; INSERT INTO s VALUES ' . join(', ', @all) : ''));
		my @queries = map { query() } 1 .. $wanted / 3 / @sets;
		my $asker = one(@$names);
		my @joint = answers($party{$asker}, 'postgres', @queries);
		my @plain = answers($keeper, 'proof', @queries);
		my $wrong = 0;

		foreach my $i (0 .. $#queries)
		{
			my ($x, $y) = ($joint[$i] // 'no answer', $plain[$i] // 'no answer');
			die "the test's own query fails: $queries[$i]\n$y" if $y =~ /ERROR/;
			next if $x eq $y;
			diag "$queries[$i]\njointly:\n${x}plainly:\n$y" if $wrong++ < 5;
		}
		is($wrong, 0, sprintf '%d parties, asked by %s: %d queries, up to %d values, %d%% NULLs, rows %s',
			$n, $asker, scalar @queries, $range, 100 * $nulls, join('/', @counts[ 0 .. $n - 1 ]));
	}
	quiet_soon("$n parties", values %party);
	failures(\%party) if $n == 3;
	foreach my $node (values %party)
	{
		$node->stop('fast');
		$node->clean_node;
	}
}

# Cancelled while values are read, and while they are counted; a party that dies in it.
sub failures
{
	my ($party) = @_;
	my ($acme, $globex, $initech) = @{$party}{qw(acme globex initech)};

	$_->safe_psql('postgres', 'CREATE TABLE big AS SELECT n AS x FROM generate_series(1, 70000) n; CREATE TABLE few AS SELECT n AS x FROM generate_series(1, 700) n') foreach values %$party;
	$acme->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE many (x bigint OPTIONS (allow 'distinct')) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'big');
CREATE FOREIGN TABLE few_values (x bigint OPTIONS (allow 'distinct')) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'few');
SQL
	accept_all($party, 'many', 'big');
	accept_all($party, 'few_values', 'few');
	my $long = 'SELECT count(DISTINCT x) FROM many';

	foreach my $where ('asker', 'peer')
	{
		my $query = start_query($acme, $long);
		wait_for_phase($initech, 'joint') or die 'no joint part';
		($where eq 'asker' ? $acme : $globex)->safe_psql('postgres', $where eq 'asker' ?
			  "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = '$long' AND backend_type = 'client backend'" :
			  "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'acme'");
		finish_query($query, 30);
		fails_within($query, qr/57014/, "the $where is cancelled in the joint part");
		quiet_soon("after the $where was cancelled in the joint part", values %$party);
		is(psql_result($acme, 'SELECT count(DISTINCT x) FROM few_values')->{stdout}, '700', 'the next query works');
	}
	my $query = start_query($acme, $long);
	wait_for_phase($initech, 'joint') or die 'no joint part';
	$globex->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'acme'");
	finish_query($query, 30);
	fails_within($query, qr/globex/, 'a peer is terminated in the joint part');
	quiet_soon('after a peer was terminated', values %$party);
	is(psql_result($acme, $long, timeout => 300)->{stdout}, '70000', 'values by the ten thousand, in several parts');
	return;
}

done_testing();


# Medians and percentiles with 2, 3 and 5 parties: random data (duplicates, NULLs,
# parties without rows or with one, extremes) and random queries, each answer
# equal to what plain SQL over the union says in exact arithmetic.  A search in
# progress ends at once when it is cancelled or a party dies.
#
# SMC_SEED=n repeats a run, SMC_QUERIES=n asks so many.

use strict;
use warnings;

use Math::BigFloat;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;

my $seed = $ENV{SMC_SEED} // 20260102;
my $wanted = $ENV{SMC_QUERIES} // 90;
srand $seed;
diag "seed $seed";

my @columns = (
	[ g => 'text' ], [ i2 => 'smallint' ], [ i4 => 'integer' ], [ i8 => 'bigint' ], [ n => 'numeric(12,2)' ], [ f4 => 'real' ], [ f8 => 'double precision' ],
	[ d => 'date' ], [ t => 'timestamp' ]);
my $table = join(', ', map { "$_->[0] $_->[1]" } @columns);
my %extreme = (
	i2 => [ -32768, 32767 ], i4 => [ -2147483648, 2147483647 ], i8 => [ '-9223372036854775808', '9223372036854775807' ],
	n => [ '-9999999999.99', '9999999999.99' ], f4 => [ '-3.4e38', '1e-45', '3.4e38' ], f8 => [ '-1e300', '1e-300', '-0', '1e300' ],
	d => [ '4713-01-01 BC', 'infinity', '-infinity' ], t => [ 'infinity', '-infinity', '294276-12-31 23:59:59.999999' ]);
my @small = (
	[ 'small', 0, 9, 10, 11, 12, 13 ], [ 'small', 0.3, 20, 0, 1, 7, 0 ], [ 'small', 0, 1, 1, 0, 0, 0 ], [ 'small', 0, 0, 0, 0, 0, 0 ], [ 'small', 0.1, 0, 60, 0, 0, 1 ],
	[ 'extreme', 0.2, 5, 5, 5, 5, 5 ]);

sub one { return $_[ int rand @_ ]; }

sub value
{
	my ($column, $kind) = @_;

	return one('a', 'b', 'c') if $column eq 'g';
	return one(@{ $extreme{$column} }) if $kind eq 'extreme' && rand() < 0.7;
	return int(rand 21) - 10 if $column =~ /^i/;
	return sprintf '%.2f', rand(200) - 100 if $column eq 'n';
	return (int(rand 401) - 200) / 8 if $column =~ /^f/;
	return sprintf '20%02d-%02d-%02d', rand 30, 1 + rand 12, 1 + rand 28 if $column eq 'd';
	return sprintf '2024-01-01 00:%02d:%02d.%06d', rand 60, rand 60, rand 1e6;
}

# What joint() and plain() write out: the kind, p, argument, filter.
sub percentile
{
	my ($kind) = @_;
	my $p = one('0', '1', '0.5', '0.5', '0.25', '0.9', '0.999', sprintf('%.2f', rand), sprintf('%.6f', rand));
	my $what = one(qw(median percentile cont disc disc));
	my $argument = $what eq 'disc' ? one(qw(i2 i4 i8 n f4 f8 d t)) : one(qw(i2 i4 i8 n f4 f8));
	my $filter = rand() < 0.3 ? one("g = 'a'", 'i4 > 0', "i2 < i4 OR n IS NULL") : 'true';

	$argument = one('i4 + 1', 'i2 * 3', 'n * 2 - 1', 'i4 - i2', $argument) if $kind eq 'small' && $what ne 'disc';
	return "<<$what~$p~$argument~$filter>>";
}

sub query
{
	my ($kind) = @_;
	my $grouped = rand() < 0.5;
	my $sql = 'SELECT ' . join(', ', ($grouped ? 'g' : ()), map { percentile($kind) } 1 .. 1 + int rand 3) . ' FROM s';

	$sql .= ' WHERE ' . one('i4 > -5', "g <> 'b'", 'i2 IS NOT NULL', 'i8 > i4') if rand() < 0.3;
	$sql .= ' GROUP BY g' if $grouped;
	$sql .= ' HAVING ' . one('count(*) > 3', 'sum(i4) > 0', 'avg(i2) < 2') if $grouped && rand() < 0.3;
	$sql .= ' ORDER BY 1' if $grouped;
	return $sql;
}

sub write_joint
{
	my ($what, $p, $x, $filter) = @_;
	my $of = $filter eq 'true' ? '' : " FILTER (WHERE $filter)";

	return "smc_median($x)$of" if $what eq 'median';
	return "smc_percentile($x, $p)$of" if $what eq 'percentile';
	return "percentile_$what($p) WITHIN GROUP (ORDER BY $x)$of";
}

# Exactly, by numbers that have no end of digits; what is discrete is any type's.
sub write_plain
{
	my ($what, $p, $x, $filter) = @_;

	return "x_disc(array_agg($x ORDER BY $x) FILTER (WHERE ($x) IS NOT NULL AND ($filter)), $p)" if $what eq 'disc';
	$p = '0.5' if $what eq 'median';
	$x = 'f4::float8' if $x eq 'f4';    # as PostgreSQL reads a real where it interpolates
	return "x_cont(array_agg(($x)::text::numeric ORDER BY $x) FILTER (WHERE ($x) IS NOT NULL AND ($filter)), $p)";
}

sub joint { my ($sql) = @_; $sql =~ s/<<(\w+)~(.*?)~(.*?)~(.*?)>>/write_joint($1, $2, $3, $4)/ge; return $sql; }
sub plain { my ($sql) = @_; $sql =~ s/<<(\w+)~(.*?)~(.*?)~(.*?)>>/write_plain($1, $2, $3, $4)/ge; return $sql; }

sub answers
{
	my ($node, $dbname, @queries) = @_;
	my $script = "SET timezone = 'UTC'; SET datestyle = 'ISO';\n" . join('', map { "\\echo =$_\n$queries[$_];\n" } 0 .. $#queries);
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

sub same_answer
{
	my ($joint, $plain) = @_;
	my @joint = split /[|\n]/, $joint, -1;
	my @plain = split /[|\n]/, $plain, -1;

	return 0 if @joint != @plain;
	foreach my $i (0 .. $#joint)
	{
		next if $joint[$i] eq $plain[$i];
		return 0 if grep { !/^-?[\d.]+(?:e[-+]?\d+)?$/i } $joint[$i], $plain[$i];
		my ($x, $y) = map { Math::BigFloat->new($_) } $joint[$i], $plain[$i];
		# double precision has 15 digits, of the larger of the two neighbours
		return 0 if ($x - $y)->babs > Math::BigFloat->new('1e-11') && ($x - $y)->babs > $y->copy->babs * Math::BigFloat->new('1e-12');
	}
	return 1;
}

foreach my $names ([qw(acme globex)], [qw(acme globex initech)], [qw(acme globex initech hooli umbrella)])
{
	local @SmcTest::NAMES = @$names;
	my $n = @$names;
	my %party = make_parties(tls => 0, names => $names);
	my $keeper = $party{acme};

	register_all(\%party);
	$keeper->safe_psql('postgres', 'CREATE DATABASE proof');
	$keeper->safe_psql('proof', <<SQL);
CREATE TABLE s ($table);
CREATE FUNCTION x_disc(xs anyarray, p numeric) RETURNS anyelement LANGUAGE sql IMMUTABLE AS
	'SELECT xs[greatest(ceil(p * cardinality(xs))::int, 1)]';
CREATE FUNCTION x_cont(xs numeric[], p numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS
	'SELECT trim_scale(xs[1 + floor(q)::int] + (q - floor(q)) * (xs[1 + ceil(q)::int] - xs[1 + floor(q)::int])) FROM (SELECT p * (cardinality(xs) - 1) AS q) q';
SQL
	$_->safe_psql('postgres', "CREATE TABLE t ($table)") foreach values %party;
	my $parties = join(', ', @$names);
	$keeper->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE s (
  g  text             OPTIONS (allow 'group, filter, count', values '{a,b,c}'),
  i2 smallint         OPTIONS (allow 'percentile, avg, filter'),
  i4 integer          OPTIONS (allow 'percentile, sum, filter'),
  i8 bigint           OPTIONS (allow 'percentile, filter'),
  n  numeric(12,2)    OPTIONS (allow 'percentile, filter'),
  f4 real             OPTIONS (allow 'percentile'),
  f8 double precision OPTIONS (allow 'percentile'),
  d  date             OPTIONS (allow 'percentile'),
  t  timestamp        OPTIONS (allow 'percentile')
) SERVER acme OPTIONS (parties '$parties', reveal_to 'all', source 't');
SQL
	accept_all(\%party, 's', 't');
	foreach my $set (@small)
	{
		my ($kind, $nulls, @counts) = @$set;
		my @all;

		foreach my $i (0 .. $n - 1)
		{
			my @rows = map { '(' . join(', ', map { rand() < $nulls ? 'NULL' : "'" . value($_->[0], $kind) . "'" } @columns) . ')' } 1 .. $counts[$i];

			$party{ $names->[$i] }->safe_psql('postgres', 'TRUNCATE t' . (@rows ? '; INSERT INTO t VALUES ' . join(', ', @rows) : ''));
			push @all, @rows;
		}
		$keeper->safe_psql('proof', 'TRUNCATE s' . (@all ? '; INSERT INTO s VALUES ' . join(', ', @all) : ''));
		my @queries = map { query($kind) } 1 .. $wanted / 3 / @small;
		my $asker = one(@$names);
		my @joint = answers($party{$asker}, 'postgres', map { joint($_) } @queries);
		my @plain = answers($keeper, 'proof', map { plain($_) } @queries);
		my $wrong = 0;

		foreach my $i (0 .. $#queries)
		{
			my ($x, $y) = ($joint[$i] // 'no answer', $plain[$i] // 'no answer');
			die 'the test\'s own query fails: ' . plain($queries[$i]) . "\n$y" if $y =~ /ERROR/;
			next if same_answer($x, $y);
			diag joint($queries[$i]) . "\njointly:\n${x}plainly:\n$y" if $wrong++ < 5;
		}
		is($wrong, 0, sprintf '%d parties, asked by %s: %d queries, %s values, %d%% NULLs, rows %s',
			$n, $asker, scalar @queries, $kind, 100 * $nulls, join('/', @counts[ 0 .. $n - 1 ]));
	}
	quiet_soon("$n parties", values %party);
	failures(\%party) if $n == 3;
	foreach my $node (values %party)
	{
		$node->stop('fast');
		$node->clean_node;
	}
}

# Cancelled while values are read, and in a search for many groups; a party that dies in it.
sub failures
{
	my ($party) = @_;
	my ($acme, $globex, $initech) = @{$party}{qw(acme globex initech)};
	my $values = join(',', 0 .. 499);

	$_->safe_psql('postgres', 'CREATE TABLE big AS SELECT n % 500 AS g, n / 500 % 4 AS h, n AS x FROM generate_series(1, 1000000) n') foreach values %$party;
	$acme->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE many (
  g integer OPTIONS (allow 'group, filter', values '{$values}') NOT NULL,
  h integer OPTIONS (allow 'group, filter', values '{0,1,2,3}') NOT NULL,
  x bigint  OPTIONS (allow 'median')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'big');
SQL
	accept_all($party, 'many', 'big');
	is(psql_result($acme, 'SELECT smc_median(x) FROM many')->{stdout}, '500000.5', 'a million rows a party');
	my $long = 'SELECT g, h, smc_median(x) FROM many GROUP BY g, h';

	foreach my $case ([ 'local', 'asker' ], [ 'local', 'peer' ], [ 'joint', 'asker' ], [ 'joint', 'peer' ])
	{
		my ($phase, $where) = @$case;
		my $query = start_query($acme, $long);
		wait_for_phase($phase eq 'local' ? $globex : $initech, $phase) or die "no $phase part";
		($where eq 'asker' ? $acme : $globex)->safe_psql('postgres', $where eq 'asker' ?
			  "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = '$long' AND backend_type = 'client backend'" :
			  "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'acme'");
		finish_query($query, 30);
		fails_within($query, qr/57014/, "the $where is cancelled in the $phase part");
		quiet_soon("after the $where was cancelled in the $phase part", values %$party);
		is(psql_result($acme, 'SELECT smc_median(x) FROM many WHERE g = 7 AND h = 0')->{stdout}, '499007', 'the next query works');
	}
	my $query = start_query($acme, $long);
	wait_for_phase($initech, 'joint') or die 'no joint part';
	$globex->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'acme'");
	finish_query($query, 30);
	fails_within($query, qr/globex/, 'a peer is terminated in the joint part');
	quiet_soon('after a peer was terminated', values %$party);
	is(psql_result($acme, 'SELECT count(*) FROM (SELECT g, h, smc_median(x) AS m FROM many GROUP BY g, h) q WHERE m = 499000 + 500 * h + g OR (g + h = 0 AND m = 501000)')->{stdout}, '2000', 'groups by the thousand');
	return;
}

done_testing();


# Modes and histograms with 2, 3 and 5 parties: random data (ties, NULLs, parties
# without rows) and random queries, each answer equal to what plain SQL over the
# union says.  Then histograms and counts with conditions at random, with
# min_rows: of all that is told, no run of buckets differs from another, nor from
# a count, by fewer rows than that.
#
# SMC_SEED=n repeats a run, SMC_QUERIES=n asks so many.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;

my $seed = $ENV{SMC_SEED} // 20260103;
my $wanted = $ENV{SMC_QUERIES} // 90;
srand $seed;
diag "seed $seed";

my @columns = (
	[ g => 'text' ], [ t => 'text' ], [ v => 'varchar(10)' ], [ b => 'boolean' ], [ e => 'size' ], [ i4 => 'integer' ], [ q => 'numeric(3,1)' ],
	[ n => 'numeric(8,2)' ], [ f8 => 'double precision' ], [ d => 'date' ], [ w => 'interval' ]);
my $table = join(', ', map { "$_->[0] $_->[1]" } @columns);
my @sets = ([ 0, 20, 21, 22, 23, 24 ], [ 0.3, 30, 0, 1, 9, 0 ], [ 0, 1, 1, 0, 0, 0 ], [ 0, 0, 0, 0, 0, 0 ], [ 0.1, 0, 80, 0, 0, 1 ]);

sub one { return $_[ int rand @_ ]; }

sub value
{
	my ($column) = @_;

	return one('a', 'b', 'c') if $column eq 'g';
	return one('pear', 'Pear', 'apple', 'élan', 'zoo') if $column eq 't';
	return one('x', 'y') if $column eq 'v';
	return one('t', 'f') if $column eq 'b';
	return one('small', 'tall', 'large') if $column eq 'e';
	return int rand 8 if $column eq 'i4';
	return one('-1.5', '0.0', '2.5', '10.0') if $column eq 'q';
	return sprintf '%.2f', rand(200) - 100 if $column eq 'n';
	return one('NaN', 'Infinity', '-Infinity', (int(rand 401) - 200) / 8, (int(rand 401) - 200) / 8) if $column eq 'f8';
	return one('infinity', '-infinity', map { sprintf '20%02d-%02d-%02d', rand 30, 1 + rand 12, 1 + rand 28 } 1 .. 5) if $column eq 'd';
	return sprintf '%d mons %d days %d:%02d:%02d.%06d', rand(30) - 15, rand(90) - 45, rand(60) - 30, rand 60, rand 60, rand 1e6;
}

# What joint() and plain() write out: what, its argument, bounds and buckets or DESC, the filter.
sub figure
{
	my $filter = rand() < 0.3 ? one("g = 'a'", 'i4 > 3', 'b', 'n < i4') : 'true';

	return '<<mode~' . one(qw(t v b e i4 q)) . '~' . one('', '', ' DESC') . "~$filter>>" if rand() < 0.5;
	return "<<sum~w~~$filter>>" if rand() < 0.2;
	my ($x, $lo, $hi) = @{ one([ 'i4', int rand 3, 4 + int rand 5 ], [ 'n', -150 + int rand 140, int rand 150 ], [ 'n', '-33.33', '66.67' ],
		[ 'i4 * 2 - 1', -3, 11 ], [ 'i4', '-0.5', '7.5' ], [ 'f8', '-20', '20.5' ], [ 'd', "'2001-01-01'::date", "'2024-02-29'::date" ]) };
	return "<<hist~$x~$lo, $hi, " . one(1, 2, 3, 7, 10, 64) . "~$filter>>";
}

sub write_joint
{
	my ($what, $x, $how, $filter) = @_;
	my $of = $filter eq 'true' ? '' : " FILTER (WHERE $filter)";

	return "smc_histogram($x, $how)$of" if $what eq 'hist';
	return one('smc_sum', 'sum') . "($x)$of" if $what eq 'sum';
	return $how eq '' && rand() < 0.5 ? "smc_mode($x)$of" : "mode() WITHIN GROUP (ORDER BY $x$how)$of";
}

sub write_plain
{
	my ($what, $x, $how, $filter) = @_;

	return "sum($x) FILTER (WHERE $filter)" if $what eq 'sum';
	return "mode() WITHIN GROUP (ORDER BY $x$how) FILTER (WHERE $filter)" if $what eq 'mode';
	my ($lo, $hi, $buckets) = split /, /, $how;
	my $place = $x eq 'd' ? "width_bucket(($x - $lo)::numeric, 0, ($hi - $lo)::numeric, $buckets)" :
	  $x eq 'f8' ? "width_bucket($x, $lo, $hi, $buckets)" : "width_bucket(($x)::numeric, $lo, $hi, $buckets)";
	my $inside = $x eq 'd' ? "isfinite($x) AND " : $x eq 'f8' ? "$x <> 'NaN' AND " : '';
	return "x_hist($buckets, array_agg(CASE WHEN $inside ($filter) THEN $place END))";
}

sub joint { my ($sql) = @_; $sql =~ s/<<(\w+)~(.*?)~(.*?)~(.*?)>>/write_joint($1, $2, $3, $4)/ge; return $sql; }
sub plain { my ($sql) = @_; $sql =~ s/<<(\w+)~(.*?)~(.*?)~(.*?)>>/write_plain($1, $2, $3, $4)/ge; return $sql; }

sub query
{
	my $grouped = rand() < 0.5;
	my $sql = 'SELECT ' . join(', ', ($grouped ? 'g' : ()), map { figure() } 1 .. 1 + int rand 3) . ' FROM s';

	$sql .= ' WHERE ' . one('i4 > 2', "g <> 'b'", 'b IS NOT NULL', 'n > 0') if rand() < 0.3;
	$sql .= ' GROUP BY g' if $grouped;
	$sql .= ' HAVING ' . one('count(*) > 3', 'sum(i4) > 20') if $grouped && rand() < 0.3;
	$sql .= ' ORDER BY 1' if $grouped;
	return $sql;
}

sub answers
{
	my ($node, $dbname, @queries) = @_;
	my $script = "SET datestyle = 'ISO';\n" . join('', map { "\\echo =$_\n$queries[$_];\n" } 0 .. $#queries);
	my ($out, @answers);

	local $ENV{PGCLIENTENCODING} = 'UTF8';
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

	register_all(\%party);
	$keeper->safe_psql('postgres', 'CREATE DATABASE proof');
	$_->safe_psql('postgres', "CREATE TYPE size AS ENUM ('small', 'tall', 'large'); CREATE TABLE t ($table)") foreach values %party;
	$keeper->safe_psql('proof', <<SQL);
CREATE TYPE size AS ENUM ('small', 'tall', 'large');
CREATE TABLE s ($table);
CREATE FUNCTION x_hist(buckets int, places int[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS
	'SELECT array_agg((SELECT count(*) FROM unnest(places) p WHERE p = b) ORDER BY b) FROM generate_series(1, buckets) b';
SQL
	my $parties = join(', ', @$names);
	$keeper->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE s (
  g  text         OPTIONS (allow 'group, filter, count', values '{a,b,c}'),
  t  text         OPTIONS (allow 'mode', values '{pear,zoo,élan,Pear,apple}'),
  v  varchar(10)  OPTIONS (allow 'mode', values '{y,x}'),
  b  boolean      OPTIONS (allow 'mode, filter'),
  e  size         OPTIONS (allow 'mode'),
  i4 integer      OPTIONS (allow 'mode, histogram, sum, filter', values '{7,6,5,4,3,2,1,0}'),
  q  numeric(3,1) OPTIONS (allow 'mode', values '{10.0,0.0,2.5,-1.5}'),
  n  numeric(8,2) OPTIONS (allow 'histogram, filter'),
  f8 double precision OPTIONS (allow 'histogram'),
  d  date         OPTIONS (allow 'histogram'),
  w  interval     OPTIONS (allow 'sum')
) SERVER acme OPTIONS (parties '$parties', reveal_to 'all', source 't');
SQL
	accept_all(\%party, 's', 't');
	foreach my $set (@sets)
	{
		my ($nulls, @counts) = @$set;
		my @all;

		foreach my $i (0 .. $n - 1)
		{
			my @rows = map { '(' . join(', ', map { rand() < $nulls ? 'NULL' : "'" . value($_->[0]) . "'" } @columns) . ')' } 1 .. $counts[$i];

			$party{ $names->[$i] }->safe_psql('postgres', 'TRUNCATE t' . (@rows ? '; INSERT INTO t VALUES ' . join(', ', @rows) : ''));
			push @all, @rows;
		}
		$keeper->safe_psql('proof', 'TRUNCATE s' . (@all ? '; INSERT INTO s VALUES ' . join(', ', @all) : ''));
		my @queries = map { query() } 1 .. $wanted / 3 / @sets;
		my $asker = one(@$names);
		my @joint = answers($party{$asker}, 'postgres', map { joint($_) } @queries);
		my @plain = answers($keeper, 'proof', map { plain($_) } @queries);
		my $wrong = 0;

		foreach my $i (0 .. $#queries)
		{
			my ($x, $y) = ($joint[$i] // 'no answer', $plain[$i] // 'no answer');
			die 'the test\'s own query fails: ' . plain($queries[$i]) . "\n$y" if $y =~ /ERROR/;
			next if $x eq $y;
			diag joint($queries[$i]) . "\njointly:\n${x}plainly:\n$y" if $wrong++ < 5;
		}
		is($wrong, 0, sprintf '%d parties, asked by %s: %d queries, %d%% NULLs, rows %s',
			$n, $asker, scalar @queries, 100 * $nulls, join('/', @counts[ 0 .. $n - 1 ]));
	}
	quiet_soon("$n parties", values %party);
	differences(\%party, $_) foreach $n == 3 ? (1 .. 4) : ();
	foreach my $node (values %party)
	{
		$node->stop('fast');
		$node->clean_node;
	}
}

#
# Differences
#

# The rows of a list that are in one of two sets only.
sub apart
{
	my ($x, $y) = @_;

	return grep { !$x->{$_} != !$y->{$_} } keys %{ { %$x, %$y } };
}

# The bucket of a value by bounds that are halves.
sub bucket
{
	my ($x, $lo, $hi, $buckets) = @_;

	return 0 if !defined $x || $x < $lo || $x >= $hi;
	return 1 + int((2 * $x - 2 * $lo) * $buckets / (2 * $hi - 2 * $lo));
}

# Whether two figures, a histogram one of them, differ by conditions on its value, if by any: then runs in the middle are compared.
sub of_one_value
{
	my ($x, $y) = @_;
	my $column = $x->{column} // $y->{column};

	return $x->{column} eq $y->{column} if defined $x->{column} && defined $y->{column};
	return 1 if $x->{base} eq $y->{base} && !$x->{ranged} && !$y->{ranged};
	return 1 if $column eq 'x' && ($x->{ranged} || $y->{ranged});
	return $x->{base} ne $y->{base} && ($x->{base} . $y->{base}) =~ /\b$column\b/;
}

# Ask at random, and compare all that is told.
sub differences
{
	my ($party, $round) = @_;
	my $least = 4;
	my $acme = $party->{acme};
	my @rows = map { { id => $_, x => one(1, 1, 1, 1, 0) ? int rand 40 : undef, y => int rand 40 } } 1 .. 60 + 30 * $round;
	my (@told, $answered, $refused);

	my $i = 0;
	foreach my $name (@SmcTest::NAMES)
	{
		my @own = grep { $_->{id} % 3 == $i } @rows;

		$i++;
		$party->{$name}->safe_psql('postgres', "CREATE TABLE own$round (id int, x int, y int); INSERT INTO own$round VALUES "
			  . join(', ', map { "($_->{id}, " . ($_->{x} // 'NULL') . ", $_->{y})" } @own));
	}
	$acme->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE d$round (
  id integer OPTIONS (allow 'filter') NOT NULL,
  x  integer OPTIONS (allow 'histogram, count, filter'),
  y  integer OPTIONS (allow 'histogram, count, filter') NOT NULL
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'own$round', min_rows '$least', history '256');
SQL
	accept_all($party, "d$round", "own$round");
	for (1 .. 40)
	{
		my ($condition, $holds) = @{ one(
			[ 'true', sub { 1 } ], [ 'true', sub { 1 } ], [ 'id > 0', sub { 1 } ],
			do { my $j = 1 + int rand 20; [ "id <> $j", sub { $_[0]{id} != $j } ] },
			do { my $j = int rand 35; [ "y > $j", sub { $_[0]{y} > $j } ] }) };
		my @sets;

		if (rand() < 0.6)
		{
			my $column = one('x', 'x', 'x', 'y');
			my ($lo, $hi, $buckets) = (one(0, 0, 5, '0.5', 1), one(40, 40, 30, '39.5', 50), 1 + int rand 7);
			my ($answer) = answers($acme, 'postgres', "SELECT smc_histogram($column, $lo, $hi, $buckets) FROM d$round WHERE $condition");
			$refused++, next if $answer =~ /too many different conditions/;
			my ($array) = $answer =~ /\{(.*)\}/ or next;
			my @counts = split /,/, $array;
			my @members = map { {} } 0 .. $buckets + 1;

			$members[ bucket($_->{$column}, $lo, $hi, $buckets) ]{ $_->{id} } = 1 foreach grep { $holds->($_) } @rows;
			foreach my $from (1 .. $buckets)
			{
				my %run;
				foreach my $to ($from .. $buckets)
				{
					last if $counts[ $to - 1 ] eq 'NULL';
					die "bucket $to of $answer is wrong" if $counts[ $to - 1 ] != keys %{ $members[$to] };
					$run{$_} = 1 foreach keys %{ $members[$to] };
					push @sets, { rows => {%run}, column => $column, run => $to > $from && $to - $from + 1 < $buckets, base => $condition,
						text => "$from to $to of $column, $lo, $hi, $buckets WHERE $condition" };
				}
			}
			$answered++ if @sets;
		}
		else
		{
			my ($from, $to) = (int rand 20, 20 + int rand 25);
			my ($x, $test) = @{ one([ $condition, $holds ], [ "$condition AND x >= $from AND x < $to",
				sub { $holds->($_[0]) && defined $_[0]{x} && $_[0]{x} >= $from && $_[0]{x} < $to } ]) };
			my ($answer) = answers($acme, 'postgres', "SELECT 'n' || count(*) FROM d$round WHERE $x");
			$refused++, next if $answer =~ /too many different conditions/;
			my ($count) = $answer =~ /n(\d+)/ or next;
			my %rows = map { $_->{id} => 1 } grep { $test->($_) } @rows;

			die "count $answer is wrong" if $count != keys %rows;
			push @sets, { rows => \%rows, base => $condition, ranged => $x ne $condition, text => "count WHERE $x" };
			$answered++;
		}
		push @told, \@sets;
	}

	my ($pairs, $near) = (0, 0);
	foreach my $i (1 .. $#told)
	{
		foreach my $j (0 .. $i - 1)
		{
			foreach my $x (@{ $told[$i] })
			{
				foreach my $y (@{ $told[$j] })
				{
					next if ($x->{run} || $y->{run}) && !of_one_value($x, $y);
					my $apart = apart($x->{rows}, $y->{rows});
					$pairs++;
					next if $apart == 0 || $apart >= $least;
					diag "round $round: $x->{text} and $y->{text} are $apart apart" if $near++ < 5;
				}
			}
		}
	}
	is($near, 0, sprintf 'differences, round %d: %d pairs of figures, of %d questions that were answered', $round, $pairs, $answered);
	cmp_ok($answered, '>=', 3, 'some are');
	cmp_ok($refused // 0, '<', 30, 'not all are too much');
	return;
}

done_testing();

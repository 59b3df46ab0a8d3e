
# Two thousand random queries over random data: each joint answer equals
# plain SQL over the union.
#
# Data come in sets: how many rows each party has (none, at times), how many
# NULLs, and whether values are small, so that any expression over them is in
# range, or as extreme as their type allows, and then only taken as they are.
# Numbers must be equal as numbers; those of averages with mixed scales, of
# floats and of statistics, to 12 digits.
#
# SMC_SEED=n repeats a run, SMC_QUERIES=n asks so many.

use strict;
use warnings;

use Math::BigFloat;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;

my $seed = $ENV{SMC_SEED} // 20260101;
my $wanted = $ENV{SMC_QUERIES} // 1000;
srand $seed;
diag "seed $seed";

my %party = make_parties(tls => 0);
my @names = @SmcTest::NAMES;
my $keeper = $party{acme};

register_all(\%party);

my @columns = (
	[ g => 'text' ], [ h => 'text NOT NULL' ], [ b => 'boolean' ], [ i2 => 'smallint' ], [ i4 => 'integer' ], [ i8 => 'bigint' ],
	[ n => 'numeric(12,2)' ], [ m => 'numeric(20,6)' ], [ f4 => 'real' ], [ f8 => 'double precision' ], [ d => 'date' ]);
my $table = join(', ', map { "$_->[0] $_->[1]" } @columns);

sub one { return $_[ int rand @_ ]; }

#
# The study
#
$keeper->safe_psql('postgres', 'CREATE DATABASE proof');
$keeper->safe_psql('proof', "CREATE TABLE s ($table)");
$_->safe_psql('postgres', "CREATE TABLE t ($table)") foreach values %party;
$keeper->safe_psql('postgres', <<'SQL');
CREATE FOREIGN TABLE s (
  g  text             OPTIONS (allow 'group, filter, count', values '{a,b,c}'),
  h  text             OPTIONS (allow 'group, filter, count', values '{"x y","O''Neil"}') NOT NULL,
  b  boolean          OPTIONS (allow 'group, filter, count'),
  i2 smallint         OPTIONS (allow 'count, sum, avg, variance, stddev, covar, corr, regr, filter'),
  i4 integer          OPTIONS (allow 'count, sum, avg, variance, stddev, covar, corr, regr, filter'),
  i8 bigint           OPTIONS (allow 'count, sum, avg, variance, stddev, covar, corr, regr, filter'),
  n  numeric(12,2)    OPTIONS (allow 'count, sum, avg, variance, stddev, covar, corr, regr, filter'),
  m  numeric(20,6)    OPTIONS (allow 'count, sum, avg, variance, stddev, covar, corr, regr, filter'),
  f4 real             OPTIONS (allow 'count, sum, avg, variance, stddev, covar, corr, regr, filter', scale '6'),
  f8 double precision OPTIONS (allow 'count, sum, avg, variance, stddev, covar, corr, regr, filter', scale '6'),
  d  date             OPTIONS (allow 'count, filter')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 't');
SQL
accept_all(\%party, 's', 't');

# Native statistics of pairs work in double precision: plainly they are computed
# from exact sums instead.
$keeper->safe_psql('proof', <<'SQL');
CREATE FUNCTION x_add(s numeric[], y numeric, x numeric) RETURNS numeric[] LANGUAGE sql IMMUTABLE AS
  $$ SELECT CASE WHEN x IS NULL OR y IS NULL THEN s ELSE ARRAY[s[1] + 1, s[2] + x, s[3] + y, s[4] + x * x, s[5] + x * y, s[6] + y * y] END $$;
CREATE AGGREGATE x_sums(numeric, numeric) (SFUNC = x_add, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}');
CREATE FUNCTION x_of(name text, s numeric[]) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  n numeric := s[1];
  sxx numeric := n * s[4] - s[2] * s[2];
  sxy numeric := n * s[5] - s[2] * s[3];
  syy numeric := n * s[6] - s[3] * s[3];
BEGIN
  CASE
    WHEN name = 'regr_count' THEN RETURN n;
    WHEN n = 0 THEN RETURN NULL;
    WHEN name = 'regr_avgx' THEN RETURN s[2] / n;
    WHEN name = 'regr_avgy' THEN RETURN s[3] / n;
    WHEN name = 'regr_sxx' THEN RETURN sxx / n;
    WHEN name = 'regr_syy' THEN RETURN syy / n;
    WHEN name = 'regr_sxy' THEN RETURN sxy / n;
    WHEN name = 'covar_pop' THEN RETURN sxy / (n * n);
    WHEN name = 'covar_samp' THEN RETURN round(sxy, 100) / nullif(n * (n - 1), 0);
    WHEN sxx = 0 THEN RETURN NULL;
    WHEN name = 'regr_slope' THEN RETURN round(sxy, 100) / sxx;
    WHEN name = 'regr_intercept' THEN RETURN round(s[3] * s[4] - s[2] * s[5], 100) / sxx;
    WHEN name = 'regr_r2' THEN RETURN CASE WHEN syy = 0 THEN 1 ELSE round(sxy * sxy, 100) / (sxx * syy) END;
    WHEN name = 'corr' THEN RETURN CASE WHEN syy <> 0 THEN sign(sxy) * sqrt(round(sxy * sxy, 100) / (sxx * syy)) END;
  END CASE;
END $$;
SQL

#
# Data
#
my %extreme = (
	i2 => [ -32768, 32767 ], i4 => [ -2147483648, 2147483647 ], i8 => [ '-9223372036854775808', '9223372036854775807' ],
	n => [ '-9999999999.99', '9999999999.99' ], m => [ '-99999999999999.999999', '99999999999999.999999' ],
	f4 => [ -262144.25, 262144.75 ], f8 => [ -1e12, 1e12 ], d => [ '0001-01-01', '9999-12-31' ]);

sub random_value
{
	my ($column, $kind) = @_;

	return one('a', 'b', 'c') if $column eq 'g';
	return one('x y', "O'Neil") if $column eq 'h';
	return one('t', 'f') if $column eq 'b';
	return one(@{ $extreme{$column} }) if $kind eq 'extreme' && rand() < 0.7;
	return int(rand 101) - 50 if $column =~ /^i/;
	return sprintf '%.2f', rand(2000) - 1000 if $column eq 'n';
	return sprintf '%.6f', rand(200) - 100 if $column eq 'm';
	return (int(rand 4001) - 2000) / 4 if $column =~ /^f/;
	return sprintf '20%02d-%02d-%02d', rand 30, 1 + rand 12, 1 + rand 28;
}

sub deal
{
	my ($kind, $nulls, @counts) = @_;
	my $all = '';

	foreach my $i (0 .. $#names)
	{
		my $rows = '';

		for (1 .. $counts[$i])
		{
			$rows .= join("\t", map { $_->[0] ne 'h' && rand() < $nulls ? '\N' : random_value($_->[0], $kind) } @columns) . "\n";
		}
		load($party{ $names[$i] }, 'postgres', 't', $rows);
		$all .= $rows;
	}
	load($keeper, 'proof', 's', $all);
	return;
}

my $loads = 0;
sub load
{
	my ($node, $dbname, $relation, $rows) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir . '/rows.' . $loads++;

	append_to_file($file, $rows);
	$node->safe_psql($dbname, "TRUNCATE $relation; COPY $relation FROM '$file'");
	unlink $file;
	return;
}

#
# Queries
#
sub int_expr
{
	my ($depth) = @_;

	return one('i2::int', 'i4', 'i4') if $depth <= 0 || rand() < 0.2;
	my ($x, $y) = (int_expr($depth - 1), rand() < 0.5 ? int_expr($depth - 1) : int(rand 20) - 10);
	return one("($x + $y)", "($x - $y)", "($x * $y)", "(- $x)", "abs($x)", "($x / " . one(3, -7, 2) . ')', "($x % " . one(3, 10, -4) . ')',
		"coalesce($x, $y)", "CASE WHEN " . condition($depth - 1) . " THEN $x ELSE $y END", "nullif($x, " . (int rand 5) . ')',
		"greatest($x, $y)", "least($x, $y)");
}

sub numeric_expr
{
	my ($depth) = @_;

	return one('n', 'm', 'n') if $depth <= 0 || rand() < 0.2;
	my $x = numeric_expr($depth - 1);
	my $y = one(numeric_expr($depth - 1), int_expr($depth - 1), sprintf('%.2f', rand 10));
	return one("($x + $y)", "($x - $y)", "($x * " . one('i4', '1.5', '-3') . ')', "(- $x)", "abs($x)", "round($x, " . (int rand 4) . ')',
		"round($x / " . one(3, '0.7', -11) . ', 4)', "trunc($x, 1)", "floor($x)", "ceil($x)",
		"coalesce($x, $y)", "CASE WHEN " . condition($depth - 1) . " THEN $x END", "greatest($x, $y)");
}

sub float_expr
{
	my ($depth) = @_;

	return one('f8', 'f4', 'f8') if $depth <= 0 || rand() < 0.3;
	my $x = float_expr($depth - 1);
	return one("($x + " . one('f8', '0.5', 'i4') . ')', "($x - f4)", "($x * " . one('0.25', '4', '-1.5') . ')', "(- $x)", "abs($x)", "coalesce($x, 0)");
}

my $in_range = 1;    # whether any expression over the data is in range
sub condition
{
	my ($depth) = @_;

	if ($depth > 0 && rand() < 0.5)
	{
		my ($x, $y) = (condition($depth - 1), condition($depth - 1));
		return one("($x AND $y)", "($x OR $y)", "(NOT $x)", "($x) IS NOT TRUE", "($x) IS TRUE");
	}
	my $operator = one('=', '<>', '<', '<=', '>', '>=');
	return one(
		"i4 $operator " . (int(rand 60) - 30), "i2 $operator i4", "n $operator " . sprintf('%.1f', rand(400) - 200), "i8 $operator 0",
		"f8 $operator " . one('0', '12.25', '-100'), "g COLLATE \"C\" $operator '" . one('a', 'b', 'c', 'd', 'q') . "'", "g IN ('a', 'c')", "h = 'x y'", "h <> 'O''Neil'",
		'b', 'NOT b', 'b IS NULL', 'b IS TRUE', 'i4 IS NULL', 'n IS NOT NULL', 'g IS NULL', "i4 BETWEEN -10 AND " . (int rand 30),
		"d $operator '20" . sprintf('%02d', rand 30) . "-06-15'", "g LIKE '" . one('a%', '%', '_', 'b') . "'", "i4 IN (1, 2, 3, NULL)",
		'n > m', 'g IS DISTINCT FROM \'a\'', 'true', ($in_range ? 'i4 + i2 > 3' : 'i4 > i2'), "coalesce(i4, 0) $operator 5", 'h LIKE \'O%\'', 'd IS NULL');
}

sub aggregate
{
	my ($kind) = @_;
	my $argument =
	  $kind eq 'extreme'
	  ? one(qw(i2 i4 i8 n m f4 f8))
	  : one(qw(i2 i4 i8 n m f4 f8), int_expr(2), int_expr(3), numeric_expr(2), numeric_expr(3), float_expr(2));
	my $call = one('count(*)', "sum($argument)", "sum($argument)", "avg($argument)", "avg($argument)", "count($argument)", 'count(' . one(qw(g h b d)) . ')');

	$call = "smc_$call" if rand() < 0.5;
	$call .= ' FILTER (WHERE ' . condition($kind eq 'extreme' ? 0 : 1) . ')' if rand() < 0.3;
	return $call;
}

# One of the statistical aggregates, marked so that joint() and plain() write it
# out: name, arguments, filter.
my @of_one = qw(variance var_samp var_pop stddev stddev_samp stddev_pop);
my @of_two = qw(covar_pop covar_samp corr regr_count regr_avgx regr_avgy regr_sxx regr_syy regr_sxy regr_slope regr_intercept regr_r2);
sub statistic
{
	my ($kind) = @_;
	my $filter = rand() < 0.3 ? ' FILTER (WHERE ' . condition($kind eq 'extreme' ? 0 : 1) . ')' : '';
	my $argument = sub { $kind eq 'extreme' || rand() < 0.6 ? one(qw(i2 i4 i8 n m f4 f8)) : one(int_expr(1), numeric_expr(1), float_expr(1)) };
	my ($x, $y) = ($argument->(), $argument->());

	return rand() < 0.4 ? "<<" . one(@of_one) . "~$x~~$filter>>" : "<<" . one(@of_two) . "~$y~$x~$filter>>";
}

sub joint
{
	my ($sql) = @_;

	$sql =~ s/<<(\w+)~([^~]*)~([^~]*)~(.*?)>>/(rand() < 0.5 ? 'smc_' : '') . "$1($2" . ($3 ne '' ? ", $3" : '') . ")$4"/ge;
	return $sql;
}

sub plain
{
	my ($sql) = @_;

	$sql =~ s/<<(\w+)~([^~]*\bf[48]\b[^~]*)~~(.*?)>>/$1(($2)::text::numeric)$3/g;
	$sql =~ s/<<(\w+)~([^~]*)~~(.*?)>>/$1($2)$3/g;
	$sql =~ s/<<(\w+)~([^~]*)~([^~]*)~(.*?)>>/x_of('$1', x_sums(($2)::text::numeric, ($3)::text::numeric)$4)/g;
	return union_sql($sql);
}

# An aggregate that is a number, as numeric, of small data or large.
sub number
{
	my ($kind) = @_;
	my $argument = $kind eq 'extreme' ? one(qw(i2 i4 n m)) : one(qw(i2 i4 i8 n m i4*2 n-i4));
	my $call = one('count(*)', "sum($argument)", "sum($argument)", "avg($argument)", "count($argument)", "variance($argument)");

	# of large numbers PostgreSQL's has fewer digits than are computed with
	$call = "stddev_pop($argument)" if $kind ne 'extreme' && rand() < 0.15;

	$call .= ' FILTER (WHERE ' . condition(0) . ')' if rand() < 0.3;
	return $call =~ /^count/ ? $call : "($call)::numeric";
}

# An expression over aggregates: a truth value, or a number.
sub truth
{
	my ($kind, $depth) = @_;
	my $operator = one('=', '<>', '<', '<=', '>', '>=');

	if ($depth > 0 && rand() < 0.6)
	{
		my ($x, $y) = (truth($kind, $depth - 1), truth($kind, $depth - 1));
		return one("($x AND $y)", "($x OR $y)", "(NOT $x)", "($x) IS TRUE", "($x) IS NOT FALSE", "($x) IS NULL", "CASE WHEN $x THEN $y ELSE NULL END");
	}
	my ($x, $y) = (number($kind), number($kind));
	return one("$x $operator $y", "$x $operator " . (int(rand 400) - 200), "$x IS NULL", "$x IS DISTINCT FROM $y", "$x BETWEEN -50 AND $y",
		"$x IN (0, 1, 2, NULL)", "$x + $y $operator 2 * $y", "greatest($x, $y) $operator $x");
}

sub formula
{
	my ($kind) = @_;
	my ($x, $y) = (number($kind), number($kind));

	return truth($kind, 2) if rand() < 0.5;
	return one("$x + $y", "$x - 2 * $y", "abs($x)", "round($x, " . (int(rand 5) - 1) . ')', "trunc($x, 1)", "round($x / nullif($y, 0), 6)",
		"coalesce($x, $y, 0)", 'CASE WHEN ' . truth($kind, 1) . " THEN $x ELSE $y END", "sign($x)", "least($x, $y)", "round(100.0 * $x / nullif($y, 0), 2)",
		'sum(i4) / nullif(count(i4), 0)', 'count(*) % 3', "nullif($x, $y)", "floor($x) + ceil($y)");
}

sub query
{
	my ($kind) = @_;
	my @groups = grep { rand() < 0.3 } qw(g h b);
	my $statistics = rand() < 0.25;
	my @outputs = map { $statistics ? statistic($kind) : rand() < 0.25 ? formula($kind) : aggregate($kind) } 1 .. 1 + int rand 4;
	my $sql = 'SELECT ' . join(', ', @groups, @outputs) . ' FROM s';

	$sql .= ' WHERE ' . condition($kind eq 'extreme' ? 0 : 2) if rand() < 0.6;
	$sql .= ' GROUP BY ' . join(', ', @groups) if @groups;
	if (rand() < 0.2)
	{
		my $having = rand() < 0.5 ? truth($kind, 1) : one('count(*) > ' . (int rand 12), 'count(i4) % 2 = 0', 'sum(i4) IS NOT NULL', 'sum(i4) > 10', 'avg(n) < 50 OR count(*) < 4');
		$having = one($having, "g = 'a'", "$having AND g IS NOT NULL") if grep { $_ eq 'g' } @groups;
		$sql .= " HAVING $having";
	}
	$sql .= ' ORDER BY ' . join(', ', map { $_ + 1 . one('', ' DESC', ' NULLS FIRST') } 0 .. $#groups) if @groups;
	$sql .= one('', ' LIMIT ' . (1 + int rand 4), ' OFFSET 1') if @groups && rand() < 0.2;
	if (rand() < 0.1)
	{
		$sql = one("SELECT * FROM ($sql) q", "WITH q AS MATERIALIZED ($sql) SELECT count(*) FROM q", "SELECT EXISTS ($sql)");
	}
	return $sql;
}

# One with parameters: the text to prepare and to execute.
sub prepared
{
	my ($kind) = @_;
	my $sql = 'SELECT count(*), sum(i4), sum(n) FROM s WHERE i4 > $1 AND (g = $2 OR $3)';
	my @values = (int(rand 40) - 20, one("'a'", "'b'", 'NULL'), one('true', 'false', 'NULL'));

	return 'PREPARE q(int, text, boolean) AS ' . $sql . '; EXECUTE q(' . join(', ', @values) . '); DEALLOCATE q';
}

#
# Answers
#

# Run queries in one session; returns the outputs, errors included.
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

sub same_number
{
	my ($x, $y, $loose) = @_;

	return 1 if $x eq $y;
	return 0 if $x !~ /^-?[\d.]+(?:e[-+]?\d+)?$/i || $y !~ /^-?[\d.]+(?:e[-+]?\d+)?$/i;
	my ($a, $b) = (Math::BigFloat->new($x), Math::BigFloat->new($y));
	return 1 if $a == $b;
	return 0 if !$loose;
	my $difference = ($a - $b)->babs;
	return 1 if $difference <= Math::BigFloat->new($loose);
	return $difference <= $b->copy->babs * Math::BigFloat->new('1e-12');
}

sub same_answer
{
	my ($sql, $joint, $plain) = @_;
	my @joint = split /[|\n]/, $joint, -1;
	my @plain = split /[|\n]/, $plain, -1;
	# floats are kept with 6 digits after the point, and so summed by three parties
	my $loose = $sql =~ /<</ ? '1e-30' : $sql =~ /\bf[48]\b/ ? '2e-6' : $sql =~ /avg|variance|stddev/ ? '1e-15' : '';

	return 0 if @joint != @plain;
	same_number($joint[$_], $plain[$_], $loose) or return 0 foreach 0 .. $#joint;
	return 1;
}

my @sets = (
	[ 'small', 0, 40, 30, 50 ], [ 'small', 0.2, 20, 20, 20 ], [ 'small', 0.5, 3, 0, 7 ], [ 'small', 0.9, 10, 10, 10 ], [ 'small', 0, 0, 0, 0 ],
	[ 'small', 1, 4, 5, 6 ], [ 'small', 0.1, 0, 0, 100 ], [ 'small', 0.1, 1, 0, 0 ], [ 'small', 0.3, 200, 100, 0 ], [ 'extreme', 0, 20, 20, 20 ],
	[ 'extreme', 0.3, 50, 0, 50 ], [ 'extreme', 0.1, 1, 1, 1 ]);
my $total = 0;
my $refused = 0;
foreach my $set (@sets)
{
	my ($kind, $nulls, @counts) = @$set;
	$in_range = $kind eq 'small';
	my @queries = map { rand() < 0.05 ? prepared($kind) : query($kind) } 1 .. $wanted / @sets;
	my $asker = one(@names);

	deal($kind, $nulls, @counts);
	my @plain_queries = map { plain($_) } @queries;
	my @joint = answers($party{$asker}, 'postgres', map { joint($_) } @queries);
	my @plain = answers($keeper, 'proof', @plain_queries);
	my $wrong = 0;

	foreach my $i (0 .. $#queries)
	{
		my ($x, $y) = ($joint[$i] // 'no answer', $plain[$i] // 'no answer');
		die "the test's own query fails: $plain_queries[$i]\n$y" if $y =~ /ERROR/;
		# a product of many columns could, for other rows than these
		$refused++, next if $x =~ /could leave the range of joint sums/;
		next if same_answer($queries[$i], $x, $y);
		diag "$queries[$i]\njointly:\n${x}plainly:\n$y" if $wrong++ < 5;
	}
	is($wrong, 0, sprintf '%d queries by %s: %s values, %d%% NULLs, rows %s', scalar @queries, $asker, $kind, 100 * $nulls, join('/', @counts));
	$total += @queries;
}
cmp_ok($total, '>=', $wanted - @sets, "$total queries");
cmp_ok($refused, '<', $total / 20, "$refused refused for their possible range");
quiet_soon('in the end', values %party);

done_testing();


# Logistic regressions with 2, 3 and 5 parties: random data (NULLs, parties without rows
# or with few, columns of several types), each answer beside that of Newton's method over
# the union in double precision.  What runs shows how far it is, and ends at once when it
# is cancelled or a party dies.
#
# SMC_SEED=n repeats a run.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;

my $seed = $ENV{SMC_SEED} // 20260103;
srand $seed;
diag "seed $seed";

sub one { return $_[ int rand @_ ]; }

# Rows of y and columns: flag b, age a, amount n, float f; NULLs now and then.
sub rows
{
	my ($count, @beta) = @_;

	return map {
		my @x = (int rand 2, 18 + int rand 60, sprintf('%.2f', rand(2000) - 1000), (int(rand 800) - 400) / 8);
		my $z = $beta[0] + $beta[1] * $x[0] + $beta[2] * ($x[1] - 45) + $beta[3] * $x[2] / 500 + $beta[4] * $x[3] / 20;
		my $y = rand() < 1 / (1 + exp(-$z)) ? 'true' : 'false';

		[ $y, map { rand() < 0.02 ? undef : $_ } @x ];
	} 1 .. $count;
}

# Coefficients and standard errors, by Newton's method with Gauss and Jordan's.
sub fit
{
	my ($rows) = @_;
	my $k = @{ $rows->[0] } - 1;
	my @beta = (0) x $k;
	my @inverse;

	foreach my $step (1 .. 25)
	{
		my (@h, @g);

		foreach my $row (@$rows)
		{
			my ($y, @x) = @$row;
			my $z = 0;

			$z += $beta[$_] * $x[$_] foreach 0 .. $k - 1;
			my $p = 1 / (1 + exp(-$z));
			foreach my $i (0 .. $k - 1)
			{
				$g[$i] += $x[$i] * ($y - $p);
				$h[$i][$_] += $x[$i] * $x[$_] * $p * (1 - $p) foreach 0 .. $k - 1;
			}
		}
		@inverse = map { my $i = $_; [ map { $_ == $i ? 1 : 0 } 0 .. $k - 1 ] } 0 .. $k - 1;
		foreach my $p (0 .. $k - 1)
		{
			my $d = $h[$p][$p];

			$_ /= $d foreach @{ $h[$p] }, @{ $inverse[$p] };
			foreach my $i (grep { $_ != $p } 0 .. $k - 1)
			{
				my $f = $h[$i][$p];

				foreach my $j (0 .. $k - 1)
				{
					$h[$i][$j] -= $f * $h[$p][$j];
					$inverse[$i][$j] -= $f * $inverse[$p][$j];
				}
			}
		}
		foreach my $i (0 .. $k - 1)
		{
			$beta[$i] += $inverse[$i][$_] * $g[$_] foreach 0 .. $k - 1;
		}
	}
	return (\@beta, [ map { sqrt $inverse[$_][$_] } 0 .. $k - 1 ]);
}

sub numbers { my ($array) = @_; $array =~ s/[{}]//g; return split /,/, $array; }

# Whether a model is that of rows: within 1e-4 standard errors, and those to five digits.
sub is_fit
{
	my ($answer, $rows, $name) = @_;
	my ($coef, $errors, $count, $iterations) = split /\|/, $answer->{stdout};
	my ($beta, $se) = fit($rows);

	return fail("$name: $answer->{stderr}") if !defined $iterations;
	my @coef = numbers($coef);
	my @errors = numbers($errors);
	my $worst = 0;

	foreach my $i (0 .. $#$beta)
	{
		my $off = abs($coef[$i] - $beta->[$i]) / $se->[$i] + 10 * abs($errors[$i] / $se->[$i] - 1);
		$worst = $off if $off > $worst;
	}
	return ok($worst < 1e-4 && $count == @$rows && $iterations < 20, "$name: $count rows, $iterations iterations, off by " . sprintf '%.1e', $worst);
}

my $definition = <<'SQL';
  y boolean           OPTIONS (allow 'logregr'),
  b integer           OPTIONS (allow 'logregr', lo '0', hi '1'),
  a smallint          OPTIONS (allow 'logregr'),
  n numeric(9,2)      OPTIONS (allow 'logregr, filter'),
  f double precision  OPTIONS (allow 'logregr', lo '-50', hi '50', scale '3')
SQL

foreach my $names ([qw(acme globex)], [qw(acme globex initech)], [qw(acme globex initech hooli umbrella)])
{
	local @SmcTest::NAMES = @$names;
	my $n = @$names;
	my %party = make_parties(tls => 0, names => $names);
	my $parties = join(', ', @$names);
	my @all;

	register_all(\%party);
	$_->safe_psql('postgres', 'CREATE TABLE t (y boolean, b integer, a smallint, n numeric(9,2), f double precision)') foreach values %party;
	$party{acme}->safe_psql('postgres', "CREATE FOREIGN TABLE s ($definition) SERVER acme OPTIONS (parties '$parties', reveal_to 'all', source 't')");
	accept_all(\%party, 's', 't');
	my @beta = map { rand(3) - 1.5 } 1 .. 5;
	$beta[2] /= 15;
	foreach my $i (0 .. $n - 1)
	{
		my @rows = rows((150, 120, 3, 0, 40)[$i], @beta);

		$party{ $names->[$i] }->safe_psql('postgres', 'INSERT INTO t VALUES ' .
			  join(', ', map { '(' . join(', ', map { defined $_ ? $_ : 'NULL' } @$_) . ')' } @rows)) if @rows;
		push @all, @rows;
	}
	my @whole = grep { my $row = $_; !grep { !defined } @$row } @all;
	my $fields = '(m).coef, (m).std_err, (m).num_rows, (m).num_iterations';

	is_fit(psql_result($party{ one(@$names) }, "SELECT $fields FROM (SELECT smc_logregr(y, array[1, b, a, n, f]) AS m FROM s) q"),
		[ map { [ $_->[0] eq 'true' ? 1 : 0, 1, @{$_}[ 1 .. 4 ] ] } @whole ], "$n parties");
	is_fit(psql_result($party{acme}, "SELECT $fields FROM (SELECT smc_logregr(y, array[1, a, n * 2 - 100]) FILTER (WHERE n > -900) AS m FROM s) q"),
		[ map { [ $_->[0] eq 'true' ? 1 : 0, 1, $_->[2], $_->[3] * 2 - 100 ] } grep { defined $_->[2] && defined $_->[3] && $_->[3] > -900 } @all ],
		"$n parties, an expression and a filter");
	quiet_soon("$n parties", values %party);
	failures(\%party) if $n == 3;
	foreach my $node (values %party)
	{
		$node->stop('fast');
		$node->clean_node;
	}
}

# Cancelled while rows are worked on; a party that dies then.
sub failures
{
	my ($party) = @_;
	my ($acme, $globex, $initech) = @{$party}{qw(acme globex initech)};
	my $long = 'SELECT smc_logregr(y, array[1, b, a, n, f]) FROM many';

	foreach my $node (values %$party)
	{
		$node->safe_psql('postgres', 'CREATE TABLE big AS SELECT (hashint4(i) & 3) = 0 AS y, hashint4(i + 1) & 1 AS b, (hashint4(i + 2) & 63)::smallint AS a, ' .
			  '((hashint4(i + 3) & 65535) / 100.0)::numeric(9,2) AS n, (hashint4(i + 4) & 15)::float8 AS f FROM generate_series(1, 4000) i');
	}
	$acme->safe_psql('postgres', "CREATE FOREIGN TABLE many ($definition) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'big')");
	accept_all($party, 'many', 'big');
	foreach my $where ('asker', 'peer', 'end')
	{
		my $query = start_query($acme, $long);

		ok($initech->poll_query_until('postgres', "SELECT count(*) > 0 FROM smc_activity WHERE phase ~ '^joint, iteration 2, row [0-9]+\$'"), 'what runs shows its iteration and rows');
		$acme->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = '$long' AND backend_type = 'client backend'") if $where eq 'asker';
		$globex->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'acme'") if $where eq 'peer';
		$globex->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'acme'") if $where eq 'end';
		finish_query($query, 30);
		fails_within($query, $where eq 'end' ? qr/globex/ : qr/57014/, "cancelled, or ended, in an iteration: $where");
		quiet_soon("after that: $where", values %$party);
		is(psql_result($acme, 'SELECT (smc_logregr(y, array[1])).num_rows > 250 FROM s')->{stdout}, 't', 'the next query works');
	}
	return;
}

done_testing();

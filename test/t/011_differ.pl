
# Differencing refused, over three clusters: one history, whoever asks; parties
# that know less than others; several at once; what fails, crashes, restarts and is
# restored.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $NAMES = 'acme, globex, initech';
my $MINIMUM = 5;
my $WITHHELD = qr/NOTICE:  00000: (?:result|\d+ groups?|\d+ figures?) withheld: fewer than 5 rows, or rows that differ from those of another result by fewer than 5/;

my %party = make_parties(tls => 0);
my @names = sort keys %party;
my ($acme, $globex, $initech) = @party{@names};

register_all(\%party);
make_payroll(\%party);

# People 1 to 20, 21 to 40, 41 to 60; dept is id % 3.
foreach my $i (0 .. 2)
{
	$party{ $names[$i] }->safe_psql('postgres', <<SQL);
CREATE TABLE hr.people AS SELECT id, (ARRAY['dev','ops','hr'])[1 + id % 3] AS dept, 1000 * id AS salary
  FROM generate_series(20 * $i + 1, 20 * $i + 20) id;
CREATE VIEW hr.folk AS SELECT * FROM hr.people WHERE (SELECT hr.behave());
SQL
}

# Agree on a study of that name.
sub agree
{
	my ($study, $options) = @_;

	$party{acme}->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE $study (
  id     int  OPTIONS (allow 'filter') NOT NULL,
  dept   text OPTIONS (allow 'group, filter', values '{dev,ops,hr}') NOT NULL,
  salary int  OPTIONS (allow 'count, sum, avg') NOT NULL
) SERVER acme OPTIONS (parties '$NAMES', min_rows '$MINIMUM', source 'hr.folk' $options);
SQL
	accept_all(\%party, $study, 'hr.folk');
	return;
}

sub everywhere
{
	my ($sql) = @_;

	$_->safe_psql('postgres', $sql) foreach values %party;
	return;
}

# The sum over rows of a condition: SQL, and what becomes of a finished query of it.
sub ask
{
	my ($study, $where) = @_;

	return "SELECT smc_sum(salary) FROM $study" . (defined $where ? " WHERE $where" : '');
}

sub fate
{
	my ($query) = @_;

	return $query->{error} if $query->{error} ne '';
	return $query->{stdout} ne '' ? $query->{stdout} : $query->{stderr} =~ $WITHHELD ? 'withheld' : "odd: $query->{stderr}";
}

sub answer
{
	my ($node, $study, $where) = @_;

	return fate(psql_result($node, ask($study, $where)));
}

# What a party has of a study's history: "rows:told", and "pending" beside it.
sub history
{
	my ($node, $study) = @_;

	return $node->safe_psql('postgres', <<SQL);
SELECT coalesce(string_agg(rows || ':' || coalesce(nullif(encode(told, 'hex'), ''), 'all') || CASE WHEN pending <> '{}' THEN ' pending' ELSE '' END, ', ' ORDER BY rows), '')
FROM smc_history_log WHERE study = '$study'
SQL
}

sub histories_are
{
	my ($study, $expected, $name) = @_;

	my @found = map { history($party{$_}, $study) } @names;
	return is_deeply(\@found, [ ($expected) x 3 ], $name);
}

my $ALL = 1000 * 60 * 61 / 2;

#
# One history, whoever asks
#
agree('shared', '');
is(answer($acme, 'shared'), $ALL, 'acme asks for all');
is(answer($globex, 'shared', 'id <> 5'), 'withheld', 'globex not for all but one');
is(answer($initech, 'shared', 'id <> 45'), 'withheld', 'nor initech for all but one of its own');
is(answer($acme, 'shared', 'id > 4'), 'withheld', 'nor acme for all but four');
is(answer($initech, 'shared', 'id > 5'), $ALL - 15000, 'but for all but five');
is(answer($globex, 'shared'), $ALL, 'the same once more is answered');
histories_are('shared', 'WHERE id > 5:01, all rows:01', 'all have the same history');
is(last_audit($globex), 'done||', 'the audit says what became of it');
is(answer($acme, 'shared', 'id <> 5'), 'withheld', 'withheld once more');
is(last_audit($_), 'withheld||', 'and so does it here') foreach values %party;

#
# A party that knows less than the others
#
$acme->safe_psql('postgres', 'DELETE FROM smc_history_log');
is(answer($acme, 'shared', 'id <> 5'), 'withheld', 'the asker has forgotten, the others have not');
$globex->safe_psql('postgres', 'DELETE FROM smc_history_log');
is(answer($acme, 'shared', 'id <> 5'), 'withheld', 'one that remembers is enough');
is(answer($globex, 'shared', 'id <> 5'), 'withheld', 'whoever asks');
is(answer($initech, 'shared', 'id <> 5'), 'withheld', 'itself, too');
is(answer($acme, 'shared'), $ALL, 'what was answered is again');
is(history($acme, 'shared'), 'all rows:01', 'and is known here once more');
everywhere('DELETE FROM smc_history_log');
is(answer($globex, 'shared', 'id <> 5'), $ALL - 5000, 'what nobody remembers can\'t be compared with');
is(answer($acme, 'shared'), 'withheld', 'then the other one is withheld');

#
# At once, on several lanes
#
agree('racing', '');
behave($initech, 1.5);
my $first = start_query($acme, ask('racing'));
wait_for_phase($initech, 'local');
my $second = start_query($globex, ask('racing', 'id <> 5'));
is(fate(finish_query($_->[0], 20)), $_->[1], $_->[2])
  foreach [ $first, $ALL, 'of two at once the first is answered' ], [ $second, 'withheld', 'the second compared with it' ];
everywhere('DELETE FROM smc_history_log');
$first = start_query($acme, ask('racing', 'id <> 5'));
wait_for_phase($initech, 'local');
is(history($initech, 'racing'), 'WHERE id <> 5:all pending', 'what is about to be asked is known');
$second = start_query($acme, ask('racing'));
sleep 0.5;
my $pid = $acme->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE query LIKE '%id <> 5%' AND pid <> pg_backend_pid() AND backend_type = 'client backend'");
$acme->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
like(fate(finish_query($first, 20)), qr/canceling statement/, 'the first is cancelled');
is(fate(finish_query($second, 20)), 'withheld', 'the second was compared with it');
behave($initech, 0);
quiet_soon('cancelled', values %party);
histories_are('racing', '', 'neither has been told of');
is(answer($globex, 'racing'), $ALL, 'so all can be');

# what waits is not crowded out by queries that aren't answered
everywhere('DELETE FROM smc_history_log');
behave($initech, 1.5);
$first = start_query($acme, ask('racing'));
wait_for_phase($initech, 'local');
my @crowd = map { start_query($globex, 'SELECT ' . join(', ', map { "smc_sum(salary) FILTER (WHERE id = $_)" } @$_) . ' FROM racing') } [ 1 .. 30 ], [ 31 .. 60 ];
sleep 0.3;
$second = start_query($globex, ask('racing', 'id <> 5'));
is(fate(finish_query($first, 20)), $ALL, 'a crowd of conditions: the first is answered');
is(fate(finish_query($second, 20)), 'withheld', 'what is near is compared with it');
finish_query($_, 20) foreach @crowd;
behave($initech, 0);
quiet_soon('crowd', values %party);

# many at once, each near to the others: those that are answered are apart
sub storm
{
	my ($round) = @_;
	my %rows;
	my @queries;
	my @answered;
	my $start = time + 0.5;
	my $wait = "DO 'BEGIN PERFORM pg_sleep($start - extract(epoch FROM clock_timestamp())::float8); END'";

	everywhere('DELETE FROM smc_history_log');
	foreach my $i (0 .. 5)
	{
		my $from = 1 + int rand 8;
		push @queries, [ $from, start_query($party{ $names[ $i % 3 ] }, "$wait; " . ask('racing', "id > $from AND id <> " . (100 + $i))) ];
	}
	foreach my $query (@queries)
	{
		my $fate = fate(finish_query($query->[1], 30));
		next if $fate eq 'withheld';
		is($fate, $ALL - 1000 * $query->[0] * ($query->[0] + 1) / 2, "round $round: the right sum");
		push @answered, $query->[0];
	}
	@answered = sort { $a <=> $b } @answered;
	my $near = grep { $answered[$_] - $answered[ $_ - 1 ] < $MINIMUM } 1 .. $#answered;
	is($near, 0, "round $round: no two that are answered are near (" . join(' ', @answered) . ')');
	quiet_soon("round $round", values %party);
	is(join(' ', map { $_->safe_psql('postgres', "SELECT count(*) FROM smc_history_log WHERE pending <> '{}' OR told IS NULL") } values %party),
		'0 0 0', "round $round: nothing is left pending");
	return;
}
my $seed = $ENV{SMC_SEED} // 11;
note "SMC_SEED=$seed";
srand($seed);
storm($_) foreach 1 .. 6;

#
# What fails before shares leave leaves nothing behind; what fails later counts as told
#
agree('failing', '');
foreach my $how (qw(local peer approve))
{
	behave($globex, 60) if $how eq 'peer';
	behave($globex, 0, '22012') if $how eq 'local';
	$initech->safe_psql('postgres', "SELECT smc_withdraw('failing')") if $how eq 'approve';
	my $query = start_query($acme, ask('failing', 'id <> 5'));
	if ($how eq 'peer')
	{
		wait_for_phase($globex, 'local');
		$acme->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%id <> 5%' AND pid <> pg_backend_pid() AND backend_type = 'client backend'");
	}
	isnt(finish_query($query, 15)->{error}, '', "$how: fails");
	behave($globex, 0);
	$initech->safe_psql('postgres', "SELECT smc_accept('failing')") if $how eq 'approve';
	quiet_soon($how, values %party);
	histories_are('failing', '', "$how: nothing is left");
}
# many groups take their time: cut off before anything is told, or after
my $values = join ',', 0 .. 999;
$acme->safe_psql('postgres', "CREATE FOREIGN TABLE many (id int OPTIONS (allow 'group, filter, count', values '{$values}') NOT NULL, dept text OPTIONS (allow 'group', values '{dev,ops,hr}') NOT NULL) SERVER acme OPTIONS (parties '$NAMES', min_rows '5', source 'hr.folk')");
accept_all(\%party, 'many', 'hr.folk');
my $groups = start_query($acme, 'SELECT count(*) FROM (SELECT id, dept, smc_count(*), smc_count(*) FILTER (WHERE id > 20), smc_count(*) FILTER (WHERE id > 40), smc_count(*) FILTER (WHERE id < 10) FROM many GROUP BY id, dept) g');
wait_for_phase($initech, 'joint');
$initech->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM smc_activity WHERE phase = 'joint'");
isnt(finish_query($groups, 20)->{error}, '', 'cut off in the middle');
quiet_soon('cut off', values %party);
histories_are('many', '', 'nothing was told');

#
# Crash, restart
#
behave($globex, 60);
my $lost = start_query($acme, ask('failing', 'id <> 5'));
wait_for_phase($globex, 'local');
$globex->stop('immediate');
finish_query($lost, 20);
$globex->start;
behave($globex, 0);
quiet_soon('crash', values %party);
is(history($globex, 'failing'), 'WHERE id <> 5:all pending', 'after a crash nobody knows');
is(history($acme, 'failing'), '', 'the others do');
is(answer($initech, 'failing'), 'withheld', 'so it counts as told');
is(history($globex, 'failing'), 'WHERE id <> 5:all', 'which is put down when the next one asks');
$globex->safe_psql('postgres', "DELETE FROM smc_history_log WHERE study = 'failing'");
is(answer($initech, 'failing'), $ALL, 'until its DBA knows better');
$_->restart foreach values %party;
is(answer($acme, 'failing', 'id <> 5'), 'withheld', 'a restart forgets nothing');
$_->stop('immediate') foreach values %party;
$_->start foreach values %party;
is(answer($acme, 'failing', 'id <> 5'), 'withheld', 'nor does a crash');

#
# Isolation levels, transactions
#
$_->append_conf('postgresql.conf', "default_transaction_isolation = 'serializable'") foreach values %party;
$_->reload foreach values %party;
agree('isolated', '');
is($acme->safe_psql('postgres', 'BEGIN; SELECT 1; ' . ask('isolated') . '; ROLLBACK'), "1\n$ALL", 'one in a serializable transaction that is rolled back');
is(answer($globex, 'isolated', 'id <> 5'), 'withheld', 'was told of all the same');
my $both = psql_result($acme, 'BEGIN; ' . ask('isolated') . '; ' . ask('isolated', 'id <> 5') . '; ' . ask('isolated', 'id > 10') . '; COMMIT');
is($both->{stdout}, "$ALL\n" . ($ALL - 55000), 'several in one transaction');
$_->adjust_conf('postgresql.conf', 'default_transaction_isolation', undef) foreach values %party;
$_->reload foreach values %party;

#
# Approval: what waits is not yet asked
#
agree('approved', ", approve 'each', approve_within '1 minute'");
my $undecided = q(FROM smc_requests WHERE study = 'approved' AND decision IS NULL);
sub approve
{
	my ($asker, $where) = @_;
	my $query = start_query($asker, ask('approved', $where));

	foreach my $at (grep { $_ != $asker } values %party)
	{
		$at->poll_query_until('postgres', "SELECT count(*) = 1 $undecided");
		histories_are('approved', '', 'while people think nothing is put down') if !defined $where && $at == $initech;
		$at->safe_psql('postgres', "SELECT smc_approve(id) $undecided");
	}
	return fate(finish_query($query, 20));
}
is(approve($globex), $ALL, 'people have approved all');
is(approve($acme, 'id <> 5'), 'withheld', 'and all but one, which is withheld');
histories_are('approved', 'all rows:01', 'all know of the first');

#
# Another agreement begins another history; the old one is there when it is agreed on again
#
everywhere("ALTER FOREIGN TABLE failing OPTIONS (SET min_rows '6'); SELECT smc_accept('failing')");
is(answer($acme, 'failing', 'id <> 5'), $ALL - 5000, 'a new agreement, a new history');
everywhere("ALTER FOREIGN TABLE failing OPTIONS (SET min_rows '$MINIMUM'); SELECT smc_accept('failing')");
is(answer($acme, 'failing', 'id <> 5'), 'withheld', 'the old one is kept');

#
# What a dump holds
#
my $dump = PostgreSQL::Test::Utils::tempdir . '/acme.sql';
$acme->command_ok([ 'pg_dump', '-f', $dump, $acme->connstr('postgres') ], 'acme is dumped');
$acme->safe_psql('postgres', 'CREATE DATABASE restored');
$acme->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $acme->connstr('restored') ], 'and restored');
is($acme->safe_psql('restored', "SELECT rows FROM smc_history_log WHERE study = 'shared'"), $acme->safe_psql('postgres', "SELECT rows FROM smc_history_log WHERE study = 'shared'"),
	'with its history');

# a party that comes back from an older backup
everywhere('DELETE FROM smc_history_log');
$acme->backup('before');
is(answer($globex, 'shared'), $ALL, 'asked after the backup');
$acme->stop('immediate');
my $old = PostgreSQL::Test::Cluster->new('old');
$old->init_from_backup($acme, 'before');
$old->append_conf('postgresql.conf', 'port = ' . $old->port);
$old->start;
$party{acme} = $old;
register_peer(\%party, $_, 'acme') foreach qw(globex initech);
is(history($old, 'shared'), '', 'acme from its backup has forgotten');
is(answer($old, 'shared', 'id <> 5'), 'withheld', 'but is told');

#
# Whatever is asked, by whom: answered is what is far enough from all that was
#
sub rows_of
{
	my ($condition) = @_;

	return grep { $condition->($_) } 1 .. 60;
}

sub apart
{
	my ($a, $b) = @_;
	my %in;

	$in{$_}++ foreach @$a, @$b;
	return scalar grep { $_ == 1 } values %in;
}

my @DEPTS = qw(dev ops hr);      # of id % 3 = 0, 1, 2

sub sequence
{
	my ($study) = @_;
	my @told;                    # { text, grouped, rows, depts => { told of } }
	my $wrong = '';
	my ($answered, $withheld) = (0, 0);

	agree($study, '');
	foreach my $step (1 .. 45)
	{
		my $asker = $party{ $names[ rand 3 ] };
		my ($low, $high, $not) = (int rand 40, 30 + int rand 32, 1 + int rand 60);
		my ($text, $condition) = @{ (
			[ "id > $low", sub { $_[0] > $low } ],
			[ "id > $low AND id < $high", sub { $_[0] > $low && $_[0] < $high } ],
			[ "id <> $not", sub { $_[0] != $not } ],
			[ "id > $low OR id = $not", sub { $_[0] > $low || $_[0] == $not } ])[ rand 4 ] };
		my $grouped = rand() < 0.4;
		my @rows = rows_of($condition);
		my %expected;

		# what must become of each group, '' being all
		foreach my $dept ($grouped ? @DEPTS : (''))
		{
			my @own = grep { $dept eq '' || $DEPTS[ $_ % 3 ] eq $dept } @rows;
			my $fine = @own >= $MINIMUM;
			foreach my $earlier (grep { $_->{text} ne $text } @told)
			{
				my $by_dept = $grouped && $earlier->{grouped};

				next if $by_dept && !$earlier->{depts}{$dept};
				my @a = $by_dept ? @own : @rows;
				my @b = grep { !$by_dept || $DEPTS[ $_ % 3 ] eq $dept } @{ $earlier->{rows} };
				$fine = 0 if apart(\@a, \@b) < $MINIMUM;
			}
			$expected{$dept} = eval { my $sum = 0; $sum += 1000 * $_ foreach @own; $sum } if $fine;
		}

		my $query = psql_result($asker, $grouped ? "SELECT dept, smc_sum(salary) FROM $study WHERE $text GROUP BY dept" : "SELECT '', smc_sum(salary) FROM $study WHERE $text");
		my %found = map { split /\|/, $_, 2 } split /\n/, $query->{stdout};
		my ($is, $must) = map { my $h = $_; join ' ', map { "$_=$h->{$_}" } sort keys %$h } \%found, \%expected;
		$wrong .= "step $step, $text" . ($grouped ? ' by dept' : '') . ": $is in place of $must $query->{error}\n" if $is ne $must;
		$answered += keys %found;
		$withheld += ($grouped ? 3 : 1) - keys %found;

		next if !%expected;
		my ($same) = grep { $_->{text} eq $text && $_->{grouped} == ($grouped ? 1 : 0) } @told;
		push @told, $same = { text => $text, grouped => $grouped ? 1 : 0, rows => \@rows, depts => {} } if !$same;
		$same->{depts}{$_} = 1 foreach keys %expected;
		last if @told == 32;
	}
	is($wrong, '', "$study: $answered answered, $withheld withheld, as they must be");
	cmp_ok($answered, '>', 5, "$study: some were answered");
	cmp_ok($withheld, '>', 5, "$study: some withheld");
	return;
}
sequence('random1');
sequence('random2');

done_testing();

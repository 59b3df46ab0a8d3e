
# Kept secrets: at every party or at none, whoever crashes when; through
# restart, failover, dump and restore; ended by any party; and nothing in any
# party's tables but a share.
#
# A party is held in the midst of keeping by a lock on its smc_secret_log, which
# lets it read what is there and not write.

use strict;
use warnings;

use Math::BigInt;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;
use Time::HiRes qw(time sleep);

my $WIDTH = 512;
# Patient, as parties are held for as long as a busy machine needs to look at them.
my %party = make_parties(tls => 0, conf => "smc.peer_timeout = '30s'");
my ($acme, $globex, $initech) = @party{qw(acme globex initech)};

register_all(\%party);
make_payroll(\%party);

my $total = $acme->safe_psql('proof', 'SELECT sum(salary) FROM payroll');
my $rows = $acme->safe_psql('proof', 'SELECT count(*) FROM payroll');

sub keep
{
	my ($node, $name, $value) = @_;

	$value //= 'smc_sum(salary)';
	return psql_result($node, "SELECT smc_keep($value, '$name') FROM payroll");
}

sub reveal
{
	my ($node, $expression) = @_;

	return psql_result($node, "SELECT smc_reveal($expression)");
}

sub secret
{
	my ($name) = @_;

	return "smc_secret('payroll', '$name')";
}

# What the parties have under a name: "kept kept pending"; a share where there must be one.
sub states
{
	my ($name) = @_;
	my @states;

	foreach my $node ($acme, $globex, $initech)
	{
		my $state = $node->safe_psql('postgres', "SELECT state FROM smc_secrets WHERE study = 'payroll' AND name = '$name'") || 'none';
		my $shares = $node->safe_psql('postgres', "SELECT count(*) FROM smc_secret_shares WHERE name = '$name'");

		$state .= " with $shares shares" if $shares != ($state =~ /^(?:kept|pending|expired)$/ ? 1 : 0);
		push @states, $state;
	}
	return join ' ', @states;
}

sub states_soon
{
	my ($name, $expected, $test) = @_;
	my $until = time + 20;

	sleep 0.05 while states($name) ne $expected && time < $until;
	return is(states($name), $expected, $test);
}

# Hold a party: returns what lets it go.
sub hold
{
	my ($node) = @_;
	my $holder = start_query($node, "BEGIN; LOCK TABLE smc_secret_log IN SHARE MODE; SELECT pg_sleep(60);");

	$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'smc_secret_log'::regclass AND mode = 'ShareLock' AND granted");
	return $holder;
}

sub let_go
{
	my ($node, $holder) = @_;

	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'smc_secret_log'::regclass AND mode = 'ShareLock' AND granted");
	finish_query($holder, 10);
	return;
}

# The hub's worker, or a peer's backend, waits to put its share on disk.
sub waits_to_write
{
	my ($node) = @_;

	return $node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'smc_secret_log'::regclass AND mode = 'RowExclusiveLock' AND NOT granted");
}

# Kill parties' servers as a loss of power would; start them again.
sub kill_server
{
	my (@nodes) = @_;
	my @pids;

	foreach my $node (@nodes)
	{
		my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;

		push @pids, $postmaster, split(' ', `ps -o pid= --ppid $postmaster`);
		$node->kill9;
	}
	# the children notice before long
	my $until = time + 20;
	sleep 0.05 while time < $until && grep { kill 0, $_ } @pids;
	return;
}

sub start_server
{
	my (@nodes) = @_;

	foreach my $node (@nodes)
	{
		$node->start;
		$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
	}
	return;
}

sub crash
{
	my (@nodes) = @_;

	kill_server(@nodes);
	start_server(@nodes);
	return;
}

#
# Without trouble
#
is(keep($acme, 'total')->{stdout}, secret('total'), 'kept');
states_soon('total', 'kept kept kept', 'at every party');
is(reveal($initech, secret('total'))->{stdout}, $total, 'and right');
unlike($acme->safe_psql('postgres', 'SELECT string_agg(query || reveals, E\'\n\') FROM smc_audit'), qr/\Q$total\E/, 'the audit has no figure');

#
# Shares: together the figure, fewer nothing.  Totals are scaled by 100.
#
sub number_share
{
	my ($node, $name) = @_;
	my $hex = $node->safe_psql('postgres', "SELECT share FROM smc_secret_shares WHERE name = '$name'");
	my $bytes = substr($hex, 0, $WIDTH / 4);

	return Math::BigInt->from_hex(join '', reverse($bytes =~ /../g));
}

{
	my $modulus = Math::BigInt->new(2)->bpow($WIDTH);
	my %share = map { $_ => number_share($party{$_}, 'total') } keys %party;
	my $sum = Math::BigInt->new(0);

	$sum->badd($share{$_}) foreach keys %share;
	is($sum->copy->bmod($modulus)->bstr, Math::BigInt->new($total * 100)->bstr, 'all shares add up to the figure');
	my %partial = map { $_ => $party{$_}->safe_psql('postgres', 'SELECT (sum(salary) * 100)::bigint FROM hr.staff') } keys %party;
	foreach my $without (sort keys %share)
	{
		my $rest = $sum->copy->bsub($share{$without})->bmod($modulus);

		# a small number, or a small negative one, would say something
		cmp_ok(length($rest->as_hex), '>', 100, "without $without: nothing small");
		cmp_ok(length($modulus->copy->bsub($rest)->as_hex), '>', 100, "without $without: nothing small and negative");
		cmp_ok(length($share{$without}->as_hex), '>', 100, "$without\'s alone: nothing small");
		isnt($share{$without}->bstr, $partial{$without}, "$without\'s share isn't its part");
	}
	keep($globex, 'again', 'smc_sum(salary)');
	psql_result($acme, 'SELECT smc_keep(' . secret('total') . ", 'copy')");
	foreach my $name (sort keys %party)
	{
		isnt(number_share($party{$name}, 'again')->bstr, $share{$name}->bstr, "$name: the same figure once more has another share");
		isnt(number_share($party{$name}, 'copy')->bstr, $share{$name}->bstr, "$name: so has a copy");
	}
	is(reveal($acme, '(' . secret('again') . ' = ' . secret('total') . ') & (' . secret('copy') . ' = ' . secret('total') . ')')->{stdout}, 't', 'all are the same figure');
	# parts of two keepings of one figure don't fit together
	my $mixed = $share{acme}->copy->badd(number_share($globex, 'copy'))->badd(number_share($initech, 'copy'))->bmod($modulus);
	cmp_ok(length($mixed->as_hex), '>', 100, 'shares of a copy are no use with those of the first');

	# a bit: its shares are bits, in any party's table as likely one as the other
	my %ones;
	foreach my $i (1 .. 24)
	{
		keep($acme, "bit$i", 'smc_sum(salary) > 0');
	}
	foreach my $name (sort keys %party)
	{
		$ones{$name} = $party{$name}->safe_psql('postgres', "SELECT count(*) FROM smc_secret_shares WHERE name LIKE 'bit%' AND substr(share::text, 257, 2) = '01'");
		cmp_ok($ones{$name}, '>', 0, "$name: some shares of a true bit are 1");
		cmp_ok($ones{$name}, '<', 24, "$name: and some are 0");
	}
	my $xor = 0;
	$xor ^= $party{$_}->safe_psql('postgres', "SELECT substr(share::text, 257, 2)::int FROM smc_secret_shares WHERE name = 'bit1'") foreach keys %party;
	is($xor, 1, 'together they are the bit');
}

#
# Expressions, whichever: what numeric makes of the same
#
{
	my $seed = $ENV{SMC_SEED} // int(rand(1e9));
	my @kept = (
		['sum(salary)', 'n1'], ["sum(salary) FILTER (WHERE yrs_service > 10)", 'n2'], ['count(*) - 400', 'n3'],
		['sum(yrs_service)', 'n4'], ["sum(yrs_service) FILTER (WHERE yrs_service > 1000)", 'n5'], ["count(*) FILTER (WHERE yrs_service < 5)", 'n6']);
	my %value;

	diag "seed $seed";
	srand($seed);
	psql_result($acme, 'SELECT ' . join(', ', map { "smc_keep($_->[0], '$_->[1]')" } @kept) . ' FROM payroll');
	$value{ $_->[1] } = $acme->safe_psql('proof', "SELECT coalesce(($_->[0])::text, 'NULL') FROM payroll") foreach @kept;

	my ($number, $condition);
	$number = sub {
		my ($depth) = @_;
		my $kind = $depth == 0 ? 'leaf' : (qw(leaf + - * + - neg abs choose))[ rand 9 ];

		if ($kind eq 'leaf')
		{
			my $constant = int(rand(2000) - 1000) / 10;

			return ("($constant)", "($constant)::numeric") if rand() < 0.25;
			my $name = $kept[ rand @kept ][1];
			return (secret($name), "($value{$name})::numeric");
		}
		my ($a, $plain_a) = $number->($depth - 1);
		return ("(- $a)", "(- $plain_a)") if $kind eq 'neg';
		return ("abs($a)", "abs($plain_a)") if $kind eq 'abs';
		my ($b, $plain_b) = $number->($depth - 1);
		if ($kind eq 'choose')
		{
			my ($c, $plain_c) = $condition->($depth - 1);

			return ("smc_choose($c, $a, $b)", "(CASE WHEN $plain_c THEN $plain_a ELSE $plain_b END)");
		}
		return ("($a $kind $b)", "($plain_a $kind $plain_b)");
	};
	$condition = sub {
		my ($depth) = @_;
		my $kind = $depth == 0 ? 'compare' : (qw(compare compare & | !))[ rand 5 ];
		my ($a, $plain_a, $b, $plain_b);

		if ($kind eq 'compare')
		{
			my $op = (qw(= <> < <= > >=))[ rand 6 ];

			($a, $plain_a) = $number->($depth > 0 ? $depth - 1 : 0);
			($b, $plain_b) = $number->(0);
			# constants alone would make a boolean
			($a, $plain_a) = (secret('n1'), "($value{n1})::numeric") unless "$a$b" =~ /smc_secret/;
			return ("($a $op $b)", "($plain_a $op $plain_b)");
		}
		($a, $plain_a) = $condition->($depth - 1);
		return ("(! $a)", "(NOT $plain_a)") if $kind eq '!';
		($b, $plain_b) = $condition->($depth - 1);
		return ("($a $kind $b)", "($plain_a " . ($kind eq '&' ? 'AND' : 'OR') . " $plain_b)");
	};
	foreach my $i (1 .. 30)
	{
		my ($expression, $plain) = $i % 3 == 0 ? $condition->(3) : $number->(3);

		next unless $expression =~ /smc_secret/;
		my $asker = (values %party)[ rand 3 ];
		# equal as numbers: digits after the point may differ where CASE chooses between scales
		my $joint = reveal($asker, $expression);
		my $same = $joint->{error} ne '' ? $joint->{error} :
		  $acme->safe_psql('proof', "SELECT ('" . $joint->{stdout} . "' = '' AND ($plain) IS NULL) OR ($plain) IS NOT DISTINCT FROM nullif('" . $joint->{stdout} . "', '')" . ($i % 3 == 0 ? '::boolean' : '::numeric'));

		is($same, 't', "expression $i: $expression") or diag "got $joint->{stdout}, not $plain";
	}
}

#
# The asker's server is killed when the peers have their shares on disk, and it hasn't
#
{
	my $holder = hold($acme);
	my $query = start_query($acme, "SELECT smc_keep(smc_sum(salary), 'h') FROM payroll");

	waits_to_write($acme);
	is(states('h'), 'none pending pending', 'hub crash: the peers have theirs');
	crash($acme);
	finish_query($query, 20);
	finish_query($holder, 20);
	quiet_soon('hub crash', values %party);
	is(states('h'), 'none pending pending', 'hub crash: nobody knows yet');
	like(reveal($acme, secret('h'))->{error}, qr/55000|42704/, 'hub crash: not at the asker');
	like(reveal($globex, secret('h'))->{error}, qr/was never completed: party "acme" has no share of it/, 'hub crash: whoever uses it is told');
	states_soon('h', 'none none none', 'hub crash: and nothing is left');
	is(keep($acme, 'h')->{stdout}, secret('h'), 'hub crash: the name is free');
	is(reveal($globex, secret('h'))->{stdout}, $total, 'hub crash: and good');
}
{
	my $holder = hold($acme);
	my $query = start_query($acme, "SELECT smc_keep(smc_sum(salary), 'h2') FROM payroll");

	waits_to_write($acme);
	crash($acme);
	finish_query($query, 20);
	finish_query($holder, 20);
	is(keep($initech, 'h2', 'smc_sum(salary) + 1')->{stdout}, secret('h2'), 'hub crash: another may take the name at once');
	states_soon('h2', 'kept kept kept', 'hub crash: at every party');
	is(reveal($acme, secret('h2') . ' - ' . secret('total'))->{stdout}, '1.00', 'hub crash: with the new value');
}

#
# A peer's server is killed after its share is on disk, before it hears that all are
#
{
	my $holder = hold($acme);
	my $query = start_query($acme, "SELECT smc_keep(smc_sum(salary), 'p') FROM payroll");

	waits_to_write($acme);
	is(states('p'), 'none pending pending', 'peer crash: the peers have theirs');
	kill_server($globex);
	let_go($acme, $holder);
	finish_query($query, 20);
	is($query->{stdout} . $query->{error}, secret('p'), 'peer crash: the asker isn\'t troubled');
	start_server($globex);
	quiet_soon('peer crash', values %party);
	is(states('p'), 'kept pending kept', 'peer crash: all have their shares');
	is(reveal($initech, secret('p'))->{stdout}, $total, 'peer crash: whoever uses it can');
	states_soon('p', 'kept kept kept', 'peer crash: and so all know');
	like(keep($globex, 'p')->{error}, qr/"p" of study "payroll" already exists/, 'peer crash: the name is taken');
}

#
# A peer's server is killed before its share is on disk
#
{
	my $holder = hold($globex);
	my $query = start_query($acme, "SELECT smc_keep(smc_sum(salary), 'b') FROM payroll");

	waits_to_write($globex);
	$initech->poll_query_until('postgres', "SELECT count(*) = 1 FROM smc_secret_log WHERE name = 'b' AND state = 'pending'");
	crash($globex);
	finish_query($query, 20);
	finish_query($holder, 20);
	like($query->{error}, qr/globex/, 'early peer crash: the asker is told who');
	quiet_soon('early peer crash', values %party);
	states_soon('b', 'none none none', 'early peer crash: nothing is left, by the asker\'s word');
	is(keep($acme, 'b')->{stdout}, secret('b'), 'early peer crash: the name is free');
	is(reveal($acme, secret('b'))->{stdout}, $total, 'early peer crash: and good');
}

#
# All peers are killed when all shares are on disk: it is kept
#
{
	my $holder = hold($acme);
	my $query = start_query($acme, "SELECT smc_keep(smc_sum(salary), 'pp') FROM payroll");

	waits_to_write($acme);
	kill_server($globex, $initech);
	let_go($acme, $holder);
	finish_query($query, 20);
	is($query->{stdout} . $query->{error}, secret('pp'), 'all peers crash: the asker isn\'t troubled');
	start_server($globex, $initech);
	is(states('pp'), 'kept pending pending', 'all peers crash: all have their shares');
	is(reveal($globex, secret('pp'))->{stdout}, $total, 'all peers crash: it can be used');
}

#
# The asker has had enough; a worker ends; a lock isn't had in time
#
{
	my $holder = hold($acme);
	my $query = start_query($acme, "SELECT smc_keep(smc_sum(salary), 'c') FROM payroll");

	waits_to_write($acme);
	$query->{harness}->signal('INT');
	finish_query($query, 20);
	like($query->{error}, qr/57014/, 'Ctrl-C: ends it');
	finish_query($query, 20);
	let_go($acme, $holder);
	quiet_soon('Ctrl-C', values %party);
	# whether it came in time is for the asker's worker to say: all or none
	my $states = states('c');
	like($states, qr/^(?:none none none|kept kept kept)$/, "Ctrl-C: at every party or at none ($states)");
}
{
	my $holder = hold($acme);
	my $query = start_query($acme, "SELECT smc_keep(smc_sum(salary), 'w') FROM payroll");

	waits_to_write($acme);
	kill 'TERM', lane_workers($acme);
	finish_query($query, 20);
	like($query->{error}, qr/ERROR/, 'worker ended: an error');
	let_go($acme, $holder);
	quiet_soon('worker ended', values %party);
	like(states('w'), qr/^none (?:none|pending) (?:none|pending)$/, 'worker ended: not at the asker');
	is(keep($acme, 'w')->{stdout}, secret('w'), 'worker ended: the name is free');
	states_soon('w', 'kept kept kept', 'worker ended: and good');
}
{
	my $holder = hold($initech);
	my $query = start_query($acme, "SET smc.peer_timeout = '2s'; SELECT smc_keep(smc_sum(salary), 'l') FROM payroll");

	finish_query($query, 20);
	like($query->{error}, qr/ERROR.*initech/, 'no lock: an error that says where');
	let_go($initech, $holder);
	quiet_soon('no lock', values %party);
	like(states('l'), qr/^none none (?:none|pending)$/, 'no lock: at most where nobody could say that it failed');
	is(keep($globex, 'l')->{stdout}, secret('l'), 'no lock: the name is free');
	states_soon('l', 'kept kept kept', 'no lock: and good');
}

#
# Two take one name at the same time: one at most gets it, and it is whole
#
{
	my $wins = 0;

	foreach my $i (1 .. 20)
	{
		my @queries = map { start_query($_, "SELECT smc_keep(smc_sum(salary) + $i, 'race$i') FROM payroll") } ($acme, $globex, $initech);

		finish_query($_, 30) foreach @queries;
		my @won = grep { $_->{stdout} ne '' } @queries;
		$wins += @won;
		cmp_ok(scalar(@won), '<=', 1, "race $i: one at most");
		like($_->{error}, qr/already exists|in another query's hands/, "race $i: the others are told") foreach grep { $_->{stdout} eq '' } @queries;
		quiet_soon("race $i", values %party);
		is(reveal($initech, secret("race$i") . ' - ' . secret('total'))->{stdout}, "$i.00", "race $i: the winner's is whole") if @won == 1;
		# what a loser left is no obstacle
		is(keep($acme, "race$i")->{stdout}, secret("race$i"), "race $i: without a winner the name is free") if @won == 0;
		states_soon("race$i", 'kept kept kept', "race $i: at every party");
	}
	diag "$wins of 20 races were won";
}

#
# Restart, failover
#
$_->restart foreach values %party;
is(reveal($acme, secret('total'))->{stdout}, $total, 'restart: still there');

$acme->backup('before');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($acme, 'before', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'port = ' . $standby->port);
$standby->start;
keep($acme, 'late');
$acme->wait_for_catchup($standby);
is($standby->safe_psql('postgres', "SELECT state FROM smc_secrets WHERE name = 'late'"), 'kept', 'a standby has it');
like(reveal($standby, secret('late'))->{error}, qr/standby can't take part/, 'and can\'t use it');
$acme->stop('immediate');
$standby->promote;
is(reveal($standby, secret('late'))->{stdout}, $total, 'failover: the promoted standby can');
$standby->stop;
$acme->start;
is(reveal($acme, secret('late'))->{stdout}, $total, 'and the first again');

#
# Dump and restore of a party
#
{
	my $file = PostgreSQL::Test::Utils::tempdir . '/globex.dump';

	psql_result($globex, 'CREATE TABLE notes AS SELECT ' . secret('total') . ' - ' . secret('h2') . ' AS less');
	$globex->command_ok(['pg_dump', '-Fc', '-f', $file, '-d', $globex->connstr('postgres')], 'dump: a party is dumped');
	my $text = PostgreSQL::Test::Utils::slurp_file($file);
	ok(length $text > 0, 'dump: into a file');
	$globex->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
	$globex->command_ok(['pg_restore', '--exit-on-error', '-d', $globex->connstr('restored'), $file], 'dump: and restored');
	is($globex->safe_psql('restored', "SELECT state, made_of FROM smc_secrets WHERE name = 'total'"), 'kept|sum(salary)', 'dump: the list is there');
	is( $globex->safe_psql('restored', "SELECT md5(string_agg(share::text, ',' ORDER BY id, name)) FROM smc_secret_shares"),
		$globex->safe_psql('postgres', "SELECT md5(string_agg(share::text, ',' ORDER BY id, name)) FROM smc_secret_shares"),
		'dump: and this party\'s shares');
	# the restored database is the party from now on, with a new key
	my $key = $globex->safe_psql('restored', q{SELECT smc_create_identity('globex')});
	$_->safe_psql('postgres', "ALTER SERVER globex OPTIONS (SET dbname 'restored', SET public_key '$key')") foreach ($acme, $initech);
	$globex->safe_psql('restored', q{SELECT smc_accept('payroll')});
	is(reveal($acme, secret('total'))->{stdout}, $total, 'dump: the others compute with it');
	is(psql_result($globex, 'SELECT smc_reveal(less) FROM notes', dbname => 'restored')->{stdout}, '-1.00', 'dump: it computes with them, by expressions in its tables');
	# set back to before something was kept: that can't be used, and isn't lost
	psql_result($acme, q{SELECT smc_keep(smc_max(1), 'x') FROM payroll});
	keep($acme, 'after');
	$globex->safe_psql('restored', "CREATE TABLE saved AS SELECT * FROM smc_secret_log WHERE name = 'after'; CREATE TABLE saved_share AS SELECT id, name, share::text FROM smc_secret_shares WHERE name = 'after'; DELETE FROM smc_secret_log WHERE name = 'after'; DELETE FROM smc_secret_shares WHERE name = 'after'");
	like(reveal($acme, secret('after'))->{error}, qr/party "globex" has no share of secret "after"/, 'set back: can\'t be used');
	like(keep($acme, 'after')->{error}, qr/"after" of study "payroll" still exists at party "acme"/, 'set back: nor be lost by mistake');
	$globex->safe_psql('restored', 'INSERT INTO smc_secret_log SELECT * FROM saved; INSERT INTO smc_secret_shares SELECT id, name, share::smc_secret_share FROM saved_share');
	is(reveal($acme, secret('after'))->{stdout}, $total, 'set back: until it is put back');
	$_->safe_psql('postgres', 'ALTER SERVER globex OPTIONS (SET dbname \'postgres\', SET public_key \'' . $globex->safe_psql('postgres', 'SELECT smc_public_key()') . '\')') foreach ($acme, $initech);
	$globex->safe_psql('postgres', q{SELECT smc_withdraw('payroll')});
	$globex->safe_psql('postgres', q{SELECT smc_accept('payroll')});
}

#
# Ended by any party, while others use it
#
is(reveal($acme, secret('total'))->{stdout}, $total, 'before it is dropped');
$initech->safe_psql('postgres', q{SELECT smc_drop_secret('payroll', 'total')});
like(reveal($acme, secret('total') . ' + 1')->{error}, qr/secret "total" of study "payroll" was dropped by party "initech"/, 'dropped: the others are told by whom');
states_soon('total', 'none none dropped', 'dropped: and remove their shares');
like(reveal($globex, secret('total'))->{error}, qr/does not exist at this party/, 'dropped: there is none');
is(reveal($acme, secret('copy'))->{stdout}, $total, 'dropped: what was made of it stays');
is(keep($globex, 'total')->{stdout}, secret('total'), 'dropped: the name is free');
states_soon('total', 'kept kept kept', 'dropped: for a new one');

#
# In a study that wants each run approved
#
$acme->safe_psql('postgres', <<'SQL');
CREATE FOREIGN TABLE careful (salary numeric(12,2) OPTIONS (allow 'count, sum'))
  SERVER acme OPTIONS (parties 'acme, globex, initech', source 'hr.source', approve 'each', max_queries '3');
SQL
accept_all(\%party, 'careful', 'hr.source');
sub approve_all
{
	my ($like) = @_;

	foreach my $node ($globex, $initech)
	{
		$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM smc_requests WHERE decision IS NULL AND query LIKE '$like'");
		$node->safe_psql('postgres', "SELECT smc_approve(id) FROM smc_requests WHERE decision IS NULL AND query LIKE '$like'");
	}
	return;
}
{
	my $query = start_query($acme, q{SELECT smc_keep(smc_sum(salary), 's') FROM careful});

	approve_all('SELECT smc_keep(sum(salary)%');
	finish_query($query, 20);
	is($query->{stdout}, q{smc_secret('careful', 's')}, 'approved: kept');
	$query = start_query($acme, q{SELECT smc_reveal(smc_secret('careful', 's'))});
	approve_all('SELECT smc_reveal(smc_secret(%');
	finish_query($query, 20);
	is($query->{stdout}, $total, 'approved: revealed');
	$query = start_query($acme, q{SELECT smc_keep(smc_secret('careful', 's') + 1, 't')});
	approve_all('SELECT smc_keep(smc_secret(%');
	finish_query($query, 20);
	is($query->{stdout}, q{smc_secret('careful', 't')}, 'approved: kept of kept');
	like(psql_result($acme, q{SELECT smc_reveal(smc_secret('careful', 't'))})->{error}, qr/study "careful" allows 3 queries/, 'and each counts as a query');
}

# withdrawn consent ends the use, too, and given anew it is back
$globex->safe_psql('postgres', q{SELECT smc_withdraw('payroll')});
like(reveal($acme, secret('total'))->{error}, qr/party "globex" has not accepted study "payroll"/, 'withdrawn: no use');
$globex->safe_psql('postgres', q{SELECT smc_accept('payroll')});
is(reveal($acme, secret('total'))->{stdout}, $total, 'accepted: it is');

#
# Expired ones go at all parties
#
psql_result($acme, "SELECT smc_keep(smc_sum(salary), 'brief', '1.5 seconds') FROM payroll");
is(reveal($globex, secret('brief') . ' - ' . secret('total'))->{stdout}, '0.00', 'in time');
sleep 1.6;
like(reveal($globex, secret('brief'))->{error}, qr/secret "brief" of study "payroll" has expired/, 'expired');
reveal($globex, secret('total'));
states_soon('brief', 'none none none', 'expired: the next computation removes it everywhere');

# a database that logs all tables' changes to subscribers never sends a share
$acme->append_conf('postgresql.conf', "wal_level = logical\nmax_replication_slots = 2");
$acme->restart;
$acme->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('watch', 'test_decoding')});
keep($acme, 'watched');
my $stream = $acme->safe_psql('postgres', q{SELECT data FROM pg_logical_slot_get_changes('watch', NULL, NULL)});
like($stream, qr/watched/, 'logical decoding sees that something is kept');
unlike($stream, qr/smc_secret_shares: INSERT/, 'and no share');
$acme->safe_psql('postgres', q{SELECT pg_drop_replication_slot('watch')});

$_->stop foreach values %party;
done_testing();

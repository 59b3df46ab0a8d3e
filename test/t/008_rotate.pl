
# Keys that are replaced while all goes on: at each kind of party, as peers
# follow and as they must not; and consent that ends while it is relied on.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use MIME::Base64;
use SmcRaw;
use SmcTest;
use Test::More;
use Time::HiRes qw(sleep);

my %party = make_parties();
my ($acme, $globex, $initech) = @party{qw(acme globex initech)};
my @names = @SmcTest::NAMES;

register_all(\%party);
make_payroll(\%party);

sub sql { my ($name, $sql) = @_; return $party{$name}->safe_psql('postgres', $sql) }
sub rotate { my ($name) = @_; return sql($name, 'SET client_min_messages = warning; SELECT smc_rotate_identity()') }
sub registered { my ($at, $name) = @_; return sql($at, "SELECT public_key FROM smc_peers WHERE name = '$name'") }
sub changes { my ($at, $name) = @_; return sql($at, "SELECT count(*) FROM smc_key_changes WHERE party = '$name' AND how = 'rotation'") }

# Everyone can ask, and everyone has everyone's present key registered.
sub all_well
{
	my ($name, @askers) = @_;

	return subtest $name => sub {
		ran_well($acme, $party{$_}, "$_ asks") foreach @askers;
		foreach my $at (@names)
		{
			foreach my $peer (grep { $_ ne $at } @names)
			{
				is(registered($at, $peer), sql($peer, 'SELECT smc_public_key()'), "$at has the key of $peer");
			}
		}
	};
}
all_well('before', @names);

# Each party rotates, and each of the three is the first to ask then: the one
# that rotated, and the two that hear of it as hub and as peer of another hub.
foreach my $rotated (@names)
{
	foreach my $first (@names)
	{
		my $old = sql($rotated, 'SELECT smc_public_key()');
		my $new = rotate($rotated);
		my @peers = grep { $_ ne $rotated } @names;
		my %before = map { $_ => changes($_, $rotated) } @peers;

		isnt($new, $old, "$rotated has a new key");
		all_well("$rotated rotated, $first asks first", $first, grep { $_ ne $first } @names);
		foreach my $at (@peers)
		{
			is(changes($at, $rotated), $before{$at} + 1, "$at wrote it down, once");
			is(sql($at, "SELECT old_key || new_key FROM smc_key_changes WHERE party = '$rotated' ORDER BY accepted_at DESC LIMIT 1"),
				$old . $new, 'from the old one to the new one');
		}
	}
}
is(sql('acme', 'SELECT accepted, missing, differs FROM smc_studies'), '{acme,globex,initech}|{}|', 'all consents stand');
is( sql('acme', 'SELECT DISTINCT key_standing, valid FROM smc_consents WHERE withdrawn_at IS NULL'),
	'rotated|t', 'by keys that were replaced since');
like(slurp_file($acme->logfile), qr/LOG:  peer "globex" has a new public key, "[^"]{44}"\n.*DETAIL:  It was signed by the one registered before/,
	'the log tells of it');

# A ping tells, too
foreach my $rotated (@names)
{
	my $new = rotate($rotated);
	foreach my $at (grep { $_ ne $rotated } @names)
	{
		my $ping = psql_result($party{$at}, "SELECT identity_ok FROM smc_ping('$rotated')");
		is($ping->{stdout}, 't', "$at pings $rotated: the key is right");
		like($ping->{stderr}, qr/NOTICE:  (?:\S+: )?peer "$rotated" has a new public key/, 'and new');
		is(registered($at, $rotated), $new, 'and registered');
		$ping = psql_result($party{$at}, "SELECT identity_ok FROM smc_ping('$rotated')");
		is($ping->{stdout} . $ping->{stderr}, 't', 'the next ping finds nothing new');
	}
}
all_well('after pings', @names);

# Several steps that a peer missed
rotate('initech') foreach 1 .. 5;
rotate('globex') foreach 1 .. 2;
all_well('five steps and two at once', 'acme');

# The lanes that were opened under the old key are used no more; a new one serves on
{
	my @before = sort(lane_workers($globex));
	rotate('globex');
	ran_well($acme, $globex, 'globex after its rotation');
	my @served = sort(lane_workers($globex));
	my %was = map { $_ => 1 } @before;
	ok(scalar(grep { !$was{$_} } @served) > 0, 'a new lane');
	ran_well($acme, $globex, 'globex again');
	is_deeply([ sort(lane_workers($globex)) ], \@served, 'which stays');

	# at a party that only followed, the lane that the handshake was for is kept
	rotate('initech');
	ran_well($acme, $acme, 'acme, that follows');
	@served = sort(lane_workers($acme));
	ran_well($acme, $acme, 'acme again');
	is_deeply([ sort(lane_workers($acme)) ], \@served, 'is served by the same lane');
}

# What runs under the old key runs to its end
foreach my $rotated (@names)
{
	behave($globex, 1.5);
	my $query = start_query($acme, 'SELECT smc_sum(salary), smc_count(*) FROM payroll');
	wait_for_phase($globex, 'local');
	rotate($rotated);
	finish_query($query, 30);
	is($query->{stdout} . $query->{error}, $acme->safe_psql('proof', 'SELECT sum(salary), count(*) FROM payroll'),
		"$rotated rotates in the midst of a computation");
	behave($globex, 0);
	all_well('and the next', $rotated);
}

# Undone, or not yet done
{
	my $old = sql('globex', 'SELECT smc_public_key()');
	my $before = changes('acme', 'globex');

	sql('globex', 'BEGIN; SELECT smc_rotate_identity(); ROLLBACK');
	is(sql('globex', 'SELECT smc_public_key()'), $old, 'a rollback brings back the key');
	all_well('after a rollback', @names);
	is(changes('acme', 'globex'), $before, 'nobody heard of it');

	# while it isn't decided, others wait; and then have an answer
	foreach my $end (qw(ROLLBACK COMMIT))
	{
		my $rotation = start_query($globex, "BEGIN; SELECT smc_rotate_identity(); SELECT pg_sleep(1); $end;");
		$globex->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'smc_identity'::regclass AND mode = 'AccessExclusiveLock' AND granted");
		my @queries = map { start_query($_, 'SELECT smc_sum(salary), smc_count(*) FROM payroll') } $acme, $globex, $initech;
		my $sum = $acme->safe_psql('proof', 'SELECT sum(salary), count(*) FROM payroll');
		foreach (@queries)
		{
			finish_query($_, 30);
			is($_->{stdout} . $_->{error}, $sum, "asked before the $end of a rotation");
		}
		finish_query($rotation, 30);
		all_well("after $end", @names);
	}
}

# Many follow at once
{
	my %before = map { $_ => changes($_, 'globex') } qw(acme initech);
	rotate('globex');
	my @queries = map { start_query($party{$_}, 'SELECT smc_sum(salary), smc_count(*) FROM payroll') } qw(acme initech acme initech acme globex);
	my $sum = $acme->safe_psql('proof', 'SELECT sum(salary), count(*) FROM payroll');
	foreach (@queries)
	{
		finish_query($_, 60);
		is($_->{stdout} . $_->{error}, $sum, 'one of many that follow at once');
	}
	is(changes($_, 'globex'), $before{$_} + 1, "$_ wrote it down once") foreach qw(acme initech);
	all_well('after many', @names);
}

# Who has the old key after the party has replaced it, and the peers know, is nobody
{
	my $row = sql('globex', 'SELECT public_key, secret_key FROM smc_identity');
	my ($public, $secret) = split /\|/, $row;

	rotate('globex');
	ran_well($acme, $acme, 'peers know');
	my ($new_public, $new_secret) = split /\|/, sql('globex', 'SELECT public_key, secret_key FROM smc_identity');
	my $put = sub { sql('globex', "UPDATE smc_identity SET public_key = '$_[0]', secret_key = '$_[1]'") };
	$put->($public, $secret);
	foreach my $at (qw(acme initech))
	{
		fails_within(psql_result($party{$at}, 'SELECT smc_sum(salary) FROM payroll'), qr/peer "globex" could not be authenticated/, "the old key is refused by $at");
		is(sql($at, "SELECT identity_ok FROM smc_ping('globex')"), 'f', 'and a ping says so');
	}
	fails_within(psql_result($globex, 'SELECT smc_sum(salary) FROM payroll'), qr/"globex"/, 'as asker, too');

	# and its statement of another key comes too late
	rotate('globex');
	fails_within(psql_result($acme, 'SELECT smc_sum(salary) FROM payroll'), qr/peer "globex" could not be authenticated/, 'and so is a key that the old key signs now');
	sql('globex', "DELETE FROM smc_key_log WHERE seq = (SELECT max(seq) FROM smc_key_log WHERE party = 'globex') AND party = 'globex'");
	$put->($new_public, $new_secret);
	all_well('the right key again', @names);
}

# A key that no statement leads to is refused by name, whatever is shown with it
{
	my $old = sql('globex', 'SELECT smc_public_key()');

	sql('globex', "SET client_min_messages = warning; DELETE FROM smc_identity; SELECT smc_create_identity('globex')");
	foreach my $at (qw(acme initech))
	{
		fails_within(psql_result($party{$at}, 'SELECT smc_sum(salary) FROM payroll'),
			qr/ERROR: .*peer "globex" could not be authenticated.*HINT: .*public_key of server "globex"/s, "a new identity is refused by $at");
	}
	my $new = sql('globex', 'SELECT smc_public_key()');
	sql('globex', "INSERT INTO smc_key_log SELECT 'globex', max(seq) + 1, '$old', '$new', now(), decode(repeat('ab', 64), 'hex'), now() FROM smc_key_log WHERE party = 'globex'");
	fails_within(psql_result($acme, 'SELECT smc_sum(salary) FROM payroll'), qr/peer "globex" could not be authenticated/, 'and so is a forged statement');
	is(registered('acme', 'globex'), $old, 'nothing of it is registered');
	sql('globex', "DELETE FROM smc_key_log WHERE new_key = '$new'");

	# the DBAs' word; consent by the old key doesn't carry over
	sql($_, "ALTER SERVER globex OPTIONS (SET public_key '$new')") foreach qw(acme initech);
	is(sql('acme', "SELECT identity_ok FROM smc_ping('globex')"), 't', 'the DBA of acme accepts the key');
	fails_within(psql_result($acme, 'SELECT smc_sum(salary) FROM payroll'), qr/party "globex" has not accepted study "payroll"/, 'but not the consents');
	fails_within(psql_result($globex, 'SELECT smc_sum(salary) FROM payroll'), qr/this party, "globex", has not accepted study "payroll"/, 'nor does globex itself');
	sql('globex', "SELECT smc_accept('payroll')");
	all_well('accepted again', @names);
}

# Sixteen steps are followed, one more is not
{
	rotate('initech') foreach 1 .. 16;
	all_well('sixteen steps', @names);
	rotate('initech') foreach 1 .. 17;
	fails_within(psql_result($acme, 'SELECT smc_sum(salary) FROM payroll'), qr/peer "initech" could not be authenticated/, 'seventeen steps at once');
	my $new = sql('initech', 'SELECT smc_public_key()');
	sql($_, "ALTER SERVER initech OPTIONS (SET public_key '$new')") foreach qw(acme globex);

	# to initech itself its consent still is its own; others can't tell any more
	fails_within(psql_result($acme, 'SELECT smc_sum(salary) FROM payroll'),
		qr/party "initech" accepted study "payroll" under another key than the one registered here, and must accept it again/, 'consent by a key that nothing leads from');
	is(sql('acme', 'SELECT missing, differs FROM smc_studies'),
		'{initech}|initech accepted it under another key than the one registered here, and must accept it again', 'which smc_studies tells');
	sql('initech', "SELECT smc_accept('payroll')");
	all_well('accepted again', @names);
}

# Dumps say what holds
{
	rotate('globex');
	all_well('before a dump', @names);
	foreach my $at (qw(acme globex))
	{
		my $dump = PostgreSQL::Test::Utils::tempdir . "/$at.sql";
		my $log = sql($at, 'SELECT * FROM smc_key_log ORDER BY party, seq');
		my $consents = sql($at, 'SELECT study, party, digest, accepted_at, role, withdrawn_at, public_key, signature FROM smc_consents ORDER BY signature');
		my $server = $at eq 'acme' ? 'globex' : 'acme';
		my $secret = sql($at, 'SELECT left(secret_key::text, 64) FROM smc_identity');

		$party{$at}->safe_psql('postgres', 'CREATE DATABASE restored');
		$party{$at}->command_ok([ 'pg_dump', '-f', $dump, $party{$at}->connstr('postgres') ], "$at is dumped");
		unlike(slurp_file($dump), qr/$secret/i, 'without the secret key');
		$party{$at}->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $party{$at}->connstr('restored') ], 'and restored');
		is($party{$at}->safe_psql('restored', "SELECT srvoptions FROM pg_foreign_server WHERE srvname = '$server'"),
			sql($at, "SELECT srvoptions FROM pg_foreign_server WHERE srvname = '$server'"), 'the server has the new key');
		is($party{$at}->safe_psql('restored', 'SELECT * FROM smc_key_log ORDER BY party, seq'), $log, 'the key log is there');
		is($party{$at}->safe_psql('restored', 'SELECT study, party, digest, accepted_at, role, withdrawn_at, public_key, signature FROM smc_consents ORDER BY signature'),
			$consents, 'and every consent');
		is($party{$at}->safe_psql('restored', 'SELECT bool_and(valid) FROM smc_consents'), 't', 'which can be proved there');

		# with an identity of its own it is a party like any other, with no past
		my $new = $party{$at}->safe_psql('restored', "SET client_min_messages = warning; SELECT smc_create_identity('$at')");
		is($party{$at}->safe_psql('restored', "SELECT smc_key_standing('$at', '" . sql($at, 'SELECT smc_public_key()') . "')"), 'unknown', 'its old key is not its own');
		is($party{$at}->safe_psql('restored', 'SET client_min_messages = warning; SELECT length(smc_rotate_identity())'), '44', 'it can rotate');
		$party{$at}->safe_psql('postgres', 'DROP DATABASE restored WITH (FORCE)');
	}
	all_well('the dumped parties', @names);
}

# Consent withdrawn while a computation runs: nothing leaves
foreach my $case ([ 'globex', 'a peer' ], [ 'acme', 'the asker' ])
{
	my ($name, $what) = @$case;
	my $results = sql('initech', 'SELECT count(*) FROM smc_results');

	behave($party{$name}, 1.5);
	my $query = start_query($acme, 'SELECT smc_sum(salary), smc_count(*) FROM payroll');
	wait_for_phase($party{$name}, 'local');
	sql($name, "BEGIN; SELECT smc_withdraw('payroll'); ROLLBACK");
	finish_query($query, 30);
	is($query->{stdout}, $acme->safe_psql('proof', 'SELECT sum(salary), count(*) FROM payroll'), "$what thinks better of withdrawing");
	is(sql('initech', 'SELECT count(*) FROM smc_results'), $results + 1, 'a recipient has the figures');

	$query = start_query($acme, 'SELECT smc_sum(salary), smc_count(*) FROM payroll');
	wait_for_phase($party{$name}, 'local');
	sql($name, "SELECT smc_withdraw('payroll')");
	finish_query($query, 30);
	fails_within($query, qr/ERROR: .*party "$name" has withdrawn from study "payroll" while it was computed/, "$what withdraws in the midst of a computation");
	like(last_audit($party{$name}), qr/^refused\|55000\|.*party "$name" has withdrawn from study "payroll"/, 'which is in its audit');
	quiet_soon('withdrawn', $acme, $globex, $initech);
	like(last_audit($initech), qr/^(?:refused|failed)\|/, 'and in that of others');
	is(sql('initech', 'SELECT count(*) FROM smc_results'), $results + 1, 'nobody has new figures');
	behave($party{$name}, 0);
	foreach my $at (@names)
	{
		fails_within(psql_result($party{$at}, 'SELECT smc_sum(salary) FROM payroll'), qr/"$name".* has not accepted study "payroll"/, "nor does $at get any later");
	}
	psql_result($initech, 'SELECT smc_sum(salary) FROM payroll');    # on a new lane, on which consents are exchanged anew
	is(sql('initech', "SELECT '$name' = ANY (missing) FROM smc_studies"), 't', 'smc_studies tells');
	is(sql('initech', "SELECT count(*) > 0 FROM smc_consents WHERE party = '$name' AND valid AND withdrawn_at > accepted_at"), 't', 'and that there was consent before');
	sql($name, "SELECT smc_accept('payroll')");
	all_well('accepted again', @names);
}

# Whoever repeats a party's genuine statement without having the new key gets nowhere
{
	my $old = sql('globex', 'SELECT smc_public_key()');
	my $new = rotate('globex');
	my $before = changes('acme', 'globex');
	my ($time, $signature) = split /\|/, sql('globex',
		"SELECT (extract(epoch FROM signed_at - '2000-01-01 00:00+0') * 1000000)::bigint, encode(signature, 'hex') FROM smc_key_changes WHERE new_key = '$new'");
	my $chain = chr(1) . decode_base64($old) . decode_base64($new) . pack('Q<', $time) . pack('H*', $signature);
	my $hello = pack('C4 v v', 2, 1, 255, 0, 1, 1) . "\x09" . ("\0" x 31) . ('n' x 32) . decode_base64($new) . $chain;
	foreach my $case (
		[ 'is listened to', qr/peer "globex" did not join the lane in time/ ],
		[ 'with a signature of nobody\'s', qr/"globex" (?:could not be authenticated|broke the protocol)/, pack('C4', 3, 1, 255, 0) . 's' x 64 ])
	{
		my ($name, $like, @more) = @$case;
		my ($port, $pid) = SmcRaw::pretend_peer(sub {
			my ($raw) = @_;
			$raw->send('d', $_) foreach $hello, @more;
			$raw->receive_until('', 30);
		});

		register_peer(\%party, 'acme', 'globex', port => $port, sslmode => 'disable', public_key => $old);
		fails_within(psql_result($acme, 'SELECT smc_sum(salary) FROM payroll'), $like, "a repeated statement $name");
		is(registered('acme', 'globex'), $old, 'but registers nothing');
		is(changes('acme', 'globex'), $before, 'nor is it written down');
		kill 'KILL', $pid;
		waitpid $pid, 0;
	}
	register_peer(\%party, 'acme', 'globex', public_key => $old);
	all_well('and the party itself is followed', @names);
}

done_testing();

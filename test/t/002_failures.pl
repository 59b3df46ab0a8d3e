
# Whatever goes wrong, wherever: the computation ends at all parties, within
# the peers' time-out, with one clear error that names the peer, a row in every
# party's audit, nothing left running, no wrong result, and the next query works.
#
# acme asks; globex is the one that gets hurt, behind a proxy on acme's way to
# it (no TLS on that one link, so that frames can be hit); initech is the third
# that must notice.

use strict;
use warnings;

use MIME::Base64;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcProxy;
use SmcRaw;
use SmcTest;
use Test::More;
use Time::HiRes qw(time sleep);

my $TIMEOUT = $SmcTest::PEER_TIMEOUT;
my $ASK = 'SELECT smc_sum(salary), smc_count(*) FROM payroll';

my %party = make_parties(tls => 0);
my ($acme, $globex, $initech) = @party{qw(acme globex initech)};
my $proxy = SmcProxy->new(to => $globex->port, dir => PostgreSQL::Test::Utils::tempdir);
my @stopped;    # pids that must go on, whatever happens here

END
{
	local $?;
	kill 'CONT', @stopped if @stopped;
	$proxy->stop if $proxy;
}

register_all(\%party);
make_payroll(\%party);
register_peer(\%party, 'acme', 'globex', port => $proxy->port);
ran_well($acme, $acme, 'in the beginning');

# How many computations each party's audit has.
sub audited
{
	return map { $_ => $party{$_}->safe_psql('postgres', 'SELECT count(*) FROM smc_audit') } keys %party;
}

# After a failure: audited at each of these parties, all quiet, the next query works.
# globex's own audit may tell its own errors in full.
sub aftermath
{
	my ($name, $before, @at) = @_;

	quiet_soon($name, values %party);
	foreach my $where (@at)
	{
		ok( $party{$where}->poll_query_until('postgres',
				"SELECT count(*) > $before->{$where} AND bool_and(status NOT IN ('running')) FROM smc_audit"),
			"$name: $where has it in its audit");
		unlike(last_audit($party{$where}), qr/^done/, "$name: $where didn't take it for a success");
		unlike(last_audit($party{$where}), qr/Doe|139750/, "$name: no data in $where\'s audit") if $where ne 'globex';
	}
	ran_well($acme, $acme, $name);
	return;
}

# Ask, with a peer that is slow, do harm while it is, and look at what happens.
sub harm_while_local
{
	my ($name, $like, $harm, %args) = @_;
	my %before = audited();

	behave($globex, $args{naptime} // 60);
	my $query = start_query($acme, $args{sql} // $ASK);
	wait_for_phase($globex, 'local') or diag "$name: globex never began";
	$query->{started} = time;
	$harm->($query);
	finish_query($query, 3 * $TIMEOUT + 10);
	fails_within($query, $like, $name, $args{seconds});
	$args{heal}->() if $args{heal};
	behave($globex, 0);
	aftermath($name, \%before, @{ $args{audit} // [qw(acme globex initech)] });
	return;
}

# The backend of a running query at acme.
sub asker
{
	return $acme->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE query LIKE '%smc_sum%' AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state = 'active'");
}

#
# The asker has had enough
#
harm_while_local('Ctrl-C', qr/57014.*canceling statement due to user request/, sub { $_[0]{harness}->signal('INT') });
harm_while_local('pg_cancel_backend', qr/57014/, sub { $acme->safe_psql('postgres', 'SELECT pg_cancel_backend(' . asker() . ')') });
harm_while_local('statement_timeout', qr/57014.*statement timeout/, sub { }, sql => "SET statement_timeout = '500ms'; $ASK");
harm_while_local('pg_terminate_backend of the asker', qr/57P01/, sub { $acme->safe_psql('postgres', 'SELECT pg_terminate_backend(' . asker() . ')') });
{
	my %before = audited();

	$acme->safe_psql('postgres', "ALTER SYSTEM SET client_connection_check_interval = '500ms'");
	$acme->reload;
	behave($globex, 60);
	my $query = start_query($acme, $ASK);
	wait_for_phase($globex, 'local');
	$query->{harness}->signal('KILL');
	finish_query($query, 10);
	quiet_soon('client gone', values %party);
	behave($globex, 0);
	aftermath('client gone', \%before, qw(acme globex initech));
}

#
# acme's own lane worker
#
harm_while_local('lane worker terminated', qr/ERROR:  (?:57P01|08\w{3}|57\w{3}|58\w{3})/,
	sub { kill 'TERM', lane_workers($acme) });

# A SIGKILL makes the postmaster restart everything: acme comes back by itself.
{
	my %before = audited();

	$acme->append_conf('postgresql.conf', 'restart_after_crash = on');
	$acme->reload;
	behave($globex, 60);
	my $query = start_query($acme, $ASK);
	wait_for_phase($globex, 'local');
	$query->{started} = time;
	kill 'KILL', lane_workers($acme);
	finish_query($query, 30);
	is($query->{stdout}, '', 'lane worker killed: no figures');
	like($query->{stderr}, qr/connection|57P02/, 'lane worker killed: the session ends, as PostgreSQL has it');
	ok($acme->poll_query_until('postgres', 'SELECT true'), 'lane worker killed: acme recovers');
	behave($globex, 0);
	aftermath('lane worker killed', \%before, qw(globex initech));
	is($acme->safe_psql('postgres', "SELECT count(*) FROM smc_audit WHERE status = 'running'"), '0',
		'lane worker killed: acme\'s audit says interrupted');
}

#
# The peer's side
#
my $NAMES_GLOBEX = qr/ERROR:.*"globex"/;
harm_while_local("peer's backend terminated", $NAMES_GLOBEX, sub { $globex->safe_psql('postgres', "SELECT pg_terminate_backend($_)") foreach link_backends($globex) });
harm_while_local("peer's backend canceled by its DBA", $NAMES_GLOBEX, sub { $globex->safe_psql('postgres', "SELECT pg_cancel_backend($_)") foreach link_backends($globex) });
harm_while_local("peer's backend stopped", $NAMES_GLOBEX,
	sub { push @stopped, link_backends($globex); kill 'STOP', @stopped },
	heal => sub { kill 'CONT', @stopped; @stopped = () }, seconds => 2 * $TIMEOUT);
harm_while_local("peer's whole server stopped", $NAMES_GLOBEX,
	sub
	{
		my $postmaster = (split /\n/, slurp_file($globex->data_dir . '/postmaster.pid'))[0];
		push @stopped, split /\n/, $globex->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
		push @stopped, $postmaster;
		kill 'STOP', @stopped;
	},
	heal => sub { kill 'CONT', reverse @stopped; @stopped = () }, seconds => 2 * $TIMEOUT);
harm_while_local('peer restarted', $NAMES_GLOBEX, sub { $globex->restart });
harm_while_local('peer shut down at once', $NAMES_GLOBEX, sub { $globex->stop('immediate'); $globex->start });

#
# The peer's local query
#
foreach my $fail (qw(division 53100 22012 XX000))
{
	my %before = audited();
	my $code = $fail eq 'division' ? '22012' : $fail;

	behave($globex, 0, $fail);
	my $result = psql_result($acme, $ASK);
	fails_within($result, qr/ERROR:  $code: .*"payroll".*"globex"/, "local error $fail at a peer");
	unlike($result->{stderr}, qr/division|salary of/, "local error $fail: its text stays there");
	behave($globex, 0);
	like($initech->safe_psql('postgres', 'SELECT status FROM smc_audit ORDER BY started_at DESC LIMIT 1'), qr/failed|canceled/, 'initech knows it failed');
	aftermath("local error $fail", \%before, qw(acme globex initech));
}
{
	my %before = audited();

	behave($acme, 0.3, '53100');
	my $result = psql_result($acme, $ASK);
	is($result->{stdout}, '', 'local error at the asker: no figures');
	like($result->{error}, qr/53100/, 'local error at the asker: told in full to its own user');
	behave($acme, 0);
	aftermath('local error at the asker', \%before, qw(acme globex initech));
}

#
# A peer says no
#
sub refused
{
	my ($name, $like, $make, $undo) = @_;

	$make->();
	my $result = psql_result($acme, $ASK);
	fails_within($result, $like, $name);
	$undo->();
	quiet_soon($name, values %party);
	ran_well($acme, $acme, $name);
	return;
}
refused('peer has not accepted', qr/ERROR:.*"globex" has not accepted study "payroll"/,
	sub { $globex->safe_psql('postgres', "SELECT smc_withdraw('payroll')") },
	sub { $globex->safe_psql('postgres', "SELECT smc_accept('payroll')") });
refused('peer has another definition', qr/ERROR:.*"globex"/,
	sub { $globex->safe_psql('postgres', "ALTER FOREIGN TABLE payroll ALTER COLUMN salary OPTIONS (SET allow 'count, sum'); SELECT smc_accept('payroll')") },
	sub { $globex->safe_psql('postgres', "ALTER FOREIGN TABLE payroll ALTER COLUMN salary OPTIONS (SET allow 'count, sum, avg'); SELECT smc_accept('payroll')") });
refused('peer has lost its source', qr/ERROR:.*"globex"/,
	sub { $globex->safe_psql('postgres', 'ALTER VIEW hr.source RENAME TO gone') },
	sub { $globex->safe_psql('postgres', 'ALTER VIEW hr.gone RENAME TO source') });
refused('peer lets nobody in any more', qr/ERROR:  42501.*"globex"|ERROR:.*"globex"/,
	sub { $globex->safe_psql('postgres', 'REVOKE smc_link FROM acme'); $globex->safe_psql('postgres', "SELECT pg_terminate_backend($_)") foreach link_backends($globex) },
	sub { $globex->safe_psql('postgres', 'GRANT smc_link TO acme') });

#
# Links that can't be made
#
# A public key that is nobody's
sub stray_key
{
	my $der = `openssl genpkey -algorithm ed25519 | openssl pkey -pubout -outform DER`;

	return encode_base64(substr($der, -32), '');
}

sub unreachable
{
	my ($name, $like, %override) = @_;

	register_peer(\%party, 'acme', 'globex', %override);
	my $result = psql_result($acme, $ASK);
	fails_within($result, $like, $name);
	register_peer(\%party, 'acme', 'globex', port => $proxy->port);
	quiet_soon($name, values %party);
	ran_well($acme, $acme, $name);
	return;
}
unreachable('wrong password', qr/ERROR:  (?:08\w{3}|28\w{3}).*"globex"/, password => 'wrong');
unreachable('nobody listens', qr/ERROR:  08\w{3}.*"globex"/, port => 1);
unreachable('unreachable host', qr/ERROR:  08\w{3}.*"globex"/, host => '203.0.113.7');
unreachable('no such host', qr/ERROR:  08\w{3}.*"globex"/, host => 'db.globex.invalid');
unreachable('no such database', qr/ERROR:  \w{5}.*"globex"/, dbname => 'nowhere');
unreachable('TLS wanted, not offered', qr/ERROR:  08\w{3}.*"globex"/, sslmode => 'require');
unreachable('registered under a wrong key', qr/ERROR:  (?:28|08)\w{3}.*"globex"/, public_key => stray_key());
unreachable('another party answers', qr/ERROR:  \w{5}.*"globex"/, port => $initech->port);

# initech has globex's key wrong: acme can't know, initech must not take part
register_peer(\%party, 'initech', 'globex', public_key => stray_key());
{
	my $result = psql_result($acme, $ASK);
	fails_within($result, qr/ERROR:.*"(?:globex|initech)"/, 'two peers disagree about a key');
	register_peer(\%party, 'initech', 'globex');
	ran_well($acme, $acme, 'two peers disagree about a key');
}

#
# The network.  Cold: while the lane is made; warm: during a computation.
#
foreach my $mode (qw(silent close corrupt truncate replay reorder forge))
{
	my %before = audited();

	$proxy->mode($mode);
	my $result = psql_result($acme, $ASK);
	fails_within($result, $NAMES_GLOBEX, "warm lane, network does: $mode", 2 * $TIMEOUT);
	$proxy->mode('close');
	sleep 0.1;
	$proxy->mode('pass');
	quiet_soon("warm lane, network does: $mode", values %party);
	ran_well($acme, $acme, "warm lane, network does: $mode");

	$acme->safe_psql('postgres', "SELECT pg_terminate_backend($_)") foreach lane_workers($acme);
	$acme->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'smc lane%'");
	$proxy->mode($mode);
	$result = psql_result($acme, $ASK);
	if ($mode eq 'reorder' && $result->{error} eq '')
	{
		# frames of the handshake are single: nothing to swap may have passed yet
		is($result->{stdout}, $acme->safe_psql('proof', union_sql($ASK)), "cold lane, network does: $mode: a right answer");
	}
	else
	{
		fails_within($result, $NAMES_GLOBEX, "cold lane, network does: $mode", 2 * $TIMEOUT);
	}
	$proxy->mode('close');
	sleep 0.1;
	$proxy->mode('pass');
	quiet_soon("cold lane, network does: $mode", values %party);
	ran_well($acme, $acme, "cold lane, network does: $mode");
}
harm_while_local('network cut while a peer computes', $NAMES_GLOBEX, sub { $proxy->mode('silent') },
	heal => sub { $proxy->mode('close'); sleep 0.1; $proxy->mode('pass') }, seconds => 2 * $TIMEOUT);
harm_while_local('connection lost while a peer computes', $NAMES_GLOBEX, sub { $proxy->mode('close') },
	heal => sub { $proxy->mode('pass') });

# A peer that is slow but alive is waited for, however long it takes
behave($globex, 2 * $TIMEOUT + 1);
same_as_union($acme, $acme, $ASK, 'a slow peer is waited for');
behave($globex, 0);

#
# False peers: right up to CopyBoth, then nonsense
#
sub false_peer
{
	my ($name, $like, $behave) = @_;
	my ($port, $pid) = SmcRaw::pretend_peer($behave);

	register_peer(\%party, 'acme', 'globex', port => $port, sslmode => 'disable');
	my $result = psql_result($acme, $ASK);
	fails_within($result, $like, "false peer: $name");
	kill 'KILL', $pid;
	waitpid $pid, 0;
	register_peer(\%party, 'acme', 'globex', port => $proxy->port);
	quiet_soon("false peer: $name", values %party);
	return;
}

# HELLO frames, for everyone: kind 2, from, 255, zero; versions oldest and
# newest, an ephemeral key, a nonce; globex's identity key, as acme has it.
my $key = decode_base64($globex->safe_psql('postgres', 'SELECT smc_public_key()'));
sub hello
{
	my ($from, $oldest, $newest) = @_;

	return pack('C4 v v', 2, $from, 255, 0, $oldest, $newest) . "\x09" . ("\0" x 31) . ('n' x 32) . $key;
}
my $auth = pack('C4', 3, 1, 255, 0) . 's' x 64;
my $linger = sub { $_[0]->receive(30) };
false_peer('says nothing', $NAMES_GLOBEX, $linger);
false_peer('hangs up', $NAMES_GLOBEX, sub { });
false_peer('zeros', $NAMES_GLOBEX, sub { $_[0]->send('d', "\0" x 100); $linger->(@_) });
false_peer('an empty frame', $NAMES_GLOBEX, sub { $_[0]->send('d', ''); $linger->(@_) });
false_peer('a megabyte of nonsense', $NAMES_GLOBEX, sub { $_[0]->send('d', 'A' x 1_000_000); $linger->(@_) });
false_peer('sealed nonsense', $NAMES_GLOBEX, sub { $_[0]->send('d', pack('C4', 4, 1, 0, 0) . 'A' x 100); $linger->(@_) });
false_peer('a frame in another name', qr/ERROR:.*"globex"/, sub { $_[0]->send('d', hello(2, 1, 1)); $linger->(@_) });
false_peer('a HELLO without a signature', $NAMES_GLOBEX, sub { $_[0]->send('d', hello(1, 1, 1)); $linger->(@_) });
false_peer('a wrong signature', qr/ERROR:.*"globex"/,
	sub { my ($raw) = @_; $raw->send('d', $_) foreach hello(1, 1, 1), $auth; $linger->(@_) });
false_peer('a signature before a HELLO', $NAMES_GLOBEX, sub { $_[0]->send('d', $auth); $linger->(@_) });
false_peer('a HELLO with another key', $NAMES_GLOBEX, sub { $_[0]->send('d', substr(hello(1, 1, 1), 0, -32) . 'k' x 32); $linger->(@_) });
false_peer('a HELLO of no common version and another key', qr/version/i, sub { $_[0]->send('d', substr(hello(1, 2, 9), 0, -32) . 'k' x 32); $linger->(@_) });
# a chain of statements: of a count that can't be, cut, and well-formed with a signature of nobody's
false_peer('a HELLO with a chain that is too long', $NAMES_GLOBEX, sub { $_[0]->send('d', hello(1, 1, 1) . chr(17) . 'x' x (32 + 17 * 104)); $linger->(@_) });
false_peer('a HELLO with a chain that is cut', $NAMES_GLOBEX, sub { $_[0]->send('d', hello(1, 1, 1) . chr(1) . 'x' x 100); $linger->(@_) });
false_peer('a HELLO with another key and a forged chain', qr/ERROR:.*"globex" could not be authenticated/,
	sub { $_[0]->send('d', substr(hello(1, 1, 1), 0, -32) . 'k' x 32 . chr(1) . $key . 'k' x 32 . "\0" x 8 . 's' x 64); $linger->(@_) });
false_peer('two HELLOs', $NAMES_GLOBEX, sub { my ($raw) = @_; $raw->send('d', hello(1, 1, 1)) foreach 1, 2; $linger->(@_) });
false_peer('a later protocol only', qr/ERROR:.*(?:"globex".*version|version.*"globex")/is, sub { $_[0]->send('d', hello(1, 99, 99)); $linger->(@_) });
false_peer('ends the copy', $NAMES_GLOBEX, sub { $_[0]->send('c', ''); $linger->(@_) });
false_peer('an error with a story', $NAMES_GLOBEX,
	sub { $_[0]->send('E', "SERROR\0VERROR\0C22012\0Mthe salary of Doe is 139750\0\0"); $_[0]->send('Z', 'I'); $linger->(@_) });
false_peer('not PostgreSQL any more', $NAMES_GLOBEX, sub { $_[0]->write("HTTP/1.1 400 Bad Request\r\n\r\n"); $linger->(@_) });
false_peer('a message of 2 GB', $NAMES_GLOBEX, sub { $_[0]->write(pack('a N', 'd', 0x7ffffff0) . 'A' x 1000); $linger->(@_) });
ran_well($acme, $acme, 'after all false peers');

# One that isn't even PostgreSQL
{
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 8);
	register_peer(\%party, 'acme', 'globex', port => $listener->sockport, sslmode => 'disable');
	my $result = psql_result($acme, $ASK);
	fails_within($result, $NAMES_GLOBEX, 'a port where nobody answers');
	register_peer(\%party, 'acme', 'globex', port => $proxy->port);
}

#
# In the end
#
ran_well($acme, $_, 'in the end') foreach values %party;
foreach my $name (sort keys %party)
{
	is($party{$name}->safe_psql('postgres', "SELECT count(*) FROM smc_audit WHERE status IN ('running')"), '0', "$name: no computation is left open");
	my $log = slurp_file($party{$name}->logfile);
	unlike($log, qr/TRAP:|PANIC:.*(?!crash)|terminated by signal 11|terminated by signal 6/, "$name: no crash in its log");
}
$_->stop foreach values %party;

done_testing();

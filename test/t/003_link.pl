
# What a peer's role can do: CALL smc_attach(), and nothing else, whatever way
# it is sent.  And what a hub that sends nonsense gets.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcRaw;
use SmcTest;
use Test::More;

my %party = make_parties(tls => 0, names => [qw(acme globex)]);
my $acme = $party{acme};

register_all(\%party);
make_payroll(\%party);
$acme->safe_psql('postgres', <<'SQL');
CREATE TABLE t (x int);
GRANT ALL ON t TO PUBLIC;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE ROLE hooli LOGIN IN ROLE smc_link;
GRANT CREATE ON SCHEMA public TO PUBLIC;
SQL

# Simple protocol
my @statements = (
	'SELECT 1', 'SELECT f()', 'SELECT * FROM t', 'TABLE t', 'VALUES (1)', 'INSERT INTO t VALUES (1)', 'UPDATE t SET x = 1',
	'DELETE FROM t', 'COPY t TO STDOUT', 'COPY t FROM STDIN', 'COPY (SELECT 1) TO STDOUT', 'DO $$ BEGIN END $$', 'CREATE TABLE u (x int)',
	'CREATE TEMP TABLE u (x int)', 'SET work_mem = 64', 'SHOW work_mem', 'RESET ALL', 'EXPLAIN SELECT 1', 'PREPARE p AS SELECT 1',
	'LISTEN l', 'NOTIFY l', 'BEGIN', 'COMMIT', 'LOCK t', 'DISCARD ALL', 'CREATE FUNCTION g() RETURNS int LANGUAGE sql AS $$SELECT 1$$',
	'SET ROLE hooli', 'RESET ROLE', 'SET SESSION AUTHORIZATION DEFAULT', 'CHECKPOINT', 'VACUUM t', 'ALTER ROLE globex PASSWORD \'x\'',
	'SELECT smc_public_key()', 'TABLE smc_peers', 'TABLE smc_studies', 'SELECT smc_sum(salary) FROM payroll', 'DECLARE c CURSOR FOR SELECT 1',
	'SELECT pg_sleep(0)', 'CALL smc_attach(1)', 'SELECT 1; CALL smc_attach()', 'SELECT lo_creat(-1)', 'MERGE INTO t USING t u ON false WHEN MATCHED THEN DELETE',);
foreach my $user (qw(globex hooli))
{
	foreach my $statement (@statements)
	{
		my $result = psql_result($acme, $statement, user => $user);
		like($result->{error}, qr/ERROR:  (?:42501|42883)/, "$user can't $statement");
		is($result->{stdout}, '', 'and sees nothing');
	}
}
is($acme->safe_psql('postgres', "SELECT count(*) FROM t"), '0', 'nothing was done');
is($acme->safe_psql('postgres', 'SELECT 1 + 1'), '2', 'others are not confined');

# A superuser who is in smc_link isn't confined: it could undo that anyway
$acme->safe_psql('postgres', 'CREATE ROLE root SUPERUSER LOGIN IN ROLE smc_link');
is(psql_result($acme, 'SELECT 1', user => 'root')->{stdout}, '1', 'a superuser is not confined');

# Extended protocol
sub session
{
	my (%startup) = @_;
	my $raw = SmcRaw->connect($acme, user => 'globex', %startup);
	my @messages = $raw->receive_until('ZE');

	return ($raw, @messages);
}

sub extended
{
	my ($name, $sql) = @_;
	my ($raw) = session();

	$raw->send('P', "\0$sql\0" . pack('n', 0));
	$raw->send('B', "\0\0" . pack('n n n', 0, 0, 0));
	$raw->send('D', "P\0");
	$raw->send('E', "\0" . pack('N', 0));
	$raw->send('S', '');
	my @messages = $raw->receive_until('Z');
	my $error = SmcRaw::error(@messages);
	is($error->{C}, '42501', "extended: $name is refused") or diag explain \@messages;
	is(scalar(grep { $_->[0] eq 'D' } @messages), 0, 'no row');
	$raw->close;
	return;
}
extended($_, $_) foreach 'SELECT 1', 'SELECT f()', 'INSERT INTO t VALUES (1)', 'COPY t TO STDOUT', 'DO $$ BEGIN END $$', 'SET work_mem = 64', 'BEGIN';

# Fast path: function 1598 is random(), 2 arguments would be wrong anyway
foreach my $function (1598, $acme->safe_psql('postgres', "SELECT 'f()'::regprocedure::oid"))
{
	my ($raw) = session();
	$raw->send('F', pack('N n n n', $function, 0, 0, 0));
	my @messages = $raw->receive_until('Z');
	is(SmcRaw::error(@messages)->{C}, '42501', "fast path: function $function is refused");
	is(scalar(grep { $_->[0] eq 'V' } @messages), 0, 'no result');
	$raw->close;
}

# Replication
foreach my $replication (qw(true database))
{
	my ($raw, @messages) = session(replication => $replication);
	my $error = SmcRaw::error(@messages);
	ok($error, "replication=$replication is refused") or diag explain \@messages;
	$raw->close;
}
# Who is given the attribute by its DBA may replicate; SQL it may not send there either
$acme->safe_psql('postgres', 'ALTER ROLE globex REPLICATION');
{
	my ($raw) = session(replication => 'database');
	$raw->send('Q', "SELECT 1\0");
	is(SmcRaw::error($raw->receive_until('Z'))->{C}, '42501', 'replication=database with the attribute: SQL is refused');
	$raw->close;
}
$acme->safe_psql('postgres', 'ALTER ROLE globex NOREPLICATION');

# Startup settings don't let anyone out
{
	my ($raw) = session(options => '-c smc.peer_timeout=1000 -c search_path=pg_catalog');
	$raw->send('Q', "SELECT 1\0");
	is(SmcRaw::error($raw->receive_until('Z'))->{C}, '42501', 'startup options change nothing');
	$raw->close;
}

# A hub that sends nonsense: one clear error, and the connection goes on
sub attach
{
	my ($raw) = session();

	$raw->send('Q', "CALL smc_attach()\0");
	my @messages = $raw->receive_until('WZ');
	is($messages[-1][0], 'W', 'CALL smc_attach() answers with CopyBothResponse') or diag explain \@messages;
	return $raw;
}
my @frames = (
	[ 'an empty frame', '' ],
	[ 'one byte', "\x01" ],
	[ 'zeros', "\0" x 64 ],
	[ 'a long frame of nonsense', 'A' x 100_000 ],
	[ 'an OFFER that is cut', "\x01\0\0\0" . ("\x11" x 20) ],
	[ 'an OFFER with a huge length', "\x01\0\0\0" . ("\x11" x 32) . "\0\x01\x02" . "\xff\xff\xff\xff" x 8 ],
	[ 'SEALED before a handshake', "\x04\x00\x01\x00" . ("\x22" x 40) ],
	[ 'an unknown kind', "\xff\x00\x01\x00" . ("\x22" x 40) ],);
foreach my $frame (@frames)
{
	my $raw = attach();
	$raw->send('d', $frame->[1]);
	my @messages = $raw->receive_until('Z', 8);
	my $error = SmcRaw::error(@messages);
	ok($error, "$frame->[0]: an error") or diag explain \@messages;
	like($error->{C} // '', qr/^(?:08P01|28|0800|42501)/, "$frame->[0]: its code ($error->{M})");
	$raw->send('c', '');    # a hub would end its side of the copy
	$raw->send('Q', "SELECT 1\0");
	$error = SmcRaw::error($raw->receive_until('Z', 5));
	is($error->{C}, '42501', 'the session is still there, and confined');
	$raw->close;
}

# Seeded nonsense, many times: never a crash
srand 42;
my $crashes = 0;
my $before = $acme->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');
for (1 .. 100)
{
	my ($raw) = session();
	$raw->send('Q', "CALL smc_attach()\0");
	$raw->receive_until('WZ');
	my $len = int rand 200;
	$raw->send('d', pack('C4', 1 + int rand 5, int rand 3, int rand 3, 0) . join('', map { chr int rand 256 } 1 .. $len));
	my @messages = $raw->receive_until('Z', 8);
	$crashes++ if !SmcRaw::error(@messages);
	$raw->close;
}
is($crashes, 0, 'a hundred random frames, each one error');
is($acme->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $before, 'the server never restarted');

# A hub that ends, or goes away, leaves nothing behind
{
	my $raw = attach();
	$raw->send('c', '');
	my @messages = $raw->receive_until('Z', 8);
	is($messages[-1][0] // 'nothing', 'Z', 'CopyDone ends it in good order');
	$raw->close;
	my $backends = link_backends($acme);    # of lanes of globex's own
	$raw = attach();
	is(scalar(link_backends($acme)), $backends + 1, 'a hub that has come');
	$raw->close;
	ok( $acme->poll_query_until('postgres',
			"SELECT count(*) = $backends FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename = 'globex'"),
		'and goes away leaves no backend');
}

# Two parties work beside all that
ran_well($acme, $party{globex}, 'two parties');
ran_well($acme, $acme, 'two parties');

done_testing();

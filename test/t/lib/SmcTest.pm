
=head1 SmcTest - several organisations, each with a PostgreSQL of its own

Makes one cluster per party on loopback with TLS and SCRAM, registers the
parties with each other, deals the salaries out to them, and has a study
accepted everywhere.  Every party's source is a view that does what its table
hr.behave says (sleep, fail), so that a test can have any party misbehave at
the moment it wants.

A further database "proof" at the first party holds all rows in plain tables
of the studies' names: what the joint answer is compared with.

=cut

package SmcTest;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

our @EXPORT = qw(
  make_parties register_peer register_all accept_all make_payroll union_sql
  same_as_union behave start_query finish_query fails_within ran_well
  quiet_soon wait_for_phase link_backends lane_workers last_audit psql_result
);

our $PEER_TIMEOUT = 3;     # seconds; what every cluster is told
our $SLACK = 4;            # seconds more that a busy machine may take
our @NAMES = qw(acme globex initech);

my $queries = 0;             # started so far
my $scratch;               # directory for their text
my $certificates;          # directory of this test's own authority

# Make and start a cluster for each name: make_parties(tls => 1, names => [...], conf => '...').
# Returns a hash from name to node, with the extension and identities there,
# and each party's link roles, but no peers yet.
sub make_parties
{
	my (%args) = (tls => 1, names => \@NAMES, conf => '', @_);
	my %party;

	if ($args{tls} && !$certificates)
	{
		$certificates = PostgreSQL::Test::Utils::tempdir . '/certificates';
	}
	foreach my $name (@{ $args{names} })
	{
		my $node = PostgreSQL::Test::Cluster->new($name);
		# UTF-8 whatever the environment says
		$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
		$node->append_conf('postgresql.conf', <<CONF);
shared_preload_libraries = 'smc'
listen_addresses = '127.0.0.1'
password_encryption = 'scram-sha-256'
max_worker_processes = 24
max_connections = 60
wal_level = replica
max_wal_senders = 4
log_statement = none
log_line_prefix = '%m [%p] %q%u@%d '
smc.peer_timeout = '${PEER_TIMEOUT}s'
$args{conf}
CONF
		if ($args{tls})
		{
			PostgreSQL::Test::Utils::system_or_bail("$ENV{SMC_DATA}/certificate", $certificates, $name);
			$node->append_conf('postgresql.conf', <<CONF);
ssl = on
ssl_cert_file = '$certificates/$name.crt'
ssl_key_file = '$certificates/$name.key'
CONF
		}
		# Peers come over TCP with a password; tests come over the socket.
		my $kind = $args{tls} ? 'hostssl' : 'host';
		unlink($node->data_dir . '/pg_hba.conf');
		$node->append_conf('pg_hba.conf', <<HBA);
local all all trust
local replication all trust
$kind all +smc_link 127.0.0.1/32 scram-sha-256
HBA
		$node->start;
		$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION smc;
SELECT smc_create_identity('$name');
SQL
		foreach my $other (grep { $_ ne $name } @{ $args{names} })
		{
			$node->safe_psql('postgres', "CREATE ROLE $other LOGIN PASSWORD 'secret of $other' IN ROLE smc_link");
		}
		$party{$name} = $node;
	}
	return %party;
}

# Register a peer at a party: register_peer($party, 'acme', 'globex', port => ..., sslmode => ...).
# Further arguments override libpq options, public_key and password; undef leaves one out.
sub register_peer
{
	my ($party, $at, $peer, %override) = @_;
	my $password = exists $override{password} ? delete $override{password} : "secret of $at";
	my %options = (
		host => '127.0.0.1',
		port => $party->{$peer}->port,
		dbname => 'postgres',
		($certificates ? (sslmode => 'verify-full', sslrootcert => "$certificates/ca.crt") : (sslmode => 'disable')),
		public_key => undef,
		%override);

	$options{public_key} //= $party->{$peer}->safe_psql('postgres', 'SELECT smc_public_key()');
	my $list = join(', ', map { "$_ '$options{$_}'" } grep { defined $options{$_} } sort keys %options);
	$party->{$at}->safe_psql('postgres', <<SQL);
DROP SERVER IF EXISTS $peer CASCADE;
CREATE SERVER $peer FOREIGN DATA WRAPPER smc OPTIONS ($list);
CREATE USER MAPPING FOR PUBLIC SERVER $peer OPTIONS (user '$at', password '$password');
SQL
	return;
}

sub register_all
{
	my ($party) = @_;

	foreach my $at (sort keys %$party)
	{
		foreach my $peer (sort keys %$party)
		{
			register_peer($party, $at, $peer) if $at ne $peer;
		}
	}
	return;
}

# Import a study at all but the first party, set everyone's source, and accept.
sub accept_all
{
	my ($party, $study, $source) = @_;
	my ($first, @others) = grep { exists $party->{$_} } @NAMES;

	$party->{$first}->safe_psql('postgres', "SELECT smc_accept('$study')");
	foreach my $name (@others)
	{
		$party->{$name}->safe_psql('postgres', <<SQL);
IMPORT FOREIGN SCHEMA smc LIMIT TO ($study) FROM SERVER $first INTO public;
ALTER FOREIGN TABLE $study OPTIONS (ADD source '$source');
SELECT smc_accept('$study');
SQL
	}
	return;
}

# Deal the salaries out, and make the study payroll (further study options as text).
sub make_payroll
{
	my ($party, $options) = @_;
	my @names = grep { exists $party->{$_} } @NAMES;
	my $parties = join(', ', @names);
	my $columns = 'rank text, discipline text, yrs_since_phd int, yrs_service int, sex text, salary numeric(12,2)';
	my $list = 'rank, discipline, yrs_since_phd, yrs_service, sex, salary';

	$options //= "reveal_to 'all'";
	for my $i (0 .. $#names)
	{
		my $count = @names;

		$party->{ $names[$i] }->safe_psql('postgres', <<SQL);
CREATE SCHEMA hr;
CREATE TABLE hr.behave (naptime float8 NOT NULL, fail text NOT NULL);
INSERT INTO hr.behave VALUES (0, '');
CREATE FUNCTION hr.behave() RETURNS boolean LANGUAGE plpgsql VOLATILE AS \$\$
DECLARE how hr.behave;
BEGIN
  SELECT * INTO how FROM hr.behave;
  PERFORM pg_sleep(how.naptime);
  IF how.fail = 'division' THEN
    PERFORM 139750 / (how.naptime * 0)::int;
  ELSIF how.fail <> '' THEN
    RAISE EXCEPTION 'the salary of Doe is 139750' USING ERRCODE = how.fail, DETAIL = 'Doe: 139750', HINT = 'Doe';
  END IF;
  RETURN true;
END \$\$;
CREATE TABLE hr.all_rows (n serial, $columns);
COPY hr.all_rows ($list) FROM '$ENV{SMC_DATA}/salaries.csv' (FORMAT csv, HEADER);
CREATE TABLE hr.staff AS SELECT $list FROM hr.all_rows WHERE n % $count = $i;
DROP TABLE hr.all_rows;
CREATE VIEW hr.source AS SELECT * FROM hr.staff WHERE (SELECT hr.behave());
SQL
	}
	my $first = $party->{ $names[0] };
	$first->safe_psql('postgres', 'CREATE DATABASE proof');
	$first->safe_psql('proof', <<SQL);
CREATE TABLE payroll ($columns);
COPY payroll ($list) FROM '$ENV{SMC_DATA}/salaries.csv' (FORMAT csv, HEADER);
SQL
	$first->safe_psql('postgres', <<SQL);
CREATE FOREIGN TABLE payroll (
  rank        text          OPTIONS (allow 'group, filter, count', values '{AsstProf,AssocProf,Prof}'),
  sex         text          OPTIONS (allow 'group, filter, count', values '{Female,Male}'),
  yrs_service integer       OPTIONS (allow 'count, sum, avg, filter'),
  salary      numeric(12,2) OPTIONS (allow 'count, sum, avg')
) SERVER $names[0] OPTIONS (parties '$parties', $options, source 'hr.source');
SQL
	accept_all($party, 'payroll', 'hr.source');
	return;
}

# Make a party's source sleep before it answers, or fail with an SQLSTATE ('division': really divide by zero).
sub behave
{
	my ($node, $naptime, $fail) = @_;

	$fail //= '';
	$node->safe_psql('postgres', "UPDATE hr.behave SET naptime = $naptime, fail = '$fail'");
	return;
}

# The same question in plain SQL.
sub union_sql
{
	my ($sql) = @_;

	$sql =~ s/\bsmc_(sum|avg|count)\b/$1/g;
	return $sql;
}

# The joint answer at $node is what plain SQL gives over the union, kept at $keeper.
sub same_as_union
{
	my ($keeper, $node, $sql, $name) = @_;
	my $joint = psql_result($node, $sql);
	my $plain = $keeper->safe_psql('proof', union_sql($sql));

	return is($joint->{stdout} . $joint->{error}, $plain, $name // $sql);
}

# Run SQL to its end: { stdout, stderr, error (the first ERROR line, or empty), seconds }.
sub psql_result
{
	my ($node, $sql, %args) = @_;
	my $query = start_query($node, $sql, %args);

	return finish_query($query, $args{timeout} // 60);
}

# Start SQL in a psql of its own and return at once.
sub start_query
{
	my ($node, $sql, %args) = @_;
	my $query = { stdout => '', stderr => '', started => time };
	$scratch //= PostgreSQL::Test::Utils::tempdir;
	my $file = "$scratch/query." . $queries++;
	my @command = (
		$node->installed_command('psql'), '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr($args{dbname} // 'postgres'));

	push @command, '-U', $args{user} if $args{user};
	append_to_file($file, $sql);
	$query->{harness} = IPC::Run::start(\@command, '<', $file, '>', \$query->{stdout}, '2>', \$query->{stderr});
	return $query;
}

# Wait for it; after $timeout seconds it is killed and 'gave up' is its error.
sub finish_query
{
	my ($query, $timeout) = @_;
	my $until = time + $timeout;

	while ($query->{harness}->pumpable)
	{
		$query->{harness}->pump_nb;
		if (time > $until)
		{
			$query->{harness}->kill_kill(grace => 1);
			$query->{error} = "gave up after $timeout s";
			$query->{seconds} = time - $query->{started};
			return $query;
		}
		sleep 0.01;
	}
	$query->{harness}->finish;
	$query->{seconds} = time - $query->{started};
	$query->{stdout} =~ s/\n\z//;
	($query->{error}) = $query->{stderr} =~ /(^.*(?:ERROR|FATAL|server closed|connection).*)/m;
	$query->{error} //= '';
	return $query;
}

# The backend of a started query, at its cluster: smc_activity shows it in this phase soon.
sub wait_for_phase
{
	my ($node, $phase) = @_;

	return $node->poll_query_until('postgres', "SELECT count(*) > 0 FROM smc_activity WHERE phase = '$phase' AND id IS NOT NULL");
}

# PIDs of the backends at $node that serve other parties.
sub link_backends
{
	my ($node) = @_;

	return split /\n/, $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE pg_has_role(usename, 'smc_link', 'member') AND usename <> (SELECT rolname FROM pg_roles WHERE oid = 10)");
}

# PIDs of the lane workers at $node.
sub lane_workers
{
	my ($node) = @_;

	return split /\n/, $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'smc lane%'");
}

# The newest computation in a party's audit: "status|sqlstate|error".
sub last_audit
{
	my ($node) = @_;

	return $node->safe_psql('postgres',
		'SELECT status, coalesce(sqlstate, \'\'), coalesce(error, \'\') FROM smc_audit ORDER BY started_at DESC LIMIT 1');
}

# Nothing computes at any of these any more, within the peers' time-out.
sub quiet_soon
{
	my ($name, @nodes) = @_;
	my $until = time + $PEER_TIMEOUT + $SLACK;
	my $busy;

	do
	{
		$busy = '';
		foreach my $node (@nodes)
		{
			$busy .= $node->name . ': ' . $_ . "\n"
			  foreach split /\n/, $node->safe_psql('postgres',
				'SELECT pid, phase, study FROM smc_activity WHERE id IS NOT NULL');
		}
		sleep 0.05 if $busy;
	} while ($busy && time < $until);
	return is($busy, '', "$name: nothing is left running");
}

# A finished query failed as it must: one ERROR that matches, in time, and no figures.
sub fails_within
{
	my ($query, $like, $name, $seconds) = @_;
	my $limit = ($seconds // $PEER_TIMEOUT) + $SLACK;
	my @errors = $query->{stderr} =~ /^(?:psql:\S+ )?(?:ERROR|FATAL|PANIC):/mg;

	return subtest $name => sub {
		like($query->{stderr}, $like, 'the error is clear');
		cmp_ok(scalar(@errors), '<=', 1, 'it is one error');
		is($query->{stdout}, '', 'no figures');
		cmp_ok($query->{seconds}, '<', $limit, sprintf('within %g s (%.1f s)', $limit, $query->{seconds}));
		unlike($query->{stderr}, qr/Doe|139750/, 'no local data in it');
	};
}

# The next query works.
sub ran_well
{
	my ($keeper, $node, $name) = @_;

	return same_as_union($keeper, $node, 'SELECT smc_sum(salary), smc_count(*) FROM payroll', "$name: the next query works");
}

1;

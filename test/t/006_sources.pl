
# A party's part is one query of its own: the planner pushes it down into
# partitions, to parallel workers, and to a foreign server.  What really ran
# is read from the servers' logs (auto_explain).

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;

my %party = make_parties(
	tls => 0,
	conf => <<'CONF');
session_preload_libraries = 'auto_explain'
auto_explain.log_min_duration = 0
auto_explain.log_nested_statements = on
auto_explain.log_verbose = on
CONF
my ($acme, $globex, $initech) = @party{qw(acme globex initech)};

register_all(\%party);

# acme: partitions; globex: big enough for parallel workers; initech: another server's table
$acme->safe_psql('postgres', <<'SQL');
CREATE TABLE src (region text NOT NULL, x integer, y numeric(10,2)) PARTITION BY LIST (region);
CREATE TABLE src_north PARTITION OF src FOR VALUES IN ('north');
CREATE TABLE src_south PARTITION OF src FOR VALUES IN ('south');
ALTER DATABASE postgres SET enable_partitionwise_aggregate = on;
SQL
$globex->safe_psql('postgres', <<'SQL');
CREATE TABLE src (region text NOT NULL, x integer, y numeric(10,2)) WITH (parallel_workers = 2);
ALTER DATABASE postgres SET min_parallel_table_scan_size = 0;
ALTER DATABASE postgres SET parallel_setup_cost = 0;
ALTER DATABASE postgres SET parallel_tuple_cost = 0;
SQL
$initech->safe_psql('postgres', 'CREATE DATABASE shard');
$initech->safe_psql('shard', 'CREATE TABLE rows (region text NOT NULL, x integer, y numeric(10,2))');
my ($host, $port, $user) = ($initech->host, $initech->port, $initech->safe_psql('postgres', 'SELECT current_user'));
$initech->safe_psql('postgres', <<SQL);
CREATE EXTENSION postgres_fdw;
CREATE SERVER shard FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'shard');
CREATE USER MAPPING FOR CURRENT_USER SERVER shard OPTIONS (user '$user');
CREATE FOREIGN TABLE src (region text NOT NULL, x integer, y numeric(10,2)) SERVER shard OPTIONS (table_name 'rows');
SQL
my $rows = "SELECT (ARRAY['north','south'])[1 + n % 2], n, n / 4.0 FROM generate_series(1, 20000) n";
$_->safe_psql('postgres', "INSERT INTO src $rows") foreach values %party;
$_->safe_psql('postgres', 'ANALYZE src') foreach values %party;

$acme->safe_psql('postgres', <<'SQL');
CREATE FOREIGN TABLE s (
  region text OPTIONS (allow 'group, filter', values '{north,south}') NOT NULL,
  x integer OPTIONS (allow 'count, sum, avg, filter'),
  y numeric(10,2) OPTIONS (allow 'sum, avg')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'src');
CREATE DATABASE proof;
SQL
accept_all(\%party, 's', 'src');
$acme->safe_psql('proof', "CREATE TABLE s (region, x, y) AS SELECT r, n, q::numeric(10,2) FROM generate_series(1, 3) i, LATERAL ($rows) v(r, n, q)");

# Ask, and return what each party's log says of its part.
sub plans
{
	my ($sql) = @_;
	my %offset = map { $_ => -s $party{$_}->logfile } keys %party;

	same_as_union($acme, $acme, $sql);
	return map { $_ => substr(slurp_file($party{$_}->logfile), $offset{$_}) } keys %party;
}

my %plan = plans('SELECT region, smc_sum(y), smc_count(*) FROM s WHERE x > 100 GROUP BY region ORDER BY region');
like($plan{acme}, qr/Append.*Aggregate.*src_north.*Aggregate.*src_south/s, 'partitions are aggregated one by one');
like($plan{globex}, qr/Finalize.*Gather.*Partial.*Parallel Seq Scan on public\.src/s, 'parallel workers aggregate');
like($plan{initech}, qr/Remote SQL: SELECT .*sum\(y\).* GROUP BY/, 'a foreign server aggregates');

%plan = plans('SELECT smc_sum(x) FROM s');
like($plan{globex}, qr/Finalize Aggregate.*Gather.*Partial Aggregate/s, 'a plain sum is parallel, too');
like($plan{initech}, qr/Remote SQL: SELECT .*sum\(x\).* FROM public\.rows/, 'and remote');

# Only the part of this party's own query reads the rows: nothing is read twice
is(() = $plan{globex} =~ /Query Text: SELECT .*sum/g, 1, 'one query a party');

# The source's own rights: run as the study's owner, whoever asks
$_->safe_psql('postgres', 'CREATE ROLE analyst LOGIN; GRANT SELECT ON s TO analyst') foreach $acme;
my $result = psql_result($acme, 'SELECT smc_sum(x) FROM s', user => 'analyst');
is($result->{stdout}, $acme->safe_psql('proof', 'SELECT sum(x) FROM s'), 'who may read the study needn\'t be able to read the source') or diag $result->{stderr};
like(psql_result($acme, 'SELECT sum(x) FROM src', user => 'analyst')->{error}, qr/42501/, 'and isn\'t');
$acme->safe_psql('postgres', 'REVOKE SELECT ON s FROM analyst');
like(psql_result($acme, 'SELECT smc_sum(x) FROM s', user => 'analyst')->{error}, qr/42501/, 'without SELECT on the study nothing is computed');

done_testing();


# A study with approve 'each': every run waits for people at all other parties.
# acme asks; globex and initech decide.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SmcTest;
use Test::More;
use Time::HiRes qw(time sleep);

my $TIMEOUT = $SmcTest::PEER_TIMEOUT;
my $ASK = 'SELECT smc_sum(salary), smc_count(*) FROM payroll';

my %party = make_parties(conf => 'max_prepared_transactions = 2');
my ($acme, $globex, $initech) = @party{qw(acme globex initech)};

register_all(\%party);
make_payroll(\%party, "reveal_to 'all', approve 'each'");
$acme->safe_psql('postgres', <<'SQL');
CREATE FOREIGN TABLE brief (salary numeric(12,2) OPTIONS (allow 'count, sum'))
  SERVER acme OPTIONS (parties 'acme, globex, initech', source 'hr.source', approve 'each', approve_within '2 seconds');
SQL
accept_all(\%party, 'brief', 'hr.source');

my $answer = $acme->safe_psql('proof', union_sql($ASK));

# The id of the only request that waits for a decision at a party, once it is there.
sub request
{
	my ($node, $like) = @_;

	$like //= '%';
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM smc_requests WHERE decision IS NULL AND query LIKE '$like'")
	  or diag 'no request came to ' . $node->name;
	return $node->safe_psql('postgres', "SELECT id FROM smc_requests WHERE decision IS NULL AND query LIKE '$like'");
}

sub approve
{
	my ($node, $id) = @_;

	return $node->safe_psql('postgres', "SELECT smc_approve('$id')");
}

# The error of a statement, with its detail.
sub error_of
{
	my ($node, $sql, %args) = @_;

	return psql_result($node, $sql, %args)->{stderr};
}

# Ask, have all approve, and see that the answer is right.
sub runs_when_approved
{
	my ($name) = @_;
	my $query = start_query($acme, $ASK);

	approve($_, request($_)) foreach $globex, $initech;
	finish_query($query, 30);
	is($query->{stdout}, $answer, "$name: the next query waits, and runs") or diag $query->{stderr};
	return;
}

# The requests are gone, everywhere, at once.
sub requests_vanish
{
	my ($name) = @_;

	foreach my $node ($globex, $initech)
	{
		ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM smc_requests'), "$name: no request is left at " . $node->name);
	}
	return;
}

sub audit_of
{
	my ($node, $id, $columns) = @_;

	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM smc_audit WHERE id = '$id' AND status <> 'running'");
	return $node->safe_psql('postgres', "SELECT $columns FROM smc_audit WHERE id = '$id'");
}

my $DECISIONS = q{(SELECT string_agg(d->>'party' || ' ' || (d->>'decision') || coalesce(' by ' || (d->>'by'), ''), ', ' ORDER BY n)
	FROM jsonb_array_elements(decisions) WITH ORDINALITY j(d, n))};

#
# All approve
#
{
	# whoever read a row now would fail
	behave($_, 0, '22012') foreach $acme, $globex, $initech;
	my $query = start_query($acme, "$ASK WHERE rank = 'Prof'");
	my $id = request($globex);

	is(request($initech), $id, 'both are asked about the same computation');
	foreach my $node ($globex, $initech)
	{
		is( $node->safe_psql('postgres', 'SELECT study, asked_by, asked_role, query, reveals FROM smc_requests'),
			"payroll|acme|" . $acme->safe_psql('postgres', 'SELECT current_user')
			  . "|SELECT sum(salary), count(*) FROM payroll WHERE rank = 'Prof'"
			  . "|sum(salary) to acme, globex, initech\ncount(*) to acme, globex, initech"
			  . "\nwhether any row contributes to sum(salary) to acme, globex, initech",
			$node->name . ' sees who asks what, and what it would reveal');
		is( $node->safe_psql('postgres', "SELECT waits_until - asked_at, asked_at > now() - interval '1 minute', decided_by FROM smc_requests"),
			'01:00:00|t|', $node->name . ' sees since when, and until when');
	}
	is($acme->safe_psql('postgres', 'SELECT count(*) FROM smc_requests'), '0', 'the asker has no request of its own');
	is($acme->safe_psql('postgres', "SELECT phase, awaiting FROM smc_activity WHERE id = '$id'"), 'approve|globex, initech', 'the asker sees who is awaited');

	# longer than anyone may be silent
	sleep $TIMEOUT + 2;
	is($globex->safe_psql('postgres', "SELECT phase, awaiting FROM smc_activity WHERE id = '$id'"), 'approve|globex, initech', 'waiting is no silence');
	approve($globex, $id);
	ok($acme->poll_query_until('postgres', "SELECT awaiting = 'initech' FROM smc_activity WHERE id = '$id'"), 'the asker sees who is awaited still');
	is($globex->safe_psql('postgres', 'SELECT decision, decided_by = current_user, decided_at IS NOT NULL FROM smc_requests'),
		'approved|t|t', 'the request shows what was decided here');
	like(error_of($globex, "SELECT smc_approve('$id')"), qr/ERROR:  55000: computation $id over study "payroll" has been approved already\nDETAIL:  By role "\w+", at 2/,
		'approving twice is an error that says so');
	like(error_of($globex, "SELECT smc_refuse('$id')"), qr/has been approved already/, 'an approval is not taken back by a refusal');
	like(error_of($acme, "SELECT smc_approve('$id')"), qr/does not wait for approval\nDETAIL:  This party has asked for it itself/, 'the asker has nothing to approve');
	like(error_of($initech, "SELECT smc_approve('00000000-0000-4000-8000-000000000000')"),
		qr/ERROR:  42704: no computation 00000000-\S+ waits for approval at this party\nHINT:  The view smc_requests/, 'an unknown id is an error');

	behave($_, 0) foreach $acme, $globex, $initech;
	approve($initech, $id);
	finish_query($query, 30);
	is($query->{stdout}, $acme->safe_psql('proof', union_sql("$ASK WHERE rank = 'Prof'")), 'approved by both: the right answer') or diag $query->{stderr};
	like($query->{stderr}, qr/NOTICE:.* waits for approval by globex, initech\n(?:.*\n)*.*NOTICE:.* waits for approval by initech\n/, 'and notices of who was awaited');
	requests_vanish('approved');
	like(error_of($globex, "SELECT smc_approve('$id')"), qr/ERROR:  55000: computation $id over study "payroll" does not wait for approval\nDETAIL:  It has ended: done\./,
		'approving after the end is an error that says so');

	my $who = $acme->safe_psql('postgres', 'SELECT current_user');
	is(audit_of($acme, $id, "status, $DECISIONS"), 'done|globex approved, initech approved', 'acme: the audit says who approved');
	is(audit_of($globex, $id, "status, $DECISIONS"), "done|globex approved by $who, initech approved", 'globex: and by which role');
	is(audit_of($initech, $id, "status, $DECISIONS"), "done|globex approved, initech approved by $who", 'initech: and by which role');
	is(audit_of($acme, $id, "(SELECT bool_and((d->>'at')::timestamptz BETWEEN started_at AND now()) FROM jsonb_array_elements(decisions) d)"), 't', 'and when');
}
runs_when_approved('after an approval');

#
# One refuses
#
{
	my $query = start_query($acme, $ASK);
	my $id = request($globex);
	my $who = $globex->safe_psql('postgres', 'SELECT current_user');

	approve($initech, request($initech));
	ok($_->poll_query_until('postgres', "SELECT awaiting = 'globex' FROM smc_activity WHERE id = '$id'"), $_->name . ' knows that initech has approved')
	  foreach $acme, $globex;
	$globex->safe_psql('postgres', "SELECT smc_refuse('$id', 'Not before the audit: Prüfung läuft.')");
	finish_query($query, 30);
	fails_within($query, qr/ERROR:  42501: computation over study "payroll" was refused by party "globex"\nDETAIL:  Not before the audit: Prüfung läuft\.$/m, 'refused', 10);
	requests_vanish('refused');
	is(audit_of($acme, $id, "status, sqlstate, error, $DECISIONS"),
		'refused|42501|computation over study "payroll" was refused by party "globex": Not before the audit: Prüfung läuft.|globex refused, initech approved',
		'acme: the audit says who refused, and why');
	is(audit_of($globex, $id, "status, error, $DECISIONS"),
		qq(refused|computation over study "payroll" was refused by party "globex": By role "$who": Not before the audit: Prüfung läuft.|globex refused by $who, initech approved),
		'globex: and by which role');
	is(audit_of($initech, $id, "status, error, $DECISIONS"),
		qq(refused|computation over study "payroll" was refused by party "globex"|globex refused, initech approved by $who),
		'initech: the reason is for the asker alone');
	like(error_of($globex, "SELECT smc_refuse('$id')"), qr/does not wait for approval\nDETAIL:  It has ended: refused\./, 'and nothing more can be decided');
}
{
	my $query = start_query($acme, $ASK);

	$globex->safe_psql('postgres', "SELECT smc_refuse('" . request($globex) . "')");
	finish_query($query, 30);
	fails_within($query, qr/ERROR:  42501: computation over study "payroll" was refused by party "globex"\n(?!DETAIL)/, 'refused without a reason', 10);
}
like(error_of($globex, "SELECT smc_refuse(gen_random_uuid(), repeat('x', 1001))"), qr/reason is too long/, 'a reason has an end');
runs_when_approved('after a refusal');

#
# Nobody answers, or not all
#
{
	my $result = psql_result($acme, 'SELECT smc_sum(salary) FROM brief');

	fails_within($result,
		qr/ERROR:  55000: computation over study "brief" was not approved in time by parties globex, initech\nDETAIL:  .*approve_within gives them 00:00:02\.\nHINT: /,
		'nobody answered', 2);
	cmp_ok($result->{seconds}, '>', 1.9, 'but not before the time');
	requests_vanish('nobody answered');

	my $query = start_query($acme, 'SELECT smc_sum(salary) FROM brief');
	my $id = request($globex);
	approve($globex, $id);
	finish_query($query, 30);
	fails_within($query, qr/was not approved in time by party "initech"$/m, 'one did not answer', 2);
	is(audit_of($globex, $id, "status, $DECISIONS LIKE 'globex approved by %'"), 'refused|t', 'the other one has it in its audit');
}

#
# The asker has had enough
#
foreach my $how ('pg_cancel_backend', 'statement_timeout', 'Ctrl-C')
{
	my $query = start_query($acme, ($how eq 'statement_timeout' ? "SET statement_timeout = '3s'; " : '') . $ASK);
	my $id = request($globex);

	request($initech);
	$acme->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%smc_sum%' AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state = 'active'")
	  if $how eq 'pg_cancel_backend';
	$query->{harness}->signal('INT') if $how eq 'Ctrl-C';
	finish_query($query, 30);
	fails_within($query, qr/57014/, $how, 4);
	requests_vanish($how);
	is(audit_of($initech, $id, 'status'), 'canceled', "$how: the audit says so");
	like(error_of($globex, "SELECT smc_approve('$id')"), qr/DETAIL:  It has ended: canceled\./, "$how: too late to approve");
}
runs_when_approved('after a cancel');

#
# A decision counts when it commits, and only then
#
{
	my $query = start_query($acme, $ASK);
	my $id = request($globex);

	approve($initech, request($initech));
	$globex->safe_psql('postgres', "BEGIN; SELECT smc_approve('$id'); ROLLBACK");
	$globex->safe_psql('postgres', "BEGIN; SAVEPOINT s; SELECT smc_refuse('$id'); ROLLBACK TO s; COMMIT");
	$globex->safe_psql('postgres', "BEGIN; SELECT smc_approve('$id'); PREPARE TRANSACTION 'x'");
	sleep 1.5;
	is($globex->safe_psql('postgres', 'SELECT id, decision FROM smc_requests'), "$id|", 'rolled back, or not committed yet: nothing is decided');
	is($acme->safe_psql('postgres', 'SELECT awaiting FROM smc_activity WHERE id IS NOT NULL'), 'globex', 'and the asker waits');
	$globex->safe_psql('postgres', "COMMIT PREPARED 'x'");
	finish_query($query, 30);
	is($query->{stdout}, $answer, 'committed later, by whomever: approved') or diag $query->{stderr};
}
{
	# someone thinks about it with the row locked, while the asker gives up
	my $query = start_query($acme, $ASK);
	my $id = request($globex);
	my $thinker = start_query($globex, "BEGIN; SELECT smc_approve('$id'); SELECT pg_sleep(60); COMMIT");

	$globex->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid() AND wait_event = 'PgSleep'");
	$query->{harness}->signal('INT');
	finish_query($query, 30);
	fails_within($query, qr/57014/, 'while someone decides', 1);
	requests_vanish('while someone decides');
	$query = start_query($acme, $ASK);
	my $next = request($globex);
	isnt($next, $id, 'the next one is asked about anew');
	$thinker->{harness}->signal('INT');
	finish_query($thinker, 10);
	approve($globex, $next);
	approve($initech, request($initech));
	finish_query($query, 30);
	is($query->{stdout}, $answer, 'and runs when that is approved') or diag $query->{stderr};
	is($globex->safe_psql('postgres', 'SELECT count(*) FROM smc_requests_waiting'), '1', 'what was locked is left over');
}
runs_when_approved('after that');
is($globex->safe_psql('postgres', 'SELECT count(*) FROM smc_requests_waiting'), '0', 'and is swept out by the next');

#
# A tool that listens
#
{
	my $listener = start_query($globex, "LISTEN smc_requests;\n" . "SELECT pg_sleep(0.1);\n" x 60);
	$globex->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.1)%' AND pid <> pg_backend_pid()");
	my $query = start_query($acme, $ASK);
	my $id = request($globex);

	finish_query($listener, 30);
	my @heard = $listener->{stdout} =~ /notification "smc_requests" with payload "([^"]*)"/g;
	is("@heard", $id, 'a listener is told the id, once');
	approve($_, request($_)) foreach $globex, $initech;
	finish_query($query, 30);
	is($query->{stdout}, $answer, 'listened to: the right answer');
}

#
# Several at once, by several
#
{
	my $first = start_query($acme, "$ASK WHERE sex = 'Male'");
	my $second = start_query($acme, "$ASK WHERE sex = 'Female'");
	my $third = start_query($initech, "$ASK WHERE rank = 'Prof'");
	my $male = request($globex, '%Male%');
	my $female = request($globex, '%Female%');
	my $prof = request($globex, '%Prof%');

	is($globex->safe_psql('postgres', 'SELECT count(DISTINCT id), count(*) FROM smc_requests'), '3|3', 'three at once');
	is($globex->safe_psql('postgres', "SELECT asked_by FROM smc_requests WHERE id = '$prof'"), 'initech', 'one of them from elsewhere');
	approve($initech, $male);
	approve($initech, $female);
	approve($globex, $prof);
	approve($acme, $prof);
	finish_query($third, 30);
	is($third->{stdout}, $acme->safe_psql('proof', union_sql("$ASK WHERE rank = 'Prof'")), 'the third runs') or diag $third->{stderr};
	$globex->safe_psql('postgres', "SELECT smc_refuse('$female', 'No.'), smc_approve('$male')");
	finish_query($_, 30) foreach $first, $second;
	is($first->{stdout}, $acme->safe_psql('proof', union_sql("$ASK WHERE sex = 'Male'")), 'the first runs') or diag $first->{stderr};
	like($second->{stderr}, qr/refused by party "globex"\nDETAIL:  No\./, 'the second does not');
	requests_vanish('three at once');
}

#
# Who may decide
#
{
	$globex->safe_psql('postgres', <<'SQL');
CREATE ROLE boss;
CREATE ROLE officer LOGIN IN ROLE boss;
CREATE ROLE clerk LOGIN;
GRANT USAGE, CREATE ON SCHEMA hr, public TO boss;
GRANT SELECT ON hr.staff, hr.behave TO boss;
ALTER VIEW hr.source OWNER TO boss;
ALTER FOREIGN TABLE payroll OWNER TO boss;
SQL
	my $query = start_query($acme, $ASK);
	my $id = request($globex);

	like(error_of($globex, "SELECT smc_approve('$id')", user => 'officer'), qr/42501: permission denied for function smc_approve/, 'membership alone is not enough');
	$globex->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION smc_approve(uuid), smc_refuse(uuid, text) TO officer, clerk');
	like(error_of($globex, "SELECT smc_approve('$id')", user => 'clerk'), qr/42501: must be owner of study "payroll"/, 'nor is EXECUTE');
	like(error_of($globex, "SELECT smc_refuse('$id')", user => 'clerk'), qr/42501: must be owner of study "payroll"/, 'not for a refusal either');
	is(psql_result($globex, 'SELECT count(*) FROM smc_requests', user => 'clerk')->{stdout}, '0', 'who may not decide sees nothing');
	is(psql_result($globex, 'SELECT id FROM smc_requests', user => 'officer')->{stdout}, $id, 'who may sees it');
	is(psql_result($globex, "SELECT smc_approve('$id')", user => 'officer')->{stderr}, '', 'and approves');
	approve($initech, request($initech));
	finish_query($query, 30);
	is($query->{stdout}, $answer, 'approved by an officer') or diag $query->{stderr};
	is(audit_of($globex, $id, $DECISIONS), 'globex approved by officer, initech approved', 'the audit names the officer');
	is(audit_of($acme, $id, $DECISIONS), 'globex approved, initech approved', 'but only at home');
	like(error_of($globex, "SELECT smc_approve('$id')", user => 'clerk'), qr/42704: no computation/, 'who may not decide is not told what became of it');
}

#
# What ends the waiting from a peer's side
#
{
	my $query = start_query($acme, $ASK);
	my $id = request($globex);

	request($initech);
	$globex->restart;
	finish_query($query, 30);
	fails_within($query, qr/ERROR:  08\w{3}: computation over study "payroll" failed: .*"globex"/, 'a peer restarted', $TIMEOUT + 5);
	requests_vanish('a peer restarted');
	like(error_of($globex, "SELECT smc_approve('$id')"), qr/does not wait for approval\nDETAIL:  It was interrupted\./, 'a request from before the restart is over');
	runs_when_approved('a peer restarted');
}
{
	my $query = start_query($acme, $ASK);
	my $id = request($globex);

	request($initech);
	$globex->stop('immediate');
	$globex->start;
	finish_query($query, 30);
	fails_within($query, qr/ERROR:  08\w{3}: .*"globex"/, 'a peer crashed', $TIMEOUT + 5);
	is($globex->safe_psql('postgres', 'SELECT count(*) FROM smc_requests_waiting'), '1', 'a crash leaves a row');
	requests_vanish('a peer crashed');
	runs_when_approved('a peer crashed');
	is($globex->safe_psql('postgres', 'SELECT count(*) FROM smc_requests_waiting'), '0', 'the next request sweeps it out');
}
{
	my $query = start_query($acme, $ASK);
	my $id = request($initech);

	approve($globex, request($globex));
	$initech->safe_psql('postgres', "SELECT smc_withdraw('payroll')");
	finish_query($query, 30);
	fails_within($query, qr/ERROR:  55000: party "initech" has not accepted study "payroll"/, 'consent withdrawn while it waits', 5);
	requests_vanish('consent withdrawn');
	$initech->safe_psql('postgres', "SELECT smc_accept('payroll')");
	runs_when_approved('consent given again');
}

# EXPLAIN says it
like($acme->safe_psql('postgres', "EXPLAIN $ASK"), qr/Approval: each run waits for globex, initech, at most 01:00:00/, 'EXPLAIN says who must approve');
quiet_soon('in the end', values %party);

done_testing();


=head1 SmcRaw - PostgreSQL's protocol, byte by byte

A client that can send what libpq never would, and a server that pretends to
be a peer.  Messages are pairs of a type letter and a body.

=cut

package SmcRaw;

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(time);

# SmcRaw->connect($node, user => ..., database => ..., further startup parameters): over the socket, no password.
sub connect
{
	my ($class, $node, %startup) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $node->host . '/.s.PGSQL.' . $node->port) or die "could not connect: $!";
	my $self = bless { socket => $socket, buffer => '' }, $class;
	my $body = pack 'N', 196608;

	$startup{database} //= 'postgres';
	$body .= "$_\0$startup{$_}\0" foreach sort keys %startup;
	$body .= "\0";
	$self->write(pack('N', 4 + length $body) . $body);
	return $self;
}

sub write
{
	my ($self, $data) = @_;
	local $SIG{PIPE} = 'IGNORE';

	while (length $data)
	{
		my $sent = syswrite $self->{socket}, $data;
		return 0 if !$sent;
		substr $data, 0, $sent, '';
	}
	return 1;
}

sub send
{
	my ($self, $type, $body) = @_;

	return $self->write(pack('a N', $type, 4 + length $body) . $body);
}

# The next message as (type, body); nothing at the end of the connection or after $timeout seconds.
sub receive
{
	my ($self, $timeout) = @_;
	my $until = time + ($timeout // 10);

	while (1)
	{
		if (length $self->{buffer} >= 5)
		{
			my ($type, $len) = unpack 'a N', $self->{buffer};

			if (length $self->{buffer} >= 1 + $len)
			{
				my $message = substr $self->{buffer}, 0, 1 + $len, '';
				return ($type, substr $message, 5);
			}
		}
		my $left = $until - time;
		return if $left <= 0 || !IO::Select->new($self->{socket})->can_read($left);
		my $got = sysread $self->{socket}, my $data, 65536;
		return if !$got;
		$self->{buffer} .= $data;
	}
}

# Read up to a message of one of the types in $types; returns all as a list of [type, body].
sub receive_until
{
	my ($self, $types, $timeout) = @_;
	my @messages;

	while (my ($type, $body) = $self->receive($timeout))
	{
		push @messages, [ $type, $body ];
		last if index($types, $type) >= 0;
	}
	return @messages;
}

# The fields of the first error among messages: { C => sqlstate, M => message, ... }, or nothing.
sub error
{
	my (@messages) = @_;

	foreach my $message (@messages)
	{
		next if $message->[0] ne 'E';
		return { map { substr($_, 0, 1) => substr($_, 1) } grep { length } split /\0/, $message->[1] };
	}
	return;
}

sub close
{
	my ($self) = @_;

	CORE::close $self->{socket};
	return;
}

# Pretend to be a peer's server: fork a process that listens, lets anyone in,
# answers the first command with CopyBothResponse and hands the connection to
# $behave->($raw, $first_frame).  Returns (port, pid); end it by kill.
sub pretend_peer
{
	my ($behave) = @_;
	my $listener = IO::Socket::INET->new(
		LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 16, ReuseAddr => 1, Proto => 'tcp')
	  or die "could not listen: $!";
	my $port = $listener->sockport;
	my $pid = fork // die "could not fork: $!";

	return ($port, $pid) if $pid;
	$SIG{$_} = 'DEFAULT' foreach qw(INT TERM HUP);
	$SIG{CHLD} = 'IGNORE';
	while (my $client = $listener->accept)
	{
		next if fork;
		eval { _pretend(bless({ socket => $client, buffer => '' }, 'SmcRaw'), $behave) };
		POSIX::_exit(0);
	}
	POSIX::_exit(0);
}

sub _pretend
{
	my ($self, $behave) = @_;
	my $extended = 0;

	# the startup packet has no type
	while (1)
	{
		my $startup = '';
		sysread($self->{socket}, $startup, 8 - length $startup, length $startup) or return while length $startup < 8;
		my ($len, $code) = unpack 'N N', $startup;
		sysread($self->{socket}, $startup, $len - length $startup, length $startup) or return while length $startup < $len;
		last if $code == 196608;
		return if $code == 80877102;    # a cancel request
		$self->write('N');              # no TLS, no GSSAPI
	}
	$self->send('R', pack 'N', 3);      # a password in plain text, please
	$self->receive;
	$self->send('R', pack 'N', 0);
	$self->send('S', "$_\0") foreach "server_version\0" . '15.20', "server_encoding\0UTF8", "client_encoding\0UTF8",
	  "standard_conforming_strings\0on", "integer_datetimes\0on", "is_superuser\0off", "DateStyle\0ISO, MDY";
	$self->send('K', pack 'N N', $$, 1);
	$self->send('Z', 'I');
	while (my ($type, $body) = $self->receive(60))
	{
		if ($type eq 'Q' && $body !~ /smc_attach/)
		{
			# a setting, say: whatever it was, done
			$self->send('C', "SET\0");
			$self->send('Z', 'I');
		}
		elsif ($type eq 'P') { $extended = 1; $self->send('1', '') }
		elsif ($type eq 'B') { $self->send('2', '') }
		elsif ($type eq 'D') { $self->send('n', '') }
		elsif ($type eq 'Q' || $type eq 'E')
		{
			$self->send('W', pack 'C n', 0, 0);
			my ($kind, $frame);
			do { ($kind, $frame) = $self->receive(60) or return } while $kind ne 'd';
			$behave->($self, $frame);
			return;
		}
		elsif ($type eq 'X') { return }
	}
	return;
}

1;

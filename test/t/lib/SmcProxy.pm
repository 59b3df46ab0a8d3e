
=head1 SmcProxy - a network between a hub and a peer that does harm on demand

A process of its own forwards connections to one port and reads PostgreSQL's
messages as they pass (so no TLS).  What it does to those coming from the
peer is told by a file, read at each message:

  pass      forward (the default)
  silent    stop forwarding, both ways, and keep the sockets open: a cut cable
  close     close both ends
  corrupt   flip the last bit of each CopyData message
  truncate  leave out the last byte of each CopyData message (its length is right)
  replay    send each CopyData message twice
  reorder   send the next two CopyData messages of one stream (bytes from, to) the other way round
  forge     put a made-up SEALED frame before each CopyData message

=cut

package SmcProxy;

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use POSIX ();

# SmcProxy->new(to => port, dir => scratch directory)
sub new
{
	my ($class, %args) = @_;
	my $listener = IO::Socket::INET->new(
		LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 16, ReuseAddr => 1, Proto => 'tcp')
	  or die "could not listen: $!";
	my $self = bless {
		port => $listener->sockport,
		to => $args{to},
		file => "$args{dir}/proxy." . $listener->sockport
	}, $class;

	$self->mode('pass');
	$self->{pid} = fork // die "could not fork: $!";
	if ($self->{pid} == 0)
	{
		$SIG{$_} = 'DEFAULT' foreach qw(INT TERM HUP);
		$SIG{PIPE} = 'IGNORE';
		eval { $self->_serve($listener) };
		POSIX::_exit(0);
	}
	close $listener;
	return $self;
}

sub port { return $_[0]->{port}; }

# Set what happens from now on.
sub mode
{
	my ($self, $mode) = @_;

	open my $file, '>', "$self->{file}.new" or die "could not write $self->{file}: $!";
	print $file $mode;
	close $file;
	rename "$self->{file}.new", $self->{file} or die "could not rename: $!";
	return;
}

sub stop
{
	my ($self) = @_;

	if ($self->{pid})
	{
		kill 'KILL', $self->{pid};
		waitpid $self->{pid}, 0;
		$self->{pid} = 0;
	}
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);

	$self->stop if $self->{pid};
	return;
}

sub _read_mode
{
	my ($self) = @_;

	open my $file, '<', $self->{file} or return 'pass';
	my $mode = <$file>;
	return $mode // 'pass';
}

sub _serve
{
	my ($self, $listener) = @_;
	my $select = IO::Select->new($listener);
	my %link;    # by socket: the pair it belongs to
	my $drop = sub {
		my ($pair) = @_;

		foreach my $socket ($pair->{client}, $pair->{server})
		{
			$select->remove($socket);
			delete $link{$socket};
			close $socket;
		}
	};

	while (1)
	{
		my $mode = $self->_read_mode;

		if ($mode eq 'close')
		{
			my %pairs = map { $_ => $_ } values %link;
			$drop->($_) foreach values %pairs;
		}
		foreach my $socket ($select->can_read(0.02))
		{
			if ($socket == $listener)
			{
				my $client = $listener->accept or next;
				my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{to}, Proto => 'tcp');
				if (!$server)
				{
					close $client;
					next;
				}
				my $pair = { client => $client, server => $server, buffer => '', held => {} };
				$link{$client} = $link{$server} = $pair;
				$_->sockopt(Socket::TCP_NODELAY(), 1) foreach $client, $server;
				$select->add($client, $server);
				next;
			}
			my $pair = $link{$socket} or next;
			$mode = $self->_read_mode;
			next if $mode eq 'silent';
			my $got = sysread $socket, my $data, 65536;
			if (!$got)
			{
				$drop->($pair);
				next;
			}
			if ($socket == $pair->{client})
			{
				_write($pair->{server}, $data);
			}
			else
			{
				$pair->{buffer} .= $data;
				_write($pair->{client}, _take($pair, $mode));
			}
		}
		select(undef, undef, undef, 0.02) if $mode eq 'silent';
	}
	return;
}

# Take the whole messages off a pair's buffer, as they shall reach the hub.
sub _take
{
	my ($pair, $mode) = @_;
	my $out = '';

	while (length $pair->{buffer} >= 5)
	{
		my ($type, $len) = unpack 'a N', $pair->{buffer};

		last if length $pair->{buffer} < 1 + $len;
		my $message = substr $pair->{buffer}, 0, 1 + $len, '';
		my $body = substr $message, 5;

		if ($type ne 'd' || $mode eq 'pass')
		{
			$out .= $message;
		}
		elsif ($mode eq 'corrupt')
		{
			substr($message, -1) ^= "\x01";
			$out .= $message;
		}
		elsif ($mode eq 'truncate')
		{
			$out .= pack('a N', 'd', $len - 1) . substr($body, 0, -1);
		}
		elsif ($mode eq 'replay')
		{
			$out .= $message . $message;
		}
		elsif ($mode eq 'forge')
		{
			$out .= pack('a N', 'd', $len) . substr($body, 0, 4) . ("\x5a" x (length($body) - 4)) . $message;
		}
		elsif ($mode eq 'reorder')
		{
			my $stream = substr $body, 1, 2;

			if (defined(my $held = delete $pair->{held}{$stream}))
			{
				$out .= $message . $held;
			}
			else
			{
				$pair->{held}{$stream} = $message;
			}
		}
	}
	return $out;
}

sub _write
{
	my ($socket, $data) = @_;

	while (length $data)
	{
		my $sent = syswrite $socket, $data;
		return if !$sent;
		substr $data, 0, $sent, '';
	}
	return;
}

1;

#!/usr/bin/perl
# Members and clients of the tests. KIND is udp or sctp.
#   echo.pl serve KIND NAME ADDRESS PORT: answers each message with its name and the client's address
#   echo.pl ask KIND SOURCE ADDRESS PORT COUNT: one message each over COUNT new flows; prints each answer, or "-"
#   echo.pl talk KIND SOURCE ADDRESS PORT: one flow; each line of the input is a message, each answer (or "-") a line
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo getnameinfo AI_NUMERICHOST NI_NUMERICHOST NI_NUMERICSERV);

use constant { SCTP => 132, SECONDS => 3 };
$| = 1;
$SIG{CHLD} = 'IGNORE';
my ($what, $kind, @rest) = @ARGV;

sub address {
    my ($text, $port) = @_;
    my ($failure, $found) = getaddrinfo($text, $port, { flags => AI_NUMERICHOST, socktype => SOCK_DGRAM });
    die "$text: $failure\n" if $failure;
    return $found;
}

sub open_at {
    my ($text, $port) = @_;
    my $at = address($text, $port);
    my ($type, $protocol) = $kind eq 'sctp' ? (SOCK_STREAM, SCTP) : (SOCK_DGRAM, 0);
    socket(my $socket, $at->{family}, $type, $protocol) or die "socket: $!\n";
    setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
    bind($socket, $at->{addr}) or die "bind $text $port: $!\n";
    return $socket;
}

sub host_of {
    my (undef, $host) = getnameinfo(shift, NI_NUMERICHOST | NI_NUMERICSERV);
    return $host;
}

sub within_limit {
    my $work = shift;
    my $result = eval {
        local $SIG{ALRM} = sub { die "late\n" };
        alarm SECONDS;
        $work->();
    };
    alarm 0;
    return defined $result && $result ne '' ? $result : '-';
}

sub exchange {
    my ($socket, $message) = @_;
    return within_limit(sub {
        send($socket, $message, 0) or return '-';
        defined recv($socket, my $answer, 2048, 0) or return '-';
        return $answer;
    });
}

sub flow {
    my ($source, $host, $port) = @_;
    my $socket = open_at($source, 0);
    my $to = address($host, $port);
    my $connected = within_limit(sub { connect($socket, $to->{addr}) ? 'yes' : '-' });
    return $connected eq 'yes' ? $socket : undef;
}

if ($what eq 'ask') {
    my ($source, $host, $port, $count) = @rest;
    for (1 .. $count) {
        my $socket = flow($source, $host, $port);
        print defined $socket ? exchange($socket, 'ping') : '-', "\n";
    }
} elsif ($what eq 'talk') {
    my ($source, $host, $port) = @rest;
    my $socket = flow($source, $host, $port);
    while (my $line = <STDIN>) {
        chomp $line;
        print defined $socket ? exchange($socket, $line) : '-', "\n";
    }
} else {
    my ($name, $host, $port) = @rest;
    my $socket = open_at($host, $port);
    print "ready\n" if $kind eq 'udp' || listen($socket, 64);
    while (1) {
        if ($kind eq 'udp') {
            my $from = recv($socket, my $message, 2048, 0);
            send($socket, "$name " . host_of($from), 0, $from) if defined $from;
            next;
        }
        my $from = accept(my $client, $socket) or next;
        next if fork;
        close $socket;
        while (sysread($client, my $message, 2048)) { syswrite $client, "$name " . host_of($from) }
        exit 0;
    }
}

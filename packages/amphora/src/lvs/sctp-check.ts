/**
 * Checks an SCTP member without opening an association: INIT, and ABORT when INIT ACK comes. Written in Perl, which every
 * Debian has: Node has no raw sockets, and a program that keepalived starts every few seconds must start fast.
 *
 * Source of the format: RFC 9260, sections 3.1, 3.3.2, 3.3.7 and appendix A (CRC32c).
 */
export const SCTP_CHECK = String.raw`#!/usr/bin/perl
# Usage: sctp ADDRESS PORT SECONDS. Status 0: the member answers. 1: it refuses or is silent. 2: cannot be tried.
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo AI_NUMERICHOST);

my ($address, $port, $seconds) = @ARGV;
die "Usage: sctp ADDRESS PORT SECONDS\n" unless defined $seconds;

my @table = map {
    my $value = $_;
    $value = $value & 1 ? ($value >> 1) ^ 0x82f63b78 : $value >> 1 for 1 .. 8;
    $value;
} 0 .. 255;

sub crc32c {
    my $crc = 0xffffffff;
    $crc = ($crc >> 8) ^ $table[($crc ^ $_) & 0xff] for unpack 'C*', shift;
    return $crc ^ 0xffffffff;
}

sub packet {
    my ($source, $tag, $chunk) = @_;
    my $head = pack 'nnN', $source, $port, $tag;
    # The checksum travels with its low byte first.
    return $head . pack('V', crc32c($head . "\0\0\0\0" . $chunk)) . $chunk;
}

my $hints = { flags => AI_NUMERICHOST, socktype => SOCK_DGRAM };
my ($failure, $target) = getaddrinfo($address, undef, $hints);
do { print STDERR "$address: $failure\n"; exit 2 } if $failure;
socket(my $raw, $target->{family}, SOCK_RAW, 132) or do { print STDERR "raw socket: $!\n"; exit 2 };
connect($raw, $target->{addr}) or exit 1;

my $source = 32768 + int rand 28232;
my $own_tag = 1 + int rand 0xfffffffe;
my $init = pack 'CCnNNnnN', 1, 0, 20, $own_tag, 65536, 1, 1, 1 + int rand 0xfffffffe;
send($raw, packet($source, 0, $init), 0) or exit 1;

$SIG{ALRM} = sub { exit 1 };
alarm $seconds;
while (1) {
    defined recv($raw, my $data, 65535, 0) or exit 1;
    # IPv4 hands over its own header too.
    $data = substr $data, 4 * (unpack('C', $data) & 15) if $target->{family} == AF_INET;
    next if length $data < 16;
    my ($from, $to, $tag, undef, $type) = unpack 'nnNNC', $data;
    next unless $from == $port && $to == $source && $tag == $own_tag;
    exit 1 if $type != 2;
    next if length $data < 20;
    my $peer_tag = unpack 'N', substr $data, 16, 4;
    send($raw, packet($source, $peer_tag, pack('CCn', 6, 0, 4)), 0);
    exit 0;
}
`;

#!/usr/bin/perl
# What a Perl application does, through DBI: DBD::mysql or DBD::MariaDB, prepared in
# the client and in the server, transactions, errors. Prints "ok", or dies.
use strict;
use warnings;
use DBI;

my ($driver) = @ARGV;
my $prefix = $driver eq 'MariaDB' ? 'mariadb' : 'mysql';
for my $server_side (0, 1) {
  my $db = DBI->connect("DBI:$driver:database=app;host=127.0.0.1;port=$ENV{MYSQL_PORT}", 'app',
    $ENV{MYSQL_PWD}, { RaiseError => 1, PrintError => 0, "${prefix}_server_prepare" => $server_side });
  $db->do('DROP TABLE IF EXISTS perl');
  $db->do('CREATE TABLE perl (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))');
  my $insert = $db->prepare('INSERT INTO perl (v) VALUES (?)');
  # Of one length: libmariadb 10.11.18 hands out an empty string for a row that is longer than
  # the first, from the server itself, too.
  my $value_of = sub { sprintf 'value %02d', shift };
  $insert->execute($value_of->($_)) for 1 .. 50;
  die 'insert id' unless $db->last_insert_id(undef, undef, undef, undef) == 50;
  my $select = $db->prepare('SELECT v FROM perl WHERE id = ?');
  for my $id (1 .. 20) {
    $select->execute($id);
    my $value = $select->fetchrow_arrayref->[0];
    die "select $id, prepared in the " . ($server_side ? 'server' : 'client') . ": '$value'" unless $value eq $value_of->($id);
    $select->finish;
  }
  $db->begin_work;
  die 'delete' unless $db->do('DELETE FROM perl') == 50;
  $db->rollback;
  die 'rolled back' unless $db->selectrow_array('SELECT COUNT(*) FROM perl') == 50;
  eval { $db->do('SELECT * FROM no_such_table') };
  die "error $@" unless $db->err == 1146 && $db->state eq '42S02';
  die 'ping' unless $db->ping;
  $db->disconnect;
}
print "ok\n";

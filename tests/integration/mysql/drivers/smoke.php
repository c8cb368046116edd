<?php
// What a PHP application does, through mysqli and PDO (both mysqlnd): text and
// prepared statements, transactions, several results, unbuffered results, errors.
// Prints "ok", or ends with an error.
error_reporting(E_ALL);
set_error_handler(function ($level, $text, $file, $line) {
  throw new ErrorException($text, 0, $level, $file, $line);
});
function check($holds, $what) {
  if (!$holds) throw new Exception($what);
}

$host = '127.0.0.1';
$port = (int) getenv('MYSQL_PORT');
$password = getenv('MYSQL_PWD');

mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli($host, 'app', $password, 'app', $port);
$db->set_charset('utf8mb4');
$db->query('DROP TABLE IF EXISTS php');
$db->query('CREATE TABLE php (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))');
$insert = $db->prepare('INSERT INTO php (v) VALUES (?)');
for ($i = 1; $i <= 100; ++$i) {
  $value = "vâlue $i";
  $insert->bind_param('s', $value);
  $insert->execute();
  check($insert->insert_id == $i && $insert->affected_rows == 1, "insert $i");
}
$insert->close();
$select = $db->prepare('SELECT v FROM php WHERE id = ?');
for ($i = 1; $i <= 20; ++$i) {
  $select->bind_param('i', $i);
  $select->execute();
  check($select->get_result()->fetch_row()[0] === "vâlue $i", "select $i");
}
$select->close();
$db->begin_transaction();
$db->query('DELETE FROM php');
$db->rollback();
check($db->query('SELECT COUNT(*) FROM php')->fetch_row()[0] == 100, 'rolled back');
$rows = $db->query('SELECT id FROM php', MYSQLI_USE_RESULT);
$seen = 0;
while ($rows->fetch_row()) ++$seen;
$rows->free();
check($seen == 100, 'unbuffered');
$db->multi_query('SELECT 1; SELECT 2');
$values = [];
do {
  $values[] = $db->store_result()->fetch_row()[0];
} while ($db->more_results() && $db->next_result());
check($values == [1, 2], 'several results');
try {
  $db->query('SELECT * FROM no_such_table');
  check(false, 'no error');
} catch (mysqli_sql_exception $error) {
  check($error->getCode() == 1146 && $error->getSqlState() == '42S02', 'error');
}
$db->change_user('app', $password, 'app');
check($db->ping(), 'ping after change_user');
$db->close();

foreach ([true, false] as $emulated) {
  $pdo = new PDO("mysql:host=$host;port=$port;dbname=app;charset=utf8mb4", 'app', $password,
    [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_EMULATE_PREPARES => $emulated]);
  $statement = $pdo->prepare('/* relevo: primary */ SELECT v FROM php WHERE id = :id');
  foreach ([3, 5, 7] as $id) {
    $statement->execute(['id' => $id]);
    check($statement->fetchColumn() === "vâlue $id", "PDO $id");
    $statement->closeCursor();
  }
}
echo "ok\n";

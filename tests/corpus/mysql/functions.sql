-- Calls: of what MySQL and MariaDB ship, and of what they don't.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: read | text
SELECT LOWER(a), UPPER(b), LENGTH(c), CHAR_LENGTH(d), CONCAT(a, b), CONCAT_WS(',', a, b), LPAD(a, 5, ' '), REVERSE(a), MD5(a), SHA2(a, 256), HEX(a) FROM t

-- expect: read | numbers
SELECT ABS(a), ROUND(a, 2), FLOOR(a), CEIL(a), MOD(a, 3), POW(a, 2), RAND(), SIGN(a), TRUNCATE(a, 1), GREATEST(a, b), LEAST(a, b) FROM t

-- expect: read | dates
SELECT NOW(6), CURDATE(), SYSDATE(), UNIX_TIMESTAMP(), FROM_UNIXTIME(a), DATE_FORMAT(b, '%Y-%m'), STR_TO_DATE(c, '%d'), DATEDIFF(b, c), LAST_DAY(b), WEEK(b), DAYNAME(b) FROM t

-- expect: read | JSON
SELECT JSON_EXTRACT(a, '$.b'), JSON_OBJECT('a', 1), JSON_ARRAYAGG(b), JSON_CONTAINS(a, '1'), JSON_SET(a, '$.c', 2), JSON_LENGTH(a) FROM t

-- expect: read | spatial
SELECT ST_AsText(POINT(1, 2)), ST_Distance(POINT(1, 1), POINT(1, 2)), ST_Contains(POINT(1, 1), ST_GeomFromText('POINT(1 1)'))

-- expect: read | the session's own
SELECT DATABASE(), SCHEMA(), USER(), CURRENT_USER(), SESSION_USER(), VERSION(), CHARSET(a), COLLATION(a) FROM t

-- expect: read | takes time, and nothing else
SELECT SLEEP(1), BENCHMARK(1000, MD5('a'))

-- expect: read | made here
SELECT UUID(), UUID_SHORT(), RANDOM_BYTES(8)

-- expect: read | case does not matter, nor blanks
SELECT lower (a), Upper
  /* here */ (b) FROM t

-- expect: write | backquoted: `count`(1) is a stored function's call, and so may be any
SELECT `abs`(a), `count`(1) FROM t

-- expect: write | behind a blank, count is a stored function's name
SELECT COUNT (1) FROM t

-- expect: write | behind a comment as well
SELECT max/**/(1) FROM t

-- expect: read | most of the shipped functions mind no blank
SELECT LOWER (a), coalesce
  (b, 1), IF (1, 2, 3), LEFT (a, 1) FROM t

-- expect: write | which connection
SELECT CONNECTION_ID()

-- expect: write | locks by name
SELECT GET_LOCK('a', 1), IS_FREE_LOCK('b')

-- expect: write | gives it back
DO RELEASE_LOCK('a')

-- expect: write | all of them
SELECT RELEASE_ALL_LOCKS()

-- expect: write | a file of the server
SELECT LOAD_FILE('/etc/hosts')

-- expect: write | waits for a replica
SELECT MASTER_POS_WAIT('bin.000001', 4, 1)

-- expect: write | waits for a replica
SELECT WAIT_FOR_EXECUTED_GTID_SET('3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5')

-- expect: write | waits for a replica
SELECT MASTER_GTID_WAIT('0-1-100', 1)

-- expect: write | sets LAST_INSERT_ID
SELECT LAST_INSERT_ID(5)

-- expect: write | the last value of a sequence
SELECT LASTVAL(s)

-- expect: write | the same
SELECT PREVIOUS VALUE FOR s

-- expect: write | sets it
SELECT SETVAL(s, 100)

-- expect: write | a user's own
SELECT my_function(a) FROM t

-- expect: write | with a built-in one around it
SELECT COALESCE(MAX(my_function(a)), 0) FROM t

-- expect: write | in ORDER BY
SELECT a FROM t ORDER BY my_function(a)

-- expect: write | in the select list of EXISTS
SELECT EXISTS (SELECT my_function(a) FROM t)

-- expect: write | MySQL ships it, MariaDB may not: which is it?
SELECT ANY_VALUE(a) FROM t GROUP BY b

-- expect: write | MariaDB ships it, MySQL does not
SELECT MEDIAN(a) OVER () FROM t

-- expect: write | behind an option that is a word
SELECT SQL_NO_CACHE my_function(1)

-- expect: write | behind a word that ends nothing
SELECT a FROM t WHERE b AND my_function(c)

-- expect: read | a table of the same name
SELECT my_function.a FROM my_function

-- expect: read | which server answers
SELECT @@hostname, @@port, @@server_id, @@server_uid

-- expect: read | a setting of the server
SELECT @@GLOBAL.sort_buffer_size, @@max_connections

-- expect: write | who is the primary
SELECT @@read_only

-- expect: write | how far it is
SELECT @@gtid_slave_pos

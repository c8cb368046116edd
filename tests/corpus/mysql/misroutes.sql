-- Statements that other proxies are known to have sent to the wrong server.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: write | ProxySQL#1658: FOR UPDATE, past a rule that looks for ^SELECT
SELECT * FROM accounts WHERE id = 1 FOR UPDATE

-- expect: write | ProxySQL#1670: FOR UPDATE on a line of its own
SELECT *
FROM accounts
WHERE id = 1
FOR UPDATE

-- expect: write | ProxySQL#1670: a comment between FOR and UPDATE
SELECT * FROM accounts WHERE id = 1 FOR /* the row
that we change */ UPDATE

-- expect: write | ProxySQL#1670: a line comment between them
SELECT * FROM accounts WHERE id = 1 FOR -- row
UPDATE

-- expect: write | ProxySQL#1670: not at the text's end
SELECT * FROM jobs WHERE state = 'new' LIMIT 1 FOR UPDATE SKIP LOCKED

-- expect: write | ProxySQL#1670: in parentheses
(SELECT * FROM jobs ORDER BY id LIMIT 1 FOR UPDATE)

-- expect: write | ProxySQL#1670: of one table
SELECT * FROM a JOIN b USING (id) FOR UPDATE OF a NOWAIT

-- expect: write | ProxySQL#1658: in a subquery
SELECT * FROM (SELECT id FROM jobs FOR UPDATE) j

-- expect: write | ProxySQL#3830: a SELECT that begins with a comment and locks
/* app:web */ SELECT id FROM t WHERE a = 1 LOCK IN SHARE MODE

-- expect: write | ProxySQL#3830: FOR SHARE
SELECT id FROM t WHERE a = 1 FOR SHARE

-- expect: read | ProxySQL#2569: FOR UPDATE within a literal
SELECT id FROM notes WHERE body = 'held FOR UPDATE'

-- expect: read | ProxySQL#2569: within an identifier
SELECT `for update` FROM notes

-- expect: read | ProxySQL#2569: within a comment
SELECT id FROM notes -- FOR UPDATE

-- expect: write | ProxySQL#4641: sets a variable and reads it
SELECT @rank := @rank + 1 AS rank, name FROM players ORDER BY score DESC

-- expect: session | ProxySQL#2522: a variable of the session
SET @total = 0

-- expect: session | ProxySQL#4512: SET silently ignored
SET SESSION wait_timeout = 60

-- expect: session | ProxySQL#4512: several at once
SET SESSION sql_mode = 'STRICT_ALL_TABLES', time_zone = '+00:00', @a = 1

-- expect: write | ProxySQL#939: a temporary table from a procedure
CALL build_report(2024)

-- expect: write | ProxySQL#917: a temporary table
CREATE TEMPORARY TABLE tmp_ids (id INT PRIMARY KEY)

-- expect: write | ProxySQL#1807: filled from a query
CREATE TEMPORARY TABLE tmp_ids SELECT id FROM t

-- expect: write | MaxScale list of functions: GET_LOCK
SELECT GET_LOCK('cron', 0)

-- expect: write | GET_LOCK deep in an expression
SELECT IF(COALESCE(GET_LOCK('cron', 0), 0) = 1, 'mine', 'not mine')

-- expect: write | MaxScale: LAST_INSERT_ID goes to the primary
SELECT LAST_INSERT_ID()

-- expect: write | MaxScale: also as a variable
SELECT @@last_insert_id

-- expect: write | MaxScale: @@identity is the same
SELECT @@identity AS id

-- expect: write | Router: LAST_INSERT_ID() in a condition
SELECT * FROM orders WHERE id = LAST_INSERT_ID()

-- expect: write | FOUND_ROWS belongs to the connection of the query ahead
SELECT FOUND_ROWS()

-- expect: write | ROW_COUNT as well
SELECT ROW_COUNT()

-- expect: write | a stored function may write
SELECT create_order(42, 'EUR')

-- expect: write | qualified
SELECT billing.charge(7)

-- expect: write | in a condition
SELECT * FROM t WHERE touch(id)

-- expect: write | with a blank ahead of the parenthesis
SELECT touch (id) FROM t

-- expect: write | backquoted
SELECT `touch`(id) FROM t

-- expect: write | qualified, with the name of a built-in function
SELECT app.concat('a', 'b')

-- expect: write | an executable comment is code
SELECT 1 FROM t /*! FOR UPDATE */

-- expect: write | with a version that all servers have
SELECT 1 FROM t /*!40001 FOR UPDATE */

-- expect: write | all of the statement
/*!40000 ALTER TABLE t DISABLE KEYS */

-- expect: write | its second statement
SELECT 1; /*!40101 DELETE FROM t */

-- expect: write | a version that only some servers have
SELECT 1 FROM t /*!80000 FOR UPDATE */

-- expect: write | for MariaDB alone
SELECT 1 FROM t /*M! FOR UPDATE */

-- expect: write | for one MariaDB
SELECT 1 FROM t /*!101100 FOR UPDATE */

-- expect: write | a CTE ahead of a DELETE
WITH old AS (SELECT id FROM t WHERE a < 10) DELETE FROM t WHERE id IN (SELECT id FROM old)

-- expect: write | a CTE ahead of an UPDATE
WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) UPDATE t, r SET t.a = r.n WHERE t.id = r.n

-- expect: write | the second of two statements
SELECT 1; UPDATE t SET a = 1

-- expect: write | behind a literal that ends in a backslash
SELECT 'a\\'; DELETE FROM t

-- expect: write | behind a doubled quote
SELECT 'a'''; DELETE FROM t; -- '

-- expect: write | SELECT INTO OUTFILE
SELECT * FROM t INTO OUTFILE '/srv/t.csv'

-- expect: write | ahead of FROM
SELECT a, b INTO DUMPFILE '/srv/t' FROM t

-- expect: write | SELECT INTO variables
SELECT a, b INTO @a, @b FROM t LIMIT 1

-- expect: write | EXPLAIN ANALYZE of a locking read
EXPLAIN ANALYZE SELECT * FROM t FOR UPDATE

-- expect: write | a sequence
SELECT NEXTVAL(order_numbers)

-- expect: write | in the standard's words
SELECT NEXT VALUE FOR order_numbers

-- expect: write | in Oracle's words
SELECT order_numbers.nextval FROM dual

-- expect: write | in Oracle's words, what this connection drew
SELECT app.s.currval

-- expect: write | ProxySQL#899, #3271: what is prepared is routed by what it says, not by its first word
WITH x AS (SELECT id FROM t WHERE a = ?) DELETE FROM t WHERE id IN (SELECT id FROM x)

-- expect: write | ProxySQL#899: a prepared locking read
SELECT id FROM jobs WHERE state = ? ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED

-- expect: write | a lock for a whole table, which is no SELECT
LOCK TABLES t READ

-- expect: session | MXS-6508: what resets a session's tables
UNLOCK TABLES

-- expect: write | ProxySQL: text PREPARE pins
PREPARE s FROM 'SELECT * FROM t WHERE id = ?'

-- expect: write | it may be anything
EXECUTE s USING @id

-- expect: session | and is dropped
DEALLOCATE PREPARE s

-- expect: session | the same
DROP PREPARE s

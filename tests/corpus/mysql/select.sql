-- Queries in the grammar's many forms.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: read | the least
SELECT 1

-- expect: read | a semicolon, and blanks
  SELECT 1 ;

-- expect: read | several reads
SELECT 1; SELECT 2;; SELECT 3

-- expect: read | DUAL
SELECT 1 + 1 FROM DUAL

-- expect: read | options
SELECT DISTINCT HIGH_PRIORITY STRAIGHT_JOIN SQL_SMALL_RESULT SQL_BUFFER_RESULT SQL_NO_CACHE a FROM t

-- expect: read | joins
SELECT * FROM a JOIN b USING (id) LEFT JOIN (c CROSS JOIN d) ON (a.x = c.x AND (b.y = d.y)) NATURAL JOIN e STRAIGHT_JOIN f

-- expect: read | index hints
SELECT * FROM t USE INDEX (a, b) IGNORE INDEX FOR ORDER BY (c) FORCE INDEX FOR JOIN (PRIMARY) WHERE a = 1

-- expect: read | partitions
SELECT * FROM t PARTITION (p0, p1) AS x WHERE a IN (1, 2)

-- expect: read | derived tables and their columns
SELECT * FROM (SELECT 1, 2) AS d (a, b), (SELECT 3) e

-- expect: read | subqueries of all kinds
SELECT (SELECT MAX(a) FROM t), a = ANY (SELECT b FROM s), a > ALL (SELECT b FROM s), a <> SOME (SELECT 1), EXISTS (SELECT * FROM s) FROM t WHERE (a, b) IN (SELECT 1, 2) AND ROW(1, 2) = (1, 2)

-- expect: read | set operations
(SELECT a FROM t) UNION ALL (SELECT b FROM s ORDER BY b LIMIT 1) EXCEPT SELECT 1 INTERSECT (SELECT 2) ORDER BY 1

-- expect: read | a CTE
WITH a AS (SELECT 1 AS x), b (y, z) AS (SELECT 2, 3) SELECT * FROM a, b

-- expect: read | a recursive one
WITH RECURSIVE seq (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < 10) SELECT n FROM seq

-- expect: read | a CTE in a subquery
SELECT * FROM (WITH a (x) AS (SELECT 1) SELECT x FROM a) d

-- expect: read | its main query in parentheses
WITH a AS (SELECT 1) (SELECT * FROM a)

-- expect: write | a call behind such a list
WITH a AS (SELECT 1) (SELECT f(1), g(2) FROM a)

-- expect: write | a call in a CTE
WITH a AS (SELECT f(1)) SELECT * FROM a

-- expect: read | grouping
SELECT a, COUNT(*), SUM(DISTINCT b) FROM t GROUP BY a WITH ROLLUP HAVING COUNT(*) > 1 ORDER BY a LIMIT 10 OFFSET 5

-- expect: read | windows
SELECT RANK() OVER (PARTITION BY a ORDER BY b), SUM(c) OVER w, LAG(c, 1) OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t WINDOW w AS (ORDER BY d)

-- expect: read | CASE
SELECT CASE a WHEN (1) THEN ('x') ELSE (SELECT 'y') END, IF(a, b, c), IFNULL(a, b), NULLIF(a, b) FROM t

-- expect: read | full text
SELECT id, MATCH (title, body) AGAINST ('+a -b' IN BOOLEAN MODE) AS score FROM posts WHERE MATCH (title) AGAINST ('x' WITH QUERY EXPANSION)

-- expect: read | casts and types
SELECT CAST(a AS CHAR(10) CHARACTER SET utf8mb4), CAST(b AS DECIMAL(10, 2)), CAST(c AS DATETIME(6)), CONVERT(d, UNSIGNED), CONVERT(e USING latin1), BINARY f FROM t

-- expect: read | intervals
SELECT NOW() + INTERVAL 1 DAY, DATE_SUB(CURDATE(), INTERVAL (a + 1) MONTH), EXTRACT(YEAR_MONTH FROM b), TIMESTAMPDIFF(SECOND, a, b) FROM t

-- expect: read | operators that are words
SELECT a DIV 2, a MOD 2, NOT a, a XOR b, a REGEXP '^x', a RLIKE (b), a LIKE 'x' ESCAPE '|', a SOUNDS LIKE b, a BETWEEN (1) AND (2), a IS NOT NULL FROM t

-- expect: read | trims and substrings
SELECT TRIM(BOTH 'x' FROM a), SUBSTRING(a FROM 2 FOR 3), SUBSTRING(a, 2), POSITION('b' IN a), INSERT(a, 1, 2, 'x'), REPLACE(a, 'b', 'c'), LEFT(a, 1), RIGHT(a, 1) FROM t

-- expect: read | GROUP_CONCAT
SELECT GROUP_CONCAT(DISTINCT a ORDER BY b DESC SEPARATOR '; ') FROM t GROUP BY c

-- expect: read | without parentheses
SELECT CURRENT_DATE, CURRENT_TIMESTAMP, CURRENT_USER, UTC_DATE, LOCALTIME

-- expect: read | JSON_TABLE
SELECT j.* FROM t, JSON_TABLE(t.doc, '$[*]' COLUMNS (id FOR ORDINALITY, a INT PATH '$.a', NESTED PATH '$.b[*]' COLUMNS (b VARCHAR(10) PATH '$'))) AS j

-- expect: read | lateral
SELECT * FROM t, LATERAL (SELECT MAX(b) AS m FROM s WHERE s.a = t.a) l

-- expect: read | member of
SELECT * FROM t WHERE 17 MEMBER OF (doc->'$.ids')

-- expect: read | LIMIT of MySQL's kind
SELECT a FROM t LIMIT 10, 20

-- expect: read | reads a user variable
SELECT * FROM t WHERE a = @a

-- expect: write | sets one
SELECT @a := 1

-- expect: write | sets one in a condition
SELECT a FROM t WHERE (@n := @n + 1) < 10

-- expect: read | a comparison that looks like it
SELECT a = 1, @a = 1 FROM t

-- expect: write | parentheses that do not match
SELECT (1

-- expect: write | nor here
SELECT 1)

-- expect: write | INSERT as a word
SELECT 1 FROM t; INSERT INTO t VALUES (1)

-- expect: write | a DELETE in a query is nothing known
SELECT DELETE FROM t

-- expect: read | VALUES as a statement
VALUES (1, 'a'), (2, 'b')

-- expect: read | VALUES as MySQL writes it
VALUES ROW(1, 'a'), ROW(2, 'b') ORDER BY 1 LIMIT 1

-- expect: read | TABLE
TABLE t ORDER BY a LIMIT 1

-- expect: write | TABLE into a file
TABLE t INTO OUTFILE '/srv/t'

-- expect: read | the schema of the server
SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()

-- expect: write | what the server does now
SELECT * FROM information_schema.processlist

-- expect: write | quoted and in capitals
SELECT * FROM `INFORMATION_SCHEMA`.`INNODB_TRX`

-- expect: write | the performance schema
SELECT * FROM performance_schema.data_locks

-- expect: write | sys
SELECT * FROM sys.session

-- expect: read | a column of such a name
SELECT t.processlist, p.sys FROM t

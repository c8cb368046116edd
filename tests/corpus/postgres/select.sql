-- Queries in the grammar's many forms.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: read | the least
SELECT 1

-- expect: read | no column at all
SELECT

-- expect: read | a semicolon, and blanks
  SELECT 1 ;

-- expect: read | several reads
SELECT 1; SELECT 2;; SELECT 3

-- expect: read | case does not matter
sElEcT * fRoM t

-- expect: read | TABLE
TABLE t

-- expect: read | VALUES
VALUES (1, 'a'), (2, 'b') ORDER BY 1 LIMIT 1

-- expect: read | parentheses
((SELECT 1) UNION ALL (SELECT 2)) ORDER BY 1

-- expect: read | set operations
SELECT a FROM t UNION SELECT b FROM s EXCEPT ALL SELECT c FROM r INTERSECT SELECT 1

-- expect: read | every clause
SELECT DISTINCT a, count(*) AS n FROM t WHERE b > 1 GROUP BY a HAVING count(*) > 2 ORDER BY n DESC NULLS LAST LIMIT 10 OFFSET 5

-- expect: read | DISTINCT ON
SELECT DISTINCT ON (a, b) a, b, c FROM t ORDER BY a, b, c DESC

-- expect: read | FETCH FIRST
SELECT * FROM t ORDER BY a FETCH FIRST 10 ROWS ONLY

-- expect: read | FETCH FIRST with an expression
SELECT * FROM t ORDER BY a OFFSET (1) ROWS FETCH NEXT (2 + 3) ROWS WITH TIES

-- expect: read | joins of every kind
SELECT * FROM a JOIN b USING (id) LEFT JOIN c ON (a.id = c.id) RIGHT OUTER JOIN d ON true FULL JOIN e ON a.x = e.x CROSS JOIN f NATURAL JOIN g

-- expect: read | joins with parentheses
SELECT * FROM a JOIN (b JOIN c ON b.x = c.x) ON a.y = b.y LEFT JOIN (SELECT 1 AS z) s ON (s.z = a.z) JOIN (SELECT 2 AS q) r ON true

-- expect: read | lateral
SELECT * FROM t, LATERAL (SELECT * FROM s WHERE s.id = t.id) x, LATERAL unnest(t.arr) AS y(e)

-- expect: read | alias with columns, AS or not
SELECT * FROM (VALUES (1, 2)) AS v(a, b), (VALUES (3)) w(c), generate_series(1, 3) g(n)

-- expect: read | column definitions
SELECT * FROM json_to_recordset('[{"a":1}]') AS x(a int, b text)

-- expect: read | ROWS FROM
SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY['a', 'b'])) WITH ORDINALITY AS r(a, b, n)

-- expect: read | ordinality without AS
SELECT * FROM unnest(ARRAY[1, 2]) WITH ORDINALITY x(v, n)

-- expect: read | TABLESAMPLE
SELECT * FROM t TABLESAMPLE bernoulli (10) REPEATABLE (42)

-- expect: read | a CTE
WITH a AS (SELECT 1 AS x) SELECT * FROM a

-- expect: read | CTEs with columns and options
WITH a(x, y) AS MATERIALIZED (SELECT 1, 2), b(z) AS NOT MATERIALIZED (SELECT x FROM a) SELECT * FROM a, b

-- expect: read | recursion
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t

-- expect: read | SEARCH and CYCLE
WITH RECURSIVE t(id, up) AS (SELECT id, up FROM tree UNION ALL SELECT x.id, x.up FROM tree x JOIN t ON x.up = t.id) SEARCH DEPTH FIRST BY id SET o CYCLE id SET c USING p SELECT * FROM t ORDER BY o

-- expect: read | a CTE in a subquery
SELECT (WITH x(n) AS (SELECT 1) SELECT n FROM x) + 1

-- expect: read | subqueries
SELECT * FROM t WHERE a IN (SELECT b FROM s) AND EXISTS (SELECT 1 FROM r) AND c = ANY (SELECT d FROM q) AND e <> ALL (ARRAY[1, 2])

-- expect: read | row comparison
SELECT * FROM t WHERE (a, b) IN ((1, 2), (3, 4)) AND ROW(a, b) < ROW(5, 6)

-- expect: read | CASE
SELECT CASE WHEN (a > 1) THEN ('x') ELSE (SELECT 'y') END FROM t

-- expect: read | constructs that look like calls
SELECT COALESCE(a, b), NULLIF(a, 1), GREATEST(a, b), LEAST(a, b), CAST(a AS numeric(10, 2)), EXTRACT(year FROM ts), POSITION('a' IN b), SUBSTRING(b FROM 1 FOR 2), TRIM(BOTH 'x' FROM b), OVERLAY(b PLACING 'x' FROM 1), NORMALIZE(b) FROM t

-- expect: read | types with modifiers
SELECT a::numeric(10, 2), b::varchar(10), c::timestamp(3) with time zone, d::bit(4), '1'::char(1), interval '1 day' FROM t

-- expect: read | LIKE and its kin with parentheses
SELECT * FROM t WHERE a LIKE ('x' || '%') AND b NOT ILIKE ('y%') AND c SIMILAR TO ('z') AND d LIKE ANY (ARRAY['a%'])

-- expect: read | BETWEEN
SELECT * FROM t WHERE a BETWEEN (1) AND (2) AND b NOT BETWEEN SYMMETRIC (3) AND (4)

-- expect: read | OVERLAPS
SELECT (date '2020-01-01', date '2020-02-01') OVERLAPS (date '2020-01-15', date '2020-03-01')

-- expect: read | IS DISTINCT FROM
SELECT * FROM t WHERE a IS DISTINCT FROM (b) AND c IS NOT NULL

-- expect: read | windows
SELECT row_number() OVER (PARTITION BY (a) ORDER BY b), sum(c) OVER w, lag(d, 1) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM t WINDOW w AS (PARTITION BY e)

-- expect: read | aggregates
SELECT count(*) FILTER (WHERE a > 1), string_agg(b, ',' ORDER BY c), array_agg(DISTINCT d), percentile_cont(0.5) WITHIN GROUP (ORDER BY e) FILTER (WHERE f) FROM t

-- expect: read | grouping sets
SELECT a, b, GROUPING(a, b) FROM t GROUP BY GROUPING SETS ((a), (b), ())

-- expect: read | CUBE
SELECT a, b FROM t GROUP BY CUBE (a, b)

-- expect: read | ROLLUP
SELECT a, b FROM t GROUP BY ROLLUP (a, b)

-- expect: read | arrays
SELECT ARRAY(SELECT a FROM t), ARRAY[[1, 2], [3, 4]], (ARRAY[1, 2, 3])[1:2]

-- expect: read | JSON operators
SELECT doc -> 'a' ->> 'b', doc #>> '{c,d}', doc @> '{"e": 1}', doc ? 'f', doc ?| ARRAY['g'] FROM t

-- expect: read | parameters
SELECT * FROM t WHERE a = $1 AND b = ANY ($2::int[]) LIMIT $3

-- expect: read | a collation
SELECT * FROM t ORDER BY a COLLATE "C", COLLATION FOR (b)

-- expect: read | AT TIME ZONE
SELECT ts AT TIME ZONE 'UTC', now() AT TIME ZONE ('Europe/' || city) FROM t

-- expect: read | OPERATOR()
SELECT 1 OPERATOR(pg_catalog.+) 2 FROM t WHERE a OPERATOR(pg_catalog.~) '^x$'

-- expect: read | XML
SELECT xmlelement(name x, xmlattributes(a AS y), b), xmlforest(c), xmlparse(CONTENT d), xmlserialize(CONTENT e AS text) FROM t

-- expect: read | XMLTABLE
SELECT x.* FROM t, XMLTABLE('/rows/row' PASSING t.doc COLUMNS id int PATH '@id', name text PATH 'name') x

-- expect: read | time and user without parentheses
SELECT current_date, current_timestamp(3), localtime(0), current_user, session_user, current_schema, user

-- expect: read | a sequence is a relation
SELECT last_value, is_called FROM orders_id_seq

-- expect: read | ONLY and inheritance
SELECT * FROM ONLY t, ONLY (s), r *

-- expect: read | FOR within functions
SELECT substring(a from 2 for 3), overlay(a placing 'x' from 1 for 2) FROM t

-- expect: read | columns named by unreserved keywords
SELECT name, type, value, data, role, session, temp, share, "key", data.no FROM t AS data JOIN (SELECT 1) AS groups ON true

-- expect: read | a join behind a relation named by a keyword
SELECT * FROM comments JOIN (SELECT 1 AS id) x ON x.id = comments.id

-- expect: write | columns named UPDATE, unquoted, are not worth a proof
SELECT update FROM t

-- expect: write | parentheses that do not match
SELECT (1

-- expect: write | parentheses that do not match
SELECT 1)

-- expect: read | SHOW
SHOW work_mem

-- expect: read | SHOW ALL
SHOW ALL

-- expect: read | SHOW in words
SHOW TRANSACTION ISOLATION LEVEL

-- expect: write | drivers ask whether they talk to the primary
SHOW transaction_read_only

-- expect: write | the same question
show in_hot_standby

-- expect: read | a sample by a shipped method, qualified reads beside it
SELECT count(*) FROM ONLY t TABLESAMPLE system (1) REPEATABLE (42), pg_catalog.pg_class c

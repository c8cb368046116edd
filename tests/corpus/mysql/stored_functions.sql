-- Functions of the database's own. Where the server is not known each of them may write; with
-- the server's catalogue those are reads whose bodies are proven to only read.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: write | not shipped: what it does is in its body
SELECT doubles(2)

-- expect: write | qualified
SELECT app.doubles(made_id) FROM t

-- expect: write | quoted
SELECT `app`.`doubles`(1)

-- expect: write | among calls that are harmless
SELECT CONCAT(UPPER(grade(10)), LOWER('x'))

-- expect: write | in a condition
SELECT made_id FROM t WHERE doubles(made_id) > 1

-- expect: write | in the order
SELECT made_id FROM t ORDER BY grade(made_id)

-- expect: write | in a derived table
SELECT d FROM (SELECT doubles(made_id) AS d FROM t) AS x

-- expect: write | in a common table expression
WITH x AS (SELECT total() AS n) SELECT n FROM x

-- expect: write | in one half of a union
SELECT 1 UNION ALL SELECT total()

-- expect: write | one that calls another that reads
SELECT doubles_total()

-- expect: write | it writes
SELECT writes()

-- expect: write | it says that it reads, and calls one that writes
SELECT says_it_reads()

-- expect: write | it says that it reads, and locks rows
SELECT locks_a_row()

-- expect: write | it sets a variable of the session's
SELECT sets_variable()

-- expect: write | it takes a lock of the session's
SELECT takes_lock()

-- expect: write | a read that is nothing without the other
SELECT doubles(writes())

-- expect: read | a view that calls one that reads, as far as the text tells
SELECT d FROM v_doubles

-- expect: read | a word, and no call
SELECT made_id AS doubles FROM t

-- expect: write | DO calls as SELECT does
DO doubles(1)

-- expect: write | EXPLAIN may run what a derived table calls
EXPLAIN SELECT doubles(1)

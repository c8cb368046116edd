-- COPY, EXPLAIN, DDL and the rest.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: read | COPY out
COPY t TO STDOUT

-- expect: read | COPY out with columns and options
COPY public.t (a, b) TO STDOUT WITH (FORMAT csv, HEADER true, DELIMITER ';')

-- expect: read | COPY of a query
COPY (SELECT a, lower(b) FROM t WHERE c IN (1, 2)) TO STDOUT (FORMAT binary)

-- expect: read | the old syntax
COPY BINARY t TO STDOUT

-- expect: write | COPY in
COPY t (a, b) FROM STDIN

-- expect: write | COPY in from a file
COPY t FROM '/srv/data.csv' CSV

-- expect: write | COPY in from a program
COPY t FROM PROGRAM 'curl http://x'

-- expect: write | COPY to a file
COPY t TO '/srv/data.csv'

-- expect: write | COPY of a locking query
COPY (SELECT * FROM t FOR UPDATE) TO STDOUT

-- expect: write | COPY of an unknown function
COPY (SELECT charge(1)) TO STDOUT

-- expect: read | EXPLAIN
EXPLAIN SELECT * FROM t

-- expect: read | EXPLAIN of a write executes nothing
EXPLAIN (VERBOSE, FORMAT json) INSERT INTO t VALUES (1)

-- expect: read | EXPLAIN of an unknown function executes nothing
EXPLAIN SELECT charge(1)

-- expect: read | EXPLAIN of a query in parentheses
EXPLAIN (SELECT 1)

-- expect: read | EXPLAIN ANALYZE of a read
EXPLAIN ANALYZE SELECT * FROM t

-- expect: read | with options
EXPLAIN (ANALYZE, BUFFERS, TIMING off) WITH a AS (SELECT 1) SELECT * FROM a

-- expect: write | EXPLAIN ANALYZE of a write
EXPLAIN ANALYZE VERBOSE DELETE FROM t

-- expect: write | with options
EXPLAIN (COSTS off, ANALYZE true) UPDATE t SET a = 1

-- expect: write | an option's name may be quoted
EXPLAIN ("analyze") DELETE FROM t

-- expect: write | ANALYSE, as the British spell it
EXPLAIN ANALYSE DELETE FROM t

-- expect: write | EXPLAIN ANALYZE of a writing CTE
EXPLAIN ANALYZE WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d

-- expect: write | EXPLAIN of CREATE TABLE AS
EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1

-- expect: write | EXPLAIN EXECUTE
EXPLAIN ANALYZE EXECUTE plan

-- expect: write | INSERT
INSERT INTO t (a, b) VALUES (1, 'x') ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING id

-- expect: write | UPDATE
UPDATE t SET a = a + 1 WHERE b = 'x'

-- expect: write | DELETE
DELETE FROM t USING s WHERE t.id = s.id

-- expect: write | TRUNCATE
TRUNCATE t, s RESTART IDENTITY CASCADE

-- expect: write | a writing CTE
WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x

-- expect: write | CREATE
CREATE TABLE t (id int PRIMARY KEY)

-- expect: write | CREATE INDEX
CREATE INDEX CONCURRENTLY i ON t (lower(a))

-- expect: write | CREATE TABLE AS
CREATE TABLE x AS SELECT 1

-- expect: write | a body with semicolons
CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END

-- expect: write | a rule with semicolons
CREATE RULE r AS ON INSERT TO v DO INSTEAD (SELECT 1; DELETE FROM t)

-- expect: write | ALTER
ALTER TABLE t ADD COLUMN b text

-- expect: write | DROP
DROP TABLE IF EXISTS t CASCADE

-- expect: write | VACUUM
VACUUM (ANALYZE) t

-- expect: write | ANALYZE
ANALYZE t

-- expect: write | REINDEX
REINDEX TABLE t

-- expect: write | REFRESH
REFRESH MATERIALIZED VIEW CONCURRENTLY mv

-- expect: write | LOCK
LOCK TABLE t IN ACCESS SHARE MODE

-- expect: write | DO
DO $$ BEGIN PERFORM 1; END $$

-- expect: write | CALL
CALL proc(1)

-- expect: write | CHECKPOINT
CHECKPOINT

-- expect: write | COMMENT
COMMENT ON TABLE t IS 'SELECT 1'

-- expect: write | IMPORT
IMPORT FOREIGN SCHEMA s FROM SERVER f INTO l

-- expect: write | ALTER SYSTEM
ALTER SYSTEM SET work_mem = '1MB'

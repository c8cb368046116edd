-- Statements that other proxies are known to have sent to the wrong server.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: write | pgcat#829: a CTE that writes, sent to a replica
WITH moved AS (DELETE FROM queue WHERE id = 1 RETURNING *) SELECT * FROM moved

-- expect: write | pgcat#829: the same at the second place
WITH a AS (SELECT 1 AS x), b AS (UPDATE t SET y = 2 RETURNING y) SELECT * FROM a, b

-- expect: write | pgcat#829: insert in a CTE, materialized
WITH n AS MATERIALIZED (INSERT INTO t (a) VALUES (1) RETURNING id) SELECT id FROM n

-- expect: write | pgcat#829: a CTE within a CTE
WITH outer_cte AS (WITH inner_cte AS (SELECT 1) DELETE FROM t RETURNING *) SELECT count(*) FROM outer_cte

-- expect: write | pgcat#829: a CTE within a subquery is refused by the server, and is no read here
SELECT * FROM (WITH w AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM w) s

-- expect: write | pgcat#485: a function that writes
SELECT create_order(42, 'EUR')

-- expect: write | pgdog#623: a user's function that writes, qualified
SELECT billing.charge(7)

-- expect: write | pgdog#623: in FROM
SELECT * FROM process_batch(100) AS r(id, ok)

-- expect: write | pgdog#623: in WHERE
SELECT * FROM t WHERE touch(id)

-- expect: write | pgdog#623: quoted
SELECT "createOrder"(1)

-- expect: write | pgdog#623: as an argument
SELECT lower(audit(name)) FROM t

-- expect: write | pgcat#485: sequence functions
SELECT nextval('orders_id_seq')

-- expect: write | pgcat#485: qualified sequence functions
SELECT pg_catalog.setval('orders_id_seq', 10, true)

-- expect: write | session state of the primary
SELECT currval('orders_id_seq')

-- expect: write | session state of the primary
SELECT lastval()

-- expect: write | pgcat#865: what cannot be parsed goes to the primary
MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.a)

-- expect: write | pgcat#865: a dialect's statement
GRANT SELECT ON t TO app

-- expect: write | pgcat#865: not SQL at all
FOO BAR BAZ

-- expect: write | pgdog: SELECT INTO creates a table
SELECT * INTO backup_t FROM t

-- expect: write | pgdog: SELECT INTO TEMP
SELECT a, b INTO TEMP scratch FROM t WHERE a > 1

-- expect: write | pgdog: SELECT INTO UNLOGGED, behind a union
SELECT a INTO UNLOGGED u FROM t UNION SELECT b FROM s

-- expect: session | pgdog: SERIALIZABLE READ ONLY, which a hot standby refuses: see the effects' test
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY

-- expect: write | pgdog: several statements, the first a read
SELECT 1; INSERT INTO t VALUES (1)

-- expect: write | pgdog: several statements, a read on either side
SELECT 1; DELETE FROM t; SELECT 2

-- expect: write | pgpool: row locks
SELECT * FROM accounts WHERE id = 1 FOR UPDATE

-- expect: write | row locks
SELECT * FROM accounts FOR NO KEY UPDATE NOWAIT

-- expect: write | row locks
SELECT * FROM accounts FOR SHARE OF accounts SKIP LOCKED

-- expect: write | row locks
SELECT * FROM accounts FOR KEY SHARE

-- expect: write | row locks in a subquery
SELECT * FROM (SELECT id FROM jobs ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) j

-- expect: write | row locks in a CTE
WITH j AS (SELECT id FROM jobs FOR UPDATE) SELECT * FROM j

-- expect: write | row locks, with comments in between
SELECT * FROM jobs FOR/* */UPDATE

-- expect: session | pgpool#155: SET transaction_read_only sent to a standby; here it goes where the session is
SET transaction_read_only = 0

-- expect: write | pgpool: set_config
SELECT set_config('search_path', 'app', false)

-- expect: write | pgpool: untracked PREPARE
PREPARE p AS INSERT INTO t VALUES ($1)

-- expect: write | pgpool: its EXECUTE
EXECUTE p(1)

-- expect: read | pgpool: a temporary table's name within a literal misled it
SELECT 'pg_temp.secret' AS x FROM t

-- expect: read | keywords within literals mislead regular expressions
SELECT 'INSERT INTO t', $$DELETE FROM t; COMMIT$$, E'it\'s FOR UPDATE' FROM t

-- expect: read | keywords within identifiers
SELECT "update", "insert into", x.delete_flag FROM "for update" x

-- expect: read | keywords within comments
SELECT 1 /* FOR UPDATE */ -- INTO t

-- expect: write | pgdog#1010: temporary tables
CREATE TEMP TABLE scratch (a int)

-- expect: write | pgdog#1010: names in the temporary schema
SELECT * FROM pg_temp.scratch

-- expect: write | pgdog#1010: unlogged tables
CREATE UNLOGGED TABLE fast (a int)

-- expect: write | advisory locks are the primary's
SELECT pg_advisory_lock(1)

-- expect: write | advisory locks of the transaction as well
SELECT pg_try_advisory_xact_lock(1, 2)

-- expect: write | pgbouncer#655, odyssey#365: a replica does not listen
LISTEN jobs

-- expect: write | odyssey#365
NOTIFY jobs, 'payload'

-- expect: write | the function behind NOTIFY
SELECT pg_notify('jobs', 'payload')

-- expect: write | pgbouncer#396, #452, #976: pg_dump's search_path
SELECT pg_catalog.set_config('search_path', '', false)

-- expect: write | explains by executing
EXPLAIN ANALYZE UPDATE t SET a = 1

-- expect: write | COPY of a statement that writes
COPY (DELETE FROM t RETURNING *) TO STDOUT

-- expect: write | COPY of a writing CTE
COPY (WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d) TO STDOUT

-- expect: write | a program of the server
COPY t TO PROGRAM 'cat > /dev/null'

-- expect: write | a file of the server
COPY (SELECT 1) TO '/var/tmp/x'

-- expect: write | large objects
SELECT lo_creat(-1)

-- expect: write | remote statements
SELECT * FROM dblink('host=db2', 'DELETE FROM t') AS r(x int)

-- expect: write | assigns a transaction id
SELECT txid_current()

-- expect: write | of one server
SELECT pg_current_wal_lsn()

-- expect: write | of one server
SELECT pid, state FROM pg_stat_activity

-- expect: write | ends somebody's session
SELECT pg_terminate_backend(42)

-- expect: write | the function runs its argument
SELECT query_to_xml('DELETE FROM t', true, true, '')

-- expect: write | TREAT calls pg_catalog.nextval here
SELECT TREAT('orders_id_seq' AS nextval)

-- expect: write | a call behind DISTINCT ON (...) is not an alias
SELECT DISTINCT ON (a) charge(b) FROM t

-- expect: write | a call behind WITH ... (SELECT ...) is not a CTE's name
WITH a AS (SELECT 1) (SELECT 2) ORDER BY 1, charge(3)

-- expect: write | a call behind OPERATOR(...) is not an alias
SELECT 1 OPERATOR(pg_catalog.+) charge(3)

-- expect: write | charge() implements an operator of type "char", and billing systems' own ideas
SELECT charge(42)

-- expect: write | a function in FROM that is named like an operator
SELECT * FROM t LEFT JOIN ilike(1) AS x(c) ON true

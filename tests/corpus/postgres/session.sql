-- Settings, transactions, cursors, prepared statements: the session's own.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: session | empty
;

-- expect: session | only comments
/* nothing */ -- at all

-- expect: session | SET
SET search_path TO app, public

-- expect: session | SET LOCAL
SET LOCAL statement_timeout = '5s'

-- expect: session | SET SESSION
SET SESSION work_mem = 65536

-- expect: session | a custom setting
SET relevo.target = 'replica'

-- expect: session | time zone
SET TIME ZONE 'Europe/Berlin'

-- expect: session | time zone by interval
SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE

-- expect: session | encoding
SET NAMES 'UTF8'

-- expect: session | schema
SET SCHEMA 'app'

-- expect: session | role
SET ROLE reporting

-- expect: session | session user
SET SESSION AUTHORIZATION 'bob'

-- expect: session | transaction modes
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- expect: session | default modes
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY

-- expect: session | constraints
SET CONSTRAINTS ALL DEFERRED

-- expect: session | RESET
RESET search_path

-- expect: session | RESET ALL
RESET ALL

-- expect: session | RESET ROLE
RESET ROLE

-- expect: session | DISCARD
DISCARD ALL

-- expect: session | BEGIN
BEGIN

-- expect: session | BEGIN READ ONLY
BEGIN TRANSACTION READ ONLY

-- expect: session | START
START TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE

-- expect: session | COMMIT
COMMIT

-- expect: session | END
END WORK

-- expect: session | AND CHAIN
COMMIT AND CHAIN

-- expect: session | ROLLBACK
ROLLBACK

-- expect: session | ABORT
ABORT

-- expect: session | savepoints
SAVEPOINT a

-- expect: session | savepoints
ROLLBACK TO SAVEPOINT a

-- expect: session | savepoints
RELEASE SAVEPOINT a

-- expect: write | two-phase commit
PREPARE TRANSACTION 'x'

-- expect: write | two-phase commit
COMMIT PREPARED 'x'

-- expect: write | two-phase commit
ROLLBACK PREPARED 'x'

-- expect: session | a cursor over a read
DECLARE c CURSOR FOR SELECT * FROM t

-- expect: session | a cursor that outlives its transaction
DECLARE "c" BINARY INSENSITIVE NO SCROLL CURSOR WITH HOLD FOR WITH a AS (SELECT 1) SELECT * FROM a

-- expect: write | a cursor that locks
DECLARE c CURSOR FOR SELECT * FROM t FOR UPDATE

-- expect: write | a cursor over an unknown function
DECLARE c CURSOR FOR SELECT charge(1)

-- expect: session | FETCH
FETCH FORWARD 100 FROM c

-- expect: session | MOVE
MOVE ABSOLUTE 3 IN c

-- expect: session | CLOSE
CLOSE c

-- expect: session | CLOSE ALL
CLOSE ALL

-- expect: write | EXECUTE
EXECUTE plan(1, 2)

-- expect: write | PREPARE a read: the session is pinned to where it is prepared
PREPARE plan AS SELECT 1

-- expect: session | DEALLOCATE
DEALLOCATE plan

-- expect: session | DEALLOCATE ALL
DEALLOCATE PREPARE ALL

-- expect: session | LOAD
LOAD 'auto_explain'

-- expect: write | UNLISTEN
UNLISTEN *

-- expect: session | reads amid transaction control
BEGIN; SELECT 1; COMMIT

-- expect: session | a setting and a read
SET search_path = app; SELECT 1

-- expect: write | a write amid transaction control
BEGIN; INSERT INTO t VALUES (1); COMMIT

-- Settings, variables, transactions: the session's own.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: session | a setting
SET sort_buffer_size = 262144

-- expect: session | with :=
SET sort_buffer_size := 262144

-- expect: session | LOCAL is SESSION
SET LOCAL sort_buffer_size = DEFAULT

-- expect: session | marked
SET @@session.sql_mode = 'ANSI_QUOTES', @@local.time_zone = 'SYSTEM', @@autocommit = 1

-- expect: session | a bare word
SET sql_mode = TRADITIONAL

-- expect: session | computed
SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')

-- expect: session | the character set
SET CHARACTER SET utf8mb4

-- expect: session | in short
SET CHARSET 'latin1'

-- expect: session | back to the default
SET NAMES DEFAULT

-- expect: write | the server's settings
SET GLOBAL max_connections = 500

-- expect: write | marked
SET @@global.max_connections = 500

-- expect: write | to stay
SET PERSIST max_connections = 500

-- expect: write | to stay, later
SET PERSIST_ONLY back_log = 100

-- expect: write | one among others
SET @a = 1, GLOBAL max_connections = 500

-- expect: write | a structured variable
SET @@hot_cache.key_buffer_size = 1048576

-- expect: session | Relevo's own
SET @relevo_target = 'replica'

-- expect: session | several variables
SET @a = 1, @b = -2.5, @c = NULL, @d = 'x', @`e f` := TRUE

-- expect: session | computed from another
SET @a = @b + 1

-- expect: write | from a table
SET @a = (SELECT COUNT(*) FROM t)

-- expect: write | by a function that locks
SET @a = GET_LOCK('x', 1)

-- expect: write | by somebody's function
SET @a = f(1)

-- expect: write | passwords
SET PASSWORD FOR 'app'@'%' = 'x'

-- expect: write | default roles
SET DEFAULT ROLE ALL TO app

-- expect: session | roles
SET ROLE ALL EXCEPT admin

-- expect: session | the next transaction
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY

-- expect: session | all that follow
SET SESSION TRANSACTION READ WRITE

-- expect: write | everybody's
SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED

-- expect: session | the database
USE `app`

-- expect: write | the mode of the text behind it is another
SET sql_mode = 'NO_BACKSLASH_ESCAPES'; SELECT 'a\'; DELETE FROM t; -- '

-- expect: write | likewise the encoding
SET NAMES gbk; SELECT 1

-- expect: session | a harmless one
SET NAMES utf8mb4; SELECT 1

-- expect: session | begin
BEGIN

-- expect: session | begin work
BEGIN WORK

-- expect: session | start
START TRANSACTION READ ONLY

-- expect: session | start with a snapshot
START TRANSACTION WITH CONSISTENT SNAPSHOT

-- expect: session | commit
COMMIT AND NO CHAIN NO RELEASE

-- expect: session | commit and begin
COMMIT WORK AND CHAIN

-- expect: session | roll back and leave
ROLLBACK RELEASE

-- expect: session | savepoints
SAVEPOINT a

-- expect: session | back to it
ROLLBACK WORK TO SAVEPOINT a

-- expect: session | given up
RELEASE SAVEPOINT a

-- expect: write | a read among transaction control and a write
BEGIN; SELECT 1; DELETE FROM t; COMMIT

-- expect: session | only reads among transaction control
BEGIN; SELECT 1; COMMIT

-- expect: write | distributed
XA START 'a', 'b', 1

-- expect: write | distributed
XA END 'a'

-- expect: write | distributed
XA PREPARE 'a'

-- expect: write | distributed
XA COMMIT 'a' ONE PHASE

-- expect: write | what is prepared on the server
XA RECOVER

-- expect: session | how it went
SHOW COUNT(*) ERRORS

-- expect: session | how it went, in parts
SHOW ERRORS LIMIT 5

-- expect: session | how it went, into variables
GET DIAGNOSTICS CONDITION 1 @p1 = RETURNED_SQLSTATE, @p2 = MESSAGE_TEXT

-- expect: write | how many warnings
SELECT @@warning_count

-- expect: write | a block of statements
BEGIN NOT ATOMIC SELECT 1; DELETE FROM t; END

-- expect: write | a compound statement outside of routines
IF (SELECT COUNT(*) FROM t) > 0 THEN DELETE FROM t; END IF

-- expect: session | SET STATEMENT with no statement is a variable's name
SET statement = 1

-- What MariaDB alone understands, and how it reads what is MySQL's.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: mariadb

-- expect: read | SET STATEMENT is for one statement
SET STATEMENT max_statement_time = 5, optimizer_switch = 'semijoin=off' FOR SELECT * FROM t

-- expect: write | which may write
SET STATEMENT max_statement_time = 5 FOR DELETE FROM t

-- expect: write | or lock
SET STATEMENT innodb_lock_wait_timeout = 1 FOR SELECT * FROM t FOR UPDATE

-- expect: read | code for MariaDB
SELECT 1 /*M!100000 + 1 */

-- expect: write | so it may lock
SELECT 1 FROM t /*M! FOR UPDATE */

-- expect: read | for a MariaDB to come
SELECT 1 FROM t /*!130000 FOR UPDATE */

-- expect: read | MySQL's versions from 5.7 on are not for MariaDB
SELECT 1 FROM t /*!80000 FOR UPDATE */

-- expect: read | the sandbox mark of dumps
/*M!999999\- enable the sandbox mode */ SELECT 1

-- expect: write | what is skipped must not hold a comment
SELECT 1 /*!80000 a /* b */ */

-- expect: read | its own functions
SELECT NVL(a, b), JSON_DETAILED(c), MEDIAN(d) OVER (), PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY d) OVER () FROM t

-- expect: read | dynamic columns
SELECT COLUMN_JSON(a), COLUMN_EXISTS(a, 'b') FROM t

-- expect: write | MySQL's UUID_TO_BIN is somebody's own here
SELECT UUID_TO_BIN(UUID())

-- expect: read | versions of rows
SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01 00:00:00' WHERE a = 1

-- expect: read | rows examined
SELECT * FROM t LIMIT ROWS EXAMINED 1000

-- expect: read | a sequence's state
SELECT next_not_cached_value FROM s

-- expect: write | in text
EXECUTE IMMEDIATE 'SELECT 1'

-- expect: write | a backup's stages
BACKUP STAGE START

-- expect: read | the last GTID is everybody's, this is the binary log's
SELECT @@version

-- expect: write | where this server is
SELECT @@gtid_current_pos

-- expect: write | what this connection wrote last
SELECT @@last_gtid

-- expect: write | DELETE ... RETURNING
DELETE FROM t RETURNING id

-- What MySQL 8 alone understands.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: mysql

-- expect: read | code for MySQL 8
SELECT /*!80000 1, */ 2

-- expect: write | which may lock
SELECT 1 FROM t /*!80000 FOR UPDATE */

-- expect: read | for a MySQL to come
SELECT 1 FROM t /*!99999 FOR UPDATE */

-- expect: read | MariaDB's is a comment
SELECT 1 FROM t /*M! FOR UPDATE */

-- expect: write | six digits are read in two ways
SELECT 1 /*!080036 + 1 */

-- expect: read | its own functions
SELECT ANY_VALUE(a), BIN_TO_UUID(b), UUID_TO_BIN(UUID()), REGEXP_LIKE(c, 'x'), JSON_STORAGE_SIZE(d) FROM t GROUP BY e

-- expect: write | MariaDB's MEDIAN is somebody's own here
SELECT MEDIAN(a) FROM t

-- expect: read | mysqldump: statistics
SELECT COLUMN_NAME, JSON_EXTRACT(HISTOGRAM, '$."number-of-buckets-specified"') FROM information_schema.COLUMN_STATISTICS WHERE SCHEMA_NAME = 'app' AND TABLE_NAME = 't'

-- expect: session | mysqldump
/*!80000 SET SESSION information_schema_stats_expiry=0 */

-- expect: session | mysqldump
SET SESSION NET_READ_TIMEOUT= 86400, SESSION NET_WRITE_TIMEOUT= 86400

-- expect: write | mysqldump: settings
SHOW VARIABLES LIKE 'gtid\_mode'

-- expect: write | mysqldump --set-gtid-purged
SELECT @@GLOBAL.GTID_EXECUTED

-- expect: read | mysqldump: rows
SELECT /*!40001 SQL_NO_CACHE */ `id`, `a` FROM `t`

-- expect: read | mysql shell: what it asks first
select @@version_comment limit 1

-- expect: session | a hint's variable is set for one statement, and SET for all
SET optimizer_switch = 'hash_join=off'

-- expect: read | the hint
SELECT /*+ SET_VAR(sort_buffer_size = 16777216) */ a FROM t ORDER BY b

-- expect: write | to a group of the server's threads
SET RESOURCE GROUP g; DELETE FROM t

-- expect: write | clone
CLONE LOCAL DATA DIRECTORY = '/srv/clone'

-- expect: write | a new server's words
START REPLICA

-- expect: write | a plan into a variable
EXPLAIN FORMAT=JSON INTO @plan SELECT 1

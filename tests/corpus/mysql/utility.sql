-- SHOW, EXPLAIN, DDL, locks, administration.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: read | tables
SHOW FULL TABLES FROM app LIKE 'a%'

-- expect: read | columns
SHOW COLUMNS FROM t IN app WHERE Field = 'a'

-- expect: read | by a function that is somebody's: what follows WHERE is an expression
SHOW COLUMNS FROM t WHERE LOWER(Field) = 'a'

-- expect: write | by somebody's own
SHOW COLUMNS FROM t WHERE f(Field)

-- expect: read | definitions
SHOW CREATE TABLE t

-- expect: read | definitions
SHOW CREATE PROCEDURE app.p

-- expect: read | databases
SHOW DATABASES

-- expect: read | character sets
SHOW CHARACTER SET WHERE Charset = 'utf8mb4'

-- expect: read | grants
SHOW GRANTS FOR 'app'@'localhost'

-- expect: read | indexes
SHOW INDEX FROM t

-- expect: read | status of tables
SHOW TABLE STATUS LIKE 't'

-- expect: read | triggers
SHOW TRIGGERS

-- expect: write | settings may tell servers apart
SHOW VARIABLES LIKE 'read_only'

-- expect: write | counters
SHOW SESSION STATUS

-- expect: write | who is connected
SHOW FULL PROCESSLIST

-- expect: write | the engine
SHOW ENGINE INNODB STATUS

-- expect: write | the binary log
SHOW BINARY LOGS

-- expect: write | something new
SHOW NOVELTIES

-- expect: read | a table
DESCRIBE t

-- expect: read | one column
DESC app.t a

-- expect: read | explained
EXPLAIN SELECT * FROM t

-- expect: read | explained at length
EXPLAIN EXTENDED SELECT * FROM t

-- expect: read | explained in JSON
EXPLAIN FORMAT=JSON SELECT * FROM t

-- expect: read | explained by execution
EXPLAIN ANALYZE SELECT * FROM t

-- expect: read | a table, by the long word
EXPLAIN t

-- expect: write | a replica refuses to explain a change
EXPLAIN UPDATE t SET a = 1

-- expect: write | a plan may run it: derived tables are made
EXPLAIN SELECT * FROM (SELECT f(1)) d

-- expect: write | another connection's
EXPLAIN FOR CONNECTION 5

-- expect: read | MariaDB: run and explained
ANALYZE SELECT * FROM t

-- expect: read | MariaDB: in JSON
ANALYZE FORMAT=JSON SELECT * FROM t

-- expect: write | MariaDB: of a change
ANALYZE UPDATE t SET a = 1

-- expect: write | statistics
ANALYZE TABLE t

-- expect: write | statistics, not told to the replicas
ANALYZE NO_WRITE_TO_BINLOG TABLE t

-- expect: read | computes
DO SLEEP(1)

-- expect: write | and locks
DO GET_LOCK('a', 1)

-- expect: read | the manual
HELP 'SELECT'

-- expect: write | who compares servers wants to choose one
CHECKSUM TABLE t

-- expect: write | may mend
CHECK TABLE t

-- expect: write | a handler
HANDLER t OPEN

-- expect: write | read by it
HANDLER t READ FIRST WHERE a = 1

-- expect: write | closed
HANDLER t CLOSE

-- expect: write | REPLACE
REPLACE INTO t VALUES (1)

-- expect: write | LOAD DATA from the client
LOAD DATA LOCAL INFILE 't.csv' REPLACE INTO TABLE t FIELDS TERMINATED BY ',' ENCLOSED BY '"' ESCAPED BY '\\'

-- expect: write | LOAD XML
LOAD XML INFILE 't.xml' INTO TABLE t

-- expect: write | INSERT ... SELECT
INSERT INTO t SELECT * FROM s

-- expect: write | INSERT ... RETURNING
INSERT INTO t (a) VALUES (1) RETURNING id

-- expect: write | TRUNCATE
TRUNCATE t

-- expect: write | a table
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, b VARCHAR(10) DEFAULT ';') ENGINE=InnoDB

-- expect: write | a table from a query
CREATE TABLE u AS SELECT * FROM t

-- expect: write | a view
CREATE OR REPLACE ALGORITHM=MERGE DEFINER=CURRENT_USER VIEW v AS SELECT begin, end FROM t

-- expect: write | a procedure
CREATE PROCEDURE p(IN a INT) BEGIN DECLARE b INT DEFAULT 0; WHILE b < a DO SET b = b + 1; END WHILE; CASE b WHEN 1 THEN SELECT 1; ELSE SELECT CASE WHEN b THEN 2 END; END CASE; END

-- expect: write | a function of one statement
CREATE DEFINER=`root`@`localhost` FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN a + 1

-- expect: write | a trigger, and a read behind it
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1; SELECT 1

-- expect: write | an event
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; DELETE FROM u; END

-- expect: write | a user
CREATE USER 'app'@'%' IDENTIFIED BY 'secret;'

-- expect: write | an account's rights
GRANT SELECT ON app.* TO 'app'@'%'

-- expect: write | DROP
DROP TABLE IF EXISTS a, b

-- expect: write | DROP of temporary tables
DROP TEMPORARY TABLE IF EXISTS a, app.b

-- expect: write | rename
RENAME TABLE a TO b

-- expect: write | tables
LOCK TABLES a READ LOCAL, b AS x WRITE

-- expect: write | a backup
LOCK INSTANCE FOR BACKUP

-- expect: write | all tables
FLUSH TABLES WITH READ LOCK

-- expect: write | caches
FLUSH PRIVILEGES

-- expect: write | end a query
KILL QUERY 42

-- expect: write | MariaDB: by user
KILL HARD CONNECTION USER 'app'

-- expect: write | replication
CHANGE MASTER TO MASTER_HOST = 'db2'

-- expect: write | replication
START SLAVE

-- expect: write | replication
STOP REPLICA

-- expect: write | logs
PURGE BINARY LOGS TO 'bin.000003'

-- expect: write | all
RESET MASTER

-- expect: write | plugins
INSTALL SONAME 'ha_rocksdb'

-- expect: write | events of the binary log
BINLOG 'ZzU='

-- expect: write | down
SHUTDOWN

-- expect: write | nothing known
FROBNICATE t

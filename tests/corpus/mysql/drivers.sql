-- What drivers send by themselves and for the usual calls: the command-line client, PyMySQL, mysqlclient,
-- DBD::mysql, PDO, mysqli, MariaDB Connector/J and go-sql-driver, as logged by a server.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: mariadb

-- expect: write | client: changes the schema: create
create database if not exists app

-- expect: write | client: changes the schema: create
create user if not exists app@localhost identified by 'x'

-- expect: write | client: changes an account: grant
grant all on app.* to app@localhost

-- expect: write | client: changes an account: grant
grant all on *.* to app@localhost

-- expect: write | client: changes the schema: create
create table a(id int primary key auto_increment, v varchar(10) default 'x', ts timestamp)

-- expect: write | client: changes data: insert
insert into a(v) values ('p'),('q')

-- expect: write | client: changes the schema: create
create view v as select * from a

-- expect: write | client: changes the schema: create
create procedure p(x int) begin select 1; end

-- expect: write | client: changes the schema: create
create trigger tr before insert on a for each row set new.v = upper(new.v)

-- expect: write | client: changes the schema: create
create event ev on schedule every 1 day do delete from a where id<0

-- expect: write | client: changes the schema: create
create sequence sq

-- expect: read | client: only reads
select DATABASE(), USER() limit 1

-- expect: read | client: only reads
select @@version_comment limit 1

-- expect: read | client: only reads
select @@character_set_client, @@character_set_connection, @@character_set_server, @@character_set_database limit 1

-- expect: read | client: only reads
select 1

-- expect: session | pymysql: acts on the session: SET
SET AUTOCOMMIT = 0

-- expect: read | pymysql: only reads
select * from a where id=1

-- expect: session | pymysql: transaction control: COMMIT
COMMIT

-- expect: session | pymysql: acts on the session: SET
SET @_p_0=3

-- expect: write | pymysql: runs a procedure: CALL
CALL p(@_p_0)

-- expect: session | mysqldb: acts on the session: SET
SET autocommit=0

-- expect: read | perl: only reads
select count(*) from a

-- expect: read | perl: only reads
SELECT DATABASE()

-- expect: read | perl: only reads: SHOW
SHOW /*!50002 FULL*/ TABLES FROM `app` LIKE '%'

-- expect: read | perl: only reads: DESCRIBE
DESCRIBE `app`.`a` '%'

-- expect: read | perl: only reads: SHOW
SHOW KEYS FROM `app`.`a`

-- expect: session | perl: transaction control: ROLLBACK
ROLLBACK

-- expect: session | php: acts on the session: SET
SET SESSION sql_mode="TRADITIONAL"

-- expect: session | php: transaction control: START
START TRANSACTION

-- expect: session | php: acts on the session: SET
SET NAMES utf8mb4

-- expect: session | php: transaction control: START
START TRANSACTION READ ONLY

-- expect: session | jdbc: acts on the session: set
set autocommit=1, sql_mode = concat(@@sql_mode,',STRICT_TRANS_TABLES')

-- expect: read | jdbc: only reads
SELECT @@max_allowed_packet,@@system_time_zone,@@time_zone,@@auto_increment_increment

-- expect: session | jdbc: acts on the session: set
set autocommit=0

-- expect: session | jdbc: acts on the session: SET
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED

-- expect: write | jdbc: changes data: insert
insert into a(v) values ('j')

-- expect: session | jdbc: transaction control: SAVEPOINT
SAVEPOINT `s1`

-- expect: session | jdbc: transaction control: ROLLBACK
ROLLBACK TO SAVEPOINT `s1`

-- expect: read | jdbc: only reads
SELECT TABLE_SCHEMA TABLE_CAT, NULL TABLE_SCHEM, TABLE_NAME, IF(TABLE_TYPE='BASE TABLE' or TABLE_TYPE='SYSTEM VERSIONED', 'TABLE', TABLE_TYPE) as TABLE_TYPE, TABLE_COMMENT REMARKS, NULL TYPE_CAT, NULL TYPE_SCHEM, NULL TYPE_NAME, NULL SELF_REFERENCING_COL_NAME, NULL REF_GENERATION FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA='app' ORDER BY TABLE_TYPE, TABLE_SCHEMA, TABLE_NAME

-- expect: read | jdbc: only reads
SELECT TABLE_SCHEMA TABLE_CAT, NULL TABLE_SCHEM, TABLE_NAME, COLUMN_NAME, CASE data_type WHEN 'bit' THEN -7 WHEN 'tinyblob' THEN -3 WHEN 'mediumblob' THEN -4 WHEN 'longblob' THEN -4 WHEN 'blob' THEN -4 WHEN 'tinytext' THEN 12 WHEN 'mediumtext' THEN -1 WHEN 'longtext' THEN -1 WHEN 'text' THEN -1 WHEN 'date' THEN 91 WHEN 'datetime' THEN 93 WHEN 'decimal' THEN 3 WHEN 'double' THEN 8 WHEN 'enum' THEN 12 WHEN 'float' THEN 7 WHEN 'int' THEN IF( COLUMN_TYPE like '%unsigned%', 4,4) WHEN 'bigint' THEN -5 WHEN 'mediumint' THEN 4 WHEN 'null' THEN 0 WHEN 'set' THEN 12 WHEN 'smallint' THEN IF( COLUMN_TYPE like '%unsigned%', 5,5) WHEN 'varchar' THEN 12 WHEN 'varbinary' THEN -3 WHEN 'char' THEN 1 WHEN 'binary' THEN -2 WHEN 'time' THEN 92 WHEN 'timestamp' THEN 93 WHEN 'tinyint' THEN IF(COLUMN_TYPE like 'tinyint(1)%',-7,-6)  WHEN 'year' THEN 91 ELSE 1111 END  DATA_TYPE, IF(COLUMN_TYPE like 'tinyint(1)%', 'BIT',  UCASE(IF( COLUMN_TYPE LIKE '%(%)%', CONCAT(SUBSTRING( COLUMN_TYPE,1, LOCATE('(',COLUMN_TYPE) - 1 ), SUBSTRING(COLUMN_TYPE ,1+locate(')', COLUMN_TYPE))), COLUMN_TYPE))) TYPE_NAME,  CASE DATA_TYPE  WHEN 'time' THEN IF(DATETIME_PRECISION = 0, 10, CAST(11 + DATETIME_PRECISION as signed integer))  WHEN 'date' THEN 10  WHEN 'datetime' THEN IF(DATETIME_PRECISION = 0, 19, CAST(20 + DATETIME_PRECISION as signed integer))  WHEN 'timestamp' THEN IF(DATETIME_PRECISION = 0, 19, CAST(20 + DATETIME_PRECISION as signed integer))  ELSE   IF(NUMERIC_PRECISION IS NULL, LEAST(CHARACTER_MAXIMUM_LENGTH,2147483647), NUMERIC_PRECISION)  END COLUMN_SIZE, 65535 BUFFER_LENGTH,  CONVERT (CASE DATA_TYPE WHEN 'year' THEN NUMERIC_SCALE WHEN 'tinyint' THEN 0 ELSE NUMERIC_SCALE END, UNSIGNED INTEGER) DECIMAL_DIGITS, 10 NUM_PREC_RADIX, IF(IS_NULLABLE = 'yes',1,0) NULLABLE,COLUMN_COMMENT REMARKS, COLUMN_DEFAULT COLUMN_DEF, 0 SQL_DATA_TYPE, 0 SQL_DATETIME_SUB,   LEAST(CHARACTER_OCTET_LENGTH,2147483647) CHAR_OCTET_LENGTH, ORDINAL_POSITION, IS_NULLABLE, NULL SCOPE_CATALOG, NULL SCOPE_SCHEMA, NULL SCOPE_TABLE, NULL SOURCE_DATA_TYPE, IF(EXTRA = 'auto_increment','YES','NO') IS_AUTOINCREMENT,  IF(EXTRA in ('VIRTUAL', 'PERSISTENT', 'VIRTUAL GENERATED', 'STORED GENERATED') ,'YES','NO') IS_GENERATEDCOLUMN  FROM INFORMATION_SCHEMA.COLUMNS  WHERE TABLE_SCHEMA='app' AND TABLE_NAME='a' ORDER BY TABLE_CAT, TABLE_SCHEM, TABLE_NAME, ORDINAL_POSITION

-- expect: read | jdbc: only reads
SELECT A.TABLE_SCHEMA TABLE_CAT, NULL TABLE_SCHEM, A.TABLE_NAME, A.COLUMN_NAME, B.SEQ_IN_INDEX KEY_SEQ, B.INDEX_NAME PK_NAME  FROM INFORMATION_SCHEMA.COLUMNS A, INFORMATION_SCHEMA.STATISTICS B WHERE A.COLUMN_KEY in ('PRI','pri') AND B.INDEX_NAME='PRIMARY'  AND A.TABLE_SCHEMA='app' AND B.TABLE_SCHEMA='app' AND A.TABLE_NAME='a' AND B.TABLE_NAME='a' AND A.TABLE_SCHEMA = B.TABLE_SCHEMA AND A.TABLE_NAME = B.TABLE_NAME AND A.COLUMN_NAME = B.COLUMN_NAME ORDER BY A.COLUMN_NAME

-- expect: read | jdbc: only reads
SELECT TABLE_SCHEMA TABLE_CAT, NULL TABLE_SCHEM, TABLE_NAME, NON_UNIQUE,  TABLE_SCHEMA INDEX_QUALIFIER, INDEX_NAME, 3 TYPE, SEQ_IN_INDEX ORDINAL_POSITION, COLUMN_NAME, COLLATION ASC_OR_DESC, CARDINALITY, NULL PAGES, NULL FILTER_CONDITION FROM INFORMATION_SCHEMA.STATISTICS WHERE TABLE_SCHEMA='app' AND TABLE_NAME = 'a' ORDER BY NON_UNIQUE, TYPE, INDEX_NAME, ORDINAL_POSITION

-- expect: read | jdbc: only reads: SHOW
SHOW CREATE TABLE `app`.`a`

-- expect: read | jdbc: only reads
SELECT ROUTINE_SCHEMA PROCEDURE_CAT,NULL PROCEDURE_SCHEM, ROUTINE_NAME PROCEDURE_NAME, NULL RESERVED1, NULL RESERVED2, NULL RESERVED3, ROUTINE_COMMENT REMARKS, CASE ROUTINE_TYPE   WHEN 'FUNCTION' THEN 2  WHEN 'PROCEDURE' THEN 1  ELSE 0 END PROCEDURE_TYPE, SPECIFIC_NAME  FROM INFORMATION_SCHEMA.ROUTINES  WHERE ROUTINE_SCHEMA='app'

-- expect: read | jdbc: only reads
SELECT SCHEMA_NAME TABLE_CAT FROM INFORMATION_SCHEMA.SCHEMATA ORDER BY 1

-- expect: read | jdbc: only reads
SELECT ROUTINE_SCHEMA FUNCTION_CAT,NULL FUNCTION_SCHEM, ROUTINE_NAME FUNCTION_NAME, ROUTINE_COMMENT REMARKS,1 FUNCTION_TYPE, SPECIFIC_NAME  FROM INFORMATION_SCHEMA.ROUTINES  WHERE ROUTINE_SCHEMA='app' AND  ROUTINE_TYPE='FUNCTION'

-- expect: read | jdbc: only reads
SELECT SPECIFIC_SCHEMA PROCEDURE_CAT, NULL PROCEDURE_SCHEM, SPECIFIC_NAME PROCEDURE_NAME, PARAMETER_NAME COLUMN_NAME,  CASE PARAMETER_MODE   WHEN 'IN' THEN 1  WHEN 'OUT' THEN 4  WHEN 'INOUT' THEN 2  ELSE IF(PARAMETER_MODE IS NULL,5,0) END COLUMN_TYPE, CASE data_type WHEN 'bit' THEN -7 WHEN 'tinyblob' THEN -3 WHEN 'mediumblob' THEN -4 WHEN 'longblob' THEN -4 WHEN 'blob' THEN -4 WHEN 'tinytext' THEN 12 WHEN 'mediumtext' THEN -1 WHEN 'longtext' THEN -1 WHEN 'text' THEN -1 WHEN 'date' THEN 91 WHEN 'datetime' THEN 93 WHEN 'decimal' THEN 3 WHEN 'double' THEN 8 WHEN 'enum' THEN 12 WHEN 'float' THEN 7 WHEN 'int' THEN IF( DTD_IDENTIFIER like '%unsigned%', 4,4) WHEN 'bigint' THEN -5 WHEN 'mediumint' THEN 4 WHEN 'null' THEN 0 WHEN 'set' THEN 12 WHEN 'smallint' THEN IF( DTD_IDENTIFIER like '%unsigned%', 5,5) WHEN 'varchar' THEN 12 WHEN 'varbinary' THEN -3 WHEN 'char' THEN 1 WHEN 'binary' THEN -2 WHEN 'time' THEN 92 WHEN 'timestamp' THEN 93 WHEN 'tinyint' THEN IF(DTD_IDENTIFIER like 'tinyint(1)%',-7,-6)  WHEN 'year' THEN 91 ELSE 1111 END  DATA_TYPE,DATA_TYPE TYPE_NAME, CASE DATA_TYPE  WHEN 'time' THEN IF(DATETIME_PRECISION = 0, 10, CAST(11 + DATETIME_PRECISION as signed integer))  WHEN 'date' THEN 10  WHEN 'datetime' THEN IF(DATETIME_PRECISION = 0, 19, CAST(20 + DATETIME_PRECISION as signed integer))  WHEN 'timestamp' THEN IF(DATETIME_PRECISION = 0, 19, CAST(20 + DATETIME_PRECISION as signed integer))  ELSE   IF(NUMERIC_PRECISION IS NULL, LEAST(CHARACTER_MAXIMUM_LENGTH,2147483647), NUMERIC_PRECISION)  END `PRECISION`, CASE DATA_TYPE  WHEN 'time' THEN IF(DATETIME_PRECISION = 0, 10, CAST(11 + DATETIME_PRECISION as signed integer))  WHEN 'date' THEN 10  WHEN 'datetime' THEN IF(DATETIME_PRECISION = 0, 19, CAST(20 + DATETIME_PRECISION as signed integer))  WHEN 'timestamp' THEN IF(DATETIME_PRECISION = 0, 19, CAST(20 + DATETIME_PRECISION as signed integer))  ELSE   IF(NUMERIC_PRECISION IS NULL, LEAST(CHARACTER_MAXIMUM_LENGTH,2147483647), NUMERIC_PRECISION)  END `LENGTH`, CASE DATA_TYPE  WHEN 'time' THEN CAST(DATETIME_PRECISION as signed integer)  WHEN 'datetime' THEN CAST(DATETIME_PRECISION as signed integer)  WHEN 'timestamp' THEN CAST(DATETIME_PRECISION as signed integer)  ELSE NUMERIC_SCALE  END `SCALE`,10 RADIX,2 NULLABLE,NULL REMARKS,NULL COLUMN_DEF,0 SQL_DATA_TYPE,0 SQL_DATETIME_SUB,CHARACTER_OCTET_LENGTH CHAR_OCTET_LENGTH ,ORDINAL_POSITION, '' IS_NULLABLE, SPECIFIC_NAME  FROM INFORMATION_SCHEMA.PARAMETERS  WHERE SPECIFIC_SCHEMA='app' AND SPECIFIC_NAME='p' ORDER BY SPECIFIC_SCHEMA, SPECIFIC_NAME, ORDINAL_POSITION

-- expect: write | jdbc: runs a procedure: call
call p(?)

-- expect: read | jdbc: only reads
SELECT @@tx_isolation

-- expect: session | jdbc: acts on the session: set
set @@SQL_SELECT_LIMIT=5

-- expect: read | jdbc: only reads
SET STATEMENT max_statement_time=2 FOR select * from a

-- expect: read | jdbc: only reads
SET STATEMENT max_statement_time=2 FOR select now(), '2020-01-01 00:00:00'

-- expect: session | jdbc: acts on the session: set
set autocommit=1, session_track_system_variables='auto_increment_increment' , sql_mode = concat(@@sql_mode,',STRICT_TRANS_TABLES')

-- expect: write | jdbc: changes data: insert
insert into a(v) values ('k');insert into a(v) values ('l')

-- expect: read | go: only reads
select count(*) from a where id>?

-- expect: session | go: acts on the session: SET
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE

-- expect: session | go: acts on the session: SET
SET sql_mode=ANSI

-- expect: session | go: acts on the session: SET
SET time_zone='+00:00'

-- expect: session | go: acts on the session: SET
SET tx_isolation='READ-COMMITTED'

-- mariadb-dump, a restore of its output, mariadb-check, -show and -import, as logged by a server.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: mariadb

-- expect: session | acts on the session: SET
/*!40100 SET @@SQL_MODE='' */

-- expect: session | acts on the session: SET
/*!40103 SET TIME_ZONE='+00:00' */

-- expect: session | acts on the session: SET
/*M!100100 SET @@MAX_STATEMENT_TIME=0.000000 */

-- expect: session | acts on the session: SET
/*M!100100 SET WAIT_TIMEOUT=DEFAULT */

-- expect: session | acts on the session: SET
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ

-- expect: session | transaction control: START
START TRANSACTION /*!40100 WITH CONSISTENT SNAPSHOT */

-- expect: session | acts on the session: UNLOCK
UNLOCK TABLES

-- expect: session | acts on the session: set
set optimizer_switch='semijoin=off'

-- expect: read | only reads
SELECT LOGFILE_GROUP_NAME, FILE_NAME, TOTAL_EXTENTS, INITIAL_SIZE, ENGINE, EXTRA FROM INFORMATION_SCHEMA.FILES WHERE FILE_TYPE = 'UNDO LOG' AND FILE_NAME IS NOT NULL AND LOGFILE_GROUP_NAME IS NOT NULL AND LOGFILE_GROUP_NAME IN (SELECT DISTINCT LOGFILE_GROUP_NAME FROM INFORMATION_SCHEMA.FILES WHERE FILE_TYPE = 'DATAFILE' AND TABLESPACE_NAME IN (SELECT DISTINCT TABLESPACE_NAME FROM INFORMATION_SCHEMA.PARTITIONS WHERE TABLE_SCHEMA IN ('app'))) GROUP BY LOGFILE_GROUP_NAME, FILE_NAME, ENGINE, TOTAL_EXTENTS, INITIAL_SIZE ORDER BY LOGFILE_GROUP_NAME

-- expect: read | only reads
SELECT DISTINCT TABLESPACE_NAME, FILE_NAME, LOGFILE_GROUP_NAME, EXTENT_SIZE, INITIAL_SIZE, ENGINE FROM INFORMATION_SCHEMA.FILES WHERE FILE_TYPE = 'DATAFILE' AND TABLESPACE_NAME IN (SELECT DISTINCT TABLESPACE_NAME FROM INFORMATION_SCHEMA.PARTITIONS WHERE TABLE_SCHEMA IN ('app')) ORDER BY TABLESPACE_NAME, LOGFILE_GROUP_NAME

-- expect: session | acts on the session: set
set optimizer_switch=default

-- expect: session | transaction control: SAVEPOINT
SAVEPOINT sp

-- expect: read | only reads: SHOW
SHOW FULL TABLES

-- expect: read | only reads: SHOW
SHOW CREATE SEQUENCE `sq`

-- expect: read | only reads
SELECT next_not_cached_value FROM `sq`

-- expect: read | only reads
SELECT engine, table_type FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = DATABASE() AND table_name = 'a'

-- expect: session | acts on the session: SET
SET SQL_QUOTE_SHOW_CREATE=1

-- expect: session | acts on the session: SET
SET SESSION character_set_results = 'binary'

-- expect: read | only reads: show
show create table `a`

-- expect: read | only reads
select column_name, extra, generation_expression, data_type from information_schema.columns where table_schema=database() and table_name='a' order by ordinal_position

-- expect: read | only reads
SELECT /*!40001 SQL_NO_CACHE */ `id`, `v`, `ts` FROM `a`

-- expect: read | only reads
select @@collation_database

-- expect: read | only reads
SELECT TRIGGER_NAME FROM INFORMATION_SCHEMA.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'a'

-- expect: read | only reads: SHOW
SHOW CREATE TRIGGER `tr`

-- expect: session | transaction control: ROLLBACK
ROLLBACK TO SAVEPOINT sp

-- expect: read | only reads: show
show create table `v`

-- expect: read | only reads: SHOW
SHOW FIELDS FROM `v`

-- expect: session | transaction control: RELEASE
RELEASE SAVEPOINT sp

-- expect: read | only reads: show
show events

-- expect: read | only reads: SHOW
SHOW CREATE EVENT `ev`

-- expect: read | only reads: SHOW
SHOW FUNCTION STATUS WHERE Db = 'app'

-- expect: read | only reads: SHOW
SHOW PROCEDURE STATUS WHERE Db = 'app'

-- expect: read | only reads: SHOW
SHOW CREATE PROCEDURE `p`

-- expect: read | only reads: SHOW
SHOW PACKAGE STATUS WHERE Db = 'app'

-- expect: read | only reads: SHOW
SHOW PACKAGE BODY STATUS WHERE Db = 'app'

-- expect: read | only reads: SHOW
SHOW CREATE TABLE `a`

-- expect: read | only reads: SHOW
SHOW CREATE TABLE `v`

-- expect: read | only reads
SELECT CHECK_OPTION, DEFINER, SECURITY_TYPE,        CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.views WHERE table_name='v' AND table_schema='app'

-- expect: write | administers the server: FLUSH
FLUSH /*!40101 LOCAL */ TABLES

-- expect: write | administers the server: FLUSH
FLUSH TABLES WITH READ LOCK

-- expect: write | asks for what belongs to one server: MASTER
SHOW MASTER STATUS

-- expect: write | asks for what belongs to one server: gtid_binlog_pos
SELECT @@GLOBAL.gtid_binlog_pos

-- expect: session | acts on the session: SET
/*M!999999 enable the sandbox mode */ 






/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */

-- expect: session | acts on the session: SET
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */

-- expect: session | acts on the session: SET
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */

-- expect: session | acts on the session: SET
/*!40101 SET NAMES utf8mb4 */

-- expect: session | acts on the session: SET
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */

-- expect: session | acts on the session: SET
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */

-- expect: session | acts on the session: SET
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */

-- expect: session | acts on the session: SET
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */

-- expect: session | acts on the session: SET
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */

-- expect: write | changes the schema: DROP
DROP SEQUENCE IF EXISTS `sq`

-- expect: write | changes the schema: CREATE
CREATE SEQUENCE `sq` start with 1 minvalue 1 maxvalue 9223372036854775806 increment by 1 cache 1000 nocycle ENGINE=InnoDB

-- expect: write | calls a function that writes or locks: SETVAL
DO SETVAL(`sq`, 1, 0)

-- expect: write | changes the schema: DROP
DROP TABLE IF EXISTS `a`

-- expect: session | acts on the session: SET
/*!40101 SET @saved_cs_client     = @@character_set_client */

-- expect: session | acts on the session: SET
/*!40101 SET character_set_client = utf8mb4 */

-- expect: write | changes the schema: CREATE
CREATE TABLE `a` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `v` varchar(10) DEFAULT 'x',
  `ts` timestamp NULL DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci

-- expect: write | locks tables: LOCK
LOCK TABLES `a` WRITE

-- expect: write | changes the schema: ALTER
/*!40000 ALTER TABLE `a` DISABLE KEYS */

-- expect: write | changes data: INSERT
INSERT INTO `a` VALUES
(1,'p',NULL),
(2,'q',NULL)

-- expect: write | changes the schema: ALTER
/*!40000 ALTER TABLE `a` ENABLE KEYS */

-- expect: session | acts on the session: SET
/*!50003 SET @saved_cs_client      = @@character_set_client */

-- expect: session | acts on the session: SET
/*!50003 SET @saved_cs_results     = @@character_set_results */

-- expect: session | acts on the session: SET
/*!50003 SET @saved_col_connection = @@collation_connection */

-- expect: session | acts on the session: SET
/*!50003 SET character_set_client  = utf8mb3 */

-- expect: session | acts on the session: SET
/*!50003 SET character_set_results = utf8mb3 */

-- expect: session | acts on the session: SET
/*!50003 SET collation_connection  = utf8mb3_general_ci */

-- expect: session | acts on the session: SET
/*!50003 SET @saved_sql_mode       = @@sql_mode */

-- expect: session | acts on the session: SET
/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION' */

-- expect: write | changes the schema: CREATE
/*!50003 CREATE*/ /*!50017 DEFINER=`app`@`localhost`*/ /*!50003 trigger tr before insert on a for each row set new.v = upper(new.v) 
*/

-- expect: session | acts on the session: SET
/*!50003 SET sql_mode              = @saved_sql_mode */

-- expect: session | acts on the session: SET
/*!50003 SET collation_connection  = @saved_col_connection */

-- expect: write | changes the schema: DROP
DROP TABLE IF EXISTS `v`

-- expect: write | changes the schema: DROP
/*!50001 DROP VIEW IF EXISTS `v`*/

-- expect: session | acts on the session: SET
SET @saved_cs_client     = @@character_set_client

-- expect: session | acts on the session: SET
SET character_set_client = utf8mb4

-- expect: write | changes the schema: CREATE
/*!50001 CREATE VIEW `v` AS SELECT
 NULL AS `id`,
 NULL AS `v`,
 NULL AS `ts` */

-- expect: session | acts on the session: SET
/*!50106 SET @save_time_zone= @@TIME_ZONE */

-- expect: write | changes the schema: DROP
/*!50106 DROP EVENT IF EXISTS `ev` */

-- expect: session | acts on the session: SET
/*!50003 SET @saved_time_zone      = @@time_zone */

-- expect: session | acts on the session: SET
/*!50003 SET time_zone             = 'SYSTEM' */

-- expect: write | changes the schema: CREATE
/*!50106 CREATE*/ /*!50117 DEFINER=`app`@`localhost`*/ /*!50106 EVENT `ev` ON SCHEDULE EVERY 1 DAY STARTS '2026-11-22 15:21:04' ON COMPLETION NOT PRESERVE ENABLE DO delete from a where id<0 
*/

-- expect: session | acts on the session: SET
/*!50003 SET time_zone             = @saved_time_zone */

-- expect: session | acts on the session: SET
/*!50106 SET TIME_ZONE= @save_time_zone */

-- expect: write | changes the schema: DROP
/*!50003 DROP PROCEDURE IF EXISTS `p` */

-- expect: write | changes the schema: CREATE
CREATE DEFINER=`app`@`localhost` PROCEDURE `p`(x int)
begin select 1; end

-- expect: session | acts on the session: SET
/*!50001 SET @saved_cs_client          = @@character_set_client */

-- expect: session | acts on the session: SET
/*!50001 SET @saved_cs_results         = @@character_set_results */

-- expect: session | acts on the session: SET
/*!50001 SET @saved_col_connection     = @@collation_connection */

-- expect: session | acts on the session: SET
/*!50001 SET character_set_client      = utf8mb3 */

-- expect: session | acts on the session: SET
/*!50001 SET character_set_results     = utf8mb3 */

-- expect: session | acts on the session: SET
/*!50001 SET collation_connection      = utf8mb3_general_ci */

-- expect: write | changes the schema: CREATE
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`app`@`localhost` SQL SECURITY DEFINER */
/*!50001 VIEW `v` AS select `a`.`id` AS `id`,`a`.`v` AS `v`,`a`.`ts` AS `ts` from `a` */

-- expect: session | acts on the session: SET
/*!50001 SET collation_connection      = @saved_col_connection */

-- expect: session | acts on the session: SET
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */

-- expect: session | acts on the session: SET
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */

-- expect: session | acts on the session: SET
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */

-- expect: session | acts on the session: SET
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */

-- expect: session | acts on the session: SET
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */

-- expect: session | acts on the session: SET
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */

-- expect: session | acts on the session: SET
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */

-- expect: session | acts on the session: SET
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */

-- expect: read | only reads: show
show tables

-- expect: read | only reads: SHOW
SHOW /*!50002 FULL*/ TABLES

-- expect: write | administers the server: CHECK
CHECK TABLE `a`

-- expect: write | administers the server: CHECK
CHECK TABLE `sq`

-- expect: session | acts on the session: set
/*!40101 set @@character_set_database=binary */

-- expect: write | changes data: LOAD
LOAD DATA  LOCAL INFILE '/srv/a.txt' INTO TABLE `a` IGNORE 0 LINES

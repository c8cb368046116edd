-- What frameworks and applications send: WordPress, Rails, Laravel, Hibernate, Prisma, GORM,
-- Sequelize, Magento, MySQL Connector/J, Connector/NET, pt-heartbeat, sysbench.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: read | WordPress: options at every page
SELECT option_name, option_value FROM wp_options WHERE autoload IN ( 'yes', 'on', 'auto-on', 'auto' )

-- expect: read | WordPress: the loop
SELECT SQL_CALC_FOUND_ROWS wp_posts.ID FROM wp_posts WHERE 1=1 AND ((wp_posts.post_type = 'post' AND (wp_posts.post_status = 'publish'))) ORDER BY wp_posts.post_date DESC LIMIT 0, 10

-- expect: write | WordPress: how many there were
SELECT FOUND_ROWS()

-- expect: read | WordPress: terms
SELECT t.*, tt.*, tr.object_id FROM wp_terms AS t INNER JOIN wp_term_taxonomy AS tt ON t.term_id = tt.term_id INNER JOIN wp_term_relationships AS tr ON tr.term_taxonomy_id = tt.term_taxonomy_id WHERE tt.taxonomy IN ('category', 'post_tag') AND tr.object_id IN (1) ORDER BY t.name ASC

-- expect: write | WordPress: an option
INSERT INTO `wp_options` (`option_name`, `option_value`, `autoload`) VALUES ('_transient_x', '1', 'no') ON DUPLICATE KEY UPDATE `option_name` = VALUES(`option_name`), `option_value` = VALUES(`option_value`), `autoload` = VALUES(`autoload`)

-- expect: read | WordPress: the server's mode
SELECT @@SESSION.sql_mode

-- expect: session | WordPress: on connecting
SET NAMES 'utf8mb4' COLLATE 'utf8mb4_unicode_520_ci'

-- expect: session | WordPress: modes
SET SESSION sql_mode='NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'

-- expect: read | WordPress: does a table exist
SHOW TABLES LIKE 'wp\_options'

-- expect: read | WordPress: columns
SHOW FULL COLUMNS FROM `wp_posts`

-- expect: read | WordPress: search
SELECT ID FROM wp_posts WHERE ((post_title LIKE '{a1b2}it\'s{a1b2}') OR (post_content LIKE '{a1b2}x{a1b2}'))

-- expect: read | WordPress: archives
SELECT YEAR(post_date) AS `year`, MONTH(post_date) AS `month`, count(ID) as posts FROM wp_posts WHERE post_type = 'post' GROUP BY YEAR(post_date), MONTH(post_date) ORDER BY post_date DESC LIMIT 12

-- expect: write | WordPress: clean-up
DELETE a, b FROM wp_options a, wp_options b WHERE a.option_name LIKE '\_transient\_%' AND b.option_name = CONCAT('_transient_timeout_', SUBSTRING(a.option_name, 12)) AND b.option_value < 1700000000

-- expect: session | Rails: on connecting
SET  @@SESSION.sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'),  @@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483

-- expect: session | Rails: on connecting, with an encoding
SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci, @@SESSION.sql_mode = 'TRADITIONAL', @@SESSION.wait_timeout = 2147483647

-- expect: write | Rails: migrations take a lock
SELECT GET_LOCK('4242424242', 0)

-- expect: write | Rails: and give it back
SELECT RELEASE_LOCK('4242424242')

-- expect: read | Rails: tables
SELECT table_name FROM (SELECT * FROM information_schema.tables WHERE table_schema = database()) _subquery WHERE _subquery.table_type = 'BASE TABLE'

-- expect: read | Rails: foreign keys
SELECT fk.referenced_table_name AS 'to_table', fk.referenced_column_name AS 'primary_key', fk.column_name AS 'column', rc.update_rule AS 'on_update' FROM information_schema.referential_constraints rc JOIN information_schema.key_column_usage fk USING (constraint_schema, constraint_name) WHERE fk.table_schema = database()

-- expect: read | Rails: with the calling code's name
SELECT `users`.* FROM `users` WHERE `users`.`id` = 1 LIMIT 1 /*application:Shop,controller:users,action:show*/

-- expect: write | Rails: lock!
SELECT `users`.* FROM `users` WHERE `users`.`id` = 1 LIMIT 1 FOR UPDATE

-- expect: write | Laravel: jobs
select * from `jobs` where `queue` = 'default' and ((`reserved_at` is null and `available_at` <= 1700000000) or (`reserved_at` <= 1699999910)) order by `id` asc limit 1 FOR UPDATE SKIP LOCKED

-- expect: session | Laravel: on connecting
set names 'utf8mb4' collate 'utf8mb4_unicode_ci'

-- expect: session | Laravel: modes
set session sql_mode='ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'

-- expect: read | Laravel: paging
select count(*) as aggregate from `orders` where exists (select * from `customers` where `orders`.`customer_id` = `customers`.`id` and json_unquote(json_extract(`data`, '$."vip"')) = 'yes') and date(`created_at`) = '2024-01-01'

-- expect: read | Laravel: schema
select table_name as `name`, (data_length + index_length) as `size`, table_comment as `comment`, engine as `engine`, table_collation as `collation` from information_schema.tables where table_schema = 'app' and table_type in ('BASE TABLE', 'SYSTEM VERSIONED') order by table_name

-- expect: read | Hibernate: a join
select order0_.id as id1_0_0_, lines1_.id as id1_1_1_ from orders order0_ left outer join order_lines lines1_ on order0_.id=lines1_.order_id where order0_.id=?

-- expect: write | Hibernate: pessimistic write
select id from orders where id =? and version =? for update

-- expect: write | Hibernate: its table of numbers
select next_val as id_val from hibernate_sequence for update

-- expect: write | Hibernate: moves on
update hibernate_sequence set next_val= ? where next_val=?

-- expect: read | Hibernate: paging with a window
select * from (select e.*, row_number() over (partition by e.dept order by e.salary desc) as rn from employee e) as t where t.rn <= ?

-- expect: read | Prisma: many
SELECT `app`.`User`.`id`, `app`.`User`.`email` FROM `app`.`User` WHERE (`app`.`User`.`id`) IN (SELECT `t1`.`authorId` FROM `app`.`Post` AS `t1` WHERE (`t1`.`published` = ? AND `t1`.`authorId` IS NOT NULL)) LIMIT ? OFFSET ?

-- expect: read | Prisma: its health check
SELECT 1

-- expect: write | Prisma: what it just made
SELECT `app`.`User`.`id` FROM `app`.`User` WHERE `app`.`User`.`id` = LAST_INSERT_ID()

-- expect: read | GORM: soft deletion
SELECT * FROM `users` WHERE `users`.`name` = 'jinzhu' AND `users`.`deleted_at` IS NULL ORDER BY `users`.`id` LIMIT 1

-- expect: read | GORM: migrator
SELECT count(*) FROM information_schema.tables WHERE table_schema = 'app' AND table_name = 'users' AND table_type = 'BASE TABLE'

-- expect: write | GORM: upsert
INSERT INTO `users` (`name`,`age`) VALUES ('a',18) ON DUPLICATE KEY UPDATE `age`=VALUES(`age`)

-- expect: session | Sequelize: a transaction's isolation
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;

-- expect: read | Sequelize
SELECT `id`, `title`, (SELECT COUNT(*) FROM `likes` WHERE `likes`.`postId` = `post`.`id`) AS `n` FROM `posts` AS `post` ORDER BY `n` DESC LIMIT 0, 20;

-- expect: read | Magento: EAV
SELECT `e`.*, IF(at_status.value_id > 0, at_status.value, at_status_default.value) AS `status` FROM `catalog_product_entity` AS `e` LEFT JOIN `eav` AS `at_status_default` USING (`entity_id`) LEFT JOIN `eav` AS `at_status` ON (`at_status`.`entity_id` = `e`.`entity_id`) WHERE (IFNULL(`e`.`a`, 0) = 1) AND (FIND_IN_SET('3', e.b))

-- expect: write | Magento: its cron lock
SELECT GET_LOCK('db_1|CRON_GROUP_default', 1);

-- expect: write | Magento: is it taken
SELECT IS_USED_LOCK('db_1|CRON_GROUP_default');

-- expect: read | MySQL Connector/J: on connecting
/* mysql-connector-j-8.3.0 (Revision: 0) */SELECT  @@session.auto_increment_increment AS auto_increment_increment, @@character_set_client AS character_set_client, @@character_set_connection AS character_set_connection, @@character_set_results AS character_set_results, @@character_set_server AS character_set_server, @@collation_server AS collation_server, @@collation_connection AS collation_connection, @@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, @@lower_case_table_names AS lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, @@net_write_timeout AS net_write_timeout, @@performance_schema AS performance_schema, @@sql_mode AS sql_mode, @@system_time_zone AS system_time_zone, @@time_zone AS time_zone, @@transaction_isolation AS transaction_isolation, @@wait_timeout AS wait_timeout

-- expect: session | MySQL Connector/J: on connecting
SET character_set_results = NULL

-- expect: session | MySQL Connector/J: modes
SET sql_mode='STRICT_TRANS_TABLES'

-- expect: write | MySQL Connector/J 5.1: settings
/* mysql-connector-java-5.1.49 */SHOW VARIABLES WHERE Variable_name ='language' OR Variable_name = 'net_write_timeout'

-- expect: session | MySQL Connector/J: warnings
SHOW WARNINGS

-- expect: read | MySQL Connector/J: setReadOnly asks
select @@session.transaction_read_only

-- expect: session | MySQL Connector/J: and says
set session transaction read only

-- expect: read | MySQL Connector/J: isValid
/* ping */ SELECT 1

-- expect: read | Connector/NET: on connecting
SELECT @@max_allowed_packet, @@character_set_client, @@character_set_connection, @@license, @@sql_mode, @@lower_case_table_names, @@autocommit;

-- expect: read | phpMyAdmin
SELECT @@version, @@version_comment

-- expect: write | a failover script asks who is read-only
SELECT @@global.read_only, @@hostname

-- expect: write | a monitor
SHOW GLOBAL STATUS LIKE 'Threads_running'

-- expect: write | a monitor of replication
SHOW SLAVE STATUS

-- expect: write | the same on MySQL 8
SHOW REPLICA STATUS

-- expect: write | pt-heartbeat
REPLACE INTO `heartbeat`.`heartbeat` (ts, server_id) VALUES ('2024-01-01T00:00:00', 1)

-- expect: write | pt-table-checksum
REPLACE INTO `percona`.`checksums` (db, tbl, chunk, this_cnt, this_crc) SELECT 'app', 't', '1', COUNT(*) AS cnt, COALESCE(LOWER(CONV(BIT_XOR(CAST(CRC32(CONCAT_WS('#', `id`)) AS UNSIGNED)), 10, 16)), 0) AS crc FROM `app`.`t`

-- expect: read | sysbench
SELECT DISTINCT c FROM sbtest1 WHERE id BETWEEN 5000 AND 5099 ORDER BY c

-- expect: write | sysbench
UPDATE sbtest1 SET k=k+1 WHERE id=5000

-- expect: session | Percona's tools
SET SESSION innodb_lock_wait_timeout=1, SESSION lock_wait_timeout=60, SESSION wait_timeout=10000

-- Django 3.2: migrations, queries, locks and introspection, as logged by a server.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: mariadb

-- expect: session | acts on the session: SET
SET sql_mode='STRICT_TRANS_TABLES'

-- expect: read | only reads
SELECT VERSION(),
                       @@sql_mode,
                       @@default_storage_engine,
                       @@sql_auto_is_null,
                       @@lower_case_table_names,
                       CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'UTC') IS NOT NULL

-- expect: write | changes the schema: CREATE
CREATE TABLE `django_migrations` (`id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY, `app` varchar(255) NOT NULL, `name` varchar(255) NOT NULL, `applied` datetime(6) NOT NULL)

-- expect: read | only reads
SELECT engine FROM information_schema.tables WHERE table_name = 'django_migrations'

-- expect: write | changes the schema: CREATE
CREATE TABLE `django_content_type` (`id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY, `name` varchar(100) NOT NULL, `app_label` varchar(100) NOT NULL, `model` varchar(100) NOT NULL)

-- expect: write | changes the schema: ALTER
ALTER TABLE `django_content_type` ADD CONSTRAINT `django_content_type_app_label_model_76bd3d3b_uniq` UNIQUE (`app_label`, `model`)

-- expect: write | changes data: INSERT
INSERT INTO `django_migrations` (`app`, `name`, `applied`) VALUES ('contenttypes', '0001_initial', '2026-11-22 15:23:22.865480') RETURNING `django_migrations`.`id`

-- expect: write | changes the schema: ALTER
ALTER TABLE `django_content_type` MODIFY `name` varchar(100) NULL

-- expect: write | changes the schema: ALTER
ALTER TABLE `django_content_type` DROP COLUMN `name`

-- expect: write | changes the schema: CREATE
CREATE TABLE `auth_permission` (`id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY, `name` varchar(50) NOT NULL, `content_type_id` integer NOT NULL, `codename` varchar(100) NOT NULL)

-- expect: write | changes the schema: CREATE
CREATE INDEX `django_session_expire_date_a5c62663` ON `django_session` (`expire_date`)

-- expect: read | only reads
SELECT `django_migrations`.`id`, `django_migrations`.`app`, `django_migrations`.`name`, `django_migrations`.`applied` FROM `django_migrations`

-- expect: read | only reads
SELECT `django_content_type`.`id`, `django_content_type`.`app_label`, `django_content_type`.`model` FROM `django_content_type` WHERE `django_content_type`.`app_label` = 'contenttypes'

-- expect: write | changes data: INSERT
INSERT INTO `django_content_type` (`app_label`, `model`) VALUES ('contenttypes', 'contenttype') RETURNING `django_content_type`.`id`

-- expect: read | only reads
SELECT `django_content_type`.`id`, `django_content_type`.`app_label`, `django_content_type`.`model` FROM `django_content_type` WHERE (`django_content_type`.`app_label` = 'contenttypes' AND `django_content_type`.`model` = 'contenttype') LIMIT 21

-- expect: read | only reads
SELECT `auth_permission`.`content_type_id`, `auth_permission`.`codename` FROM `auth_permission` INNER JOIN `django_content_type` ON (`auth_permission`.`content_type_id` = `django_content_type`.`id`) WHERE `auth_permission`.`content_type_id` IN (1) ORDER BY `django_content_type`.`app_label` ASC, `django_content_type`.`model` ASC, `auth_permission`.`codename` ASC

-- expect: write | changes data: INSERT
INSERT INTO `auth_permission` (`name`, `content_type_id`, `codename`) VALUES ('Can add content type', 1, 'add_contenttype'), ('Can change content type', 1, 'change_contenttype'), ('Can delete content type', 1, 'delete_contenttype'), ('Can view content type', 1, 'view_contenttype') RETURNING `auth_permission`.`id`

-- expect: read | only reads
SELECT `auth_permission`.`content_type_id`, `auth_permission`.`codename` FROM `auth_permission` INNER JOIN `django_content_type` ON (`auth_permission`.`content_type_id` = `django_content_type`.`id`) WHERE `auth_permission`.`content_type_id` IN (2, 3, 4) ORDER BY `django_content_type`.`app_label` ASC, `django_content_type`.`model` ASC, `auth_permission`.`codename` ASC

-- expect: read | only reads
SELECT `auth_user`.`id`, `auth_user`.`password`, `auth_user`.`last_login`, `auth_user`.`is_superuser`, `auth_user`.`username`, `auth_user`.`first_name`, `auth_user`.`last_name`, `auth_user`.`email`, `auth_user`.`is_staff`, `auth_user`.`is_active`, `auth_user`.`date_joined` FROM `auth_user` WHERE `auth_user`.`username` = 'ann' LIMIT 21

-- expect: read | only reads
SELECT `auth_group`.`id`, `auth_group`.`name` FROM `auth_group` WHERE `auth_group`.`name` = 'g' LIMIT 21

-- expect: write | changes data: INSERT
INSERT IGNORE INTO `auth_user_groups` (`user_id`, `group_id`) VALUES (1, 1)

-- expect: read | only reads
SELECT `auth_user`.`id`, `auth_user`.`password`, `auth_user`.`last_login`, `auth_user`.`is_superuser`, `auth_user`.`username`, `auth_user`.`first_name`, `auth_user`.`last_name`, `auth_user`.`email`, `auth_user`.`is_staff`, `auth_user`.`is_active`, `auth_user`.`date_joined`, COUNT(`auth_user_groups`.`group_id`) AS `n` FROM `auth_user` INNER JOIN `auth_user_groups` ON (`auth_user`.`id` = `auth_user_groups`.`user_id`) INNER JOIN `auth_group` ON (`auth_user_groups`.`group_id` = `auth_group`.`id`) WHERE `auth_group`.`name` LIKE '%g%' GROUP BY `auth_user`.`id` ORDER BY `auth_user`.`date_joined` DESC LIMIT 5

-- expect: read | only reads
SELECT (1) AS `a` FROM `auth_user` WHERE `auth_user`.`id` = 1 LIMIT 1

-- expect: read | only reads
SELECT MAX(`auth_user`.`id`) AS `id__max` FROM `auth_user`

-- expect: read | only reads
SELECT DISTINCT `auth_user`.`username` FROM `auth_user` WHERE `auth_user`.`username` REGEXP BINARY '^a'

-- expect: write | locks rows: UPDATE
SELECT `auth_user`.`id`, `auth_user`.`password`, `auth_user`.`last_login`, `auth_user`.`is_superuser`, `auth_user`.`username`, `auth_user`.`first_name`, `auth_user`.`last_name`, `auth_user`.`email`, `auth_user`.`is_staff`, `auth_user`.`is_active`, `auth_user`.`date_joined` FROM `auth_user` WHERE `auth_user`.`username` = 'bob' LIMIT 21 FOR UPDATE

-- expect: session | transaction control: SAVEPOINT
SAVEPOINT `s139811574964288_x1`

-- expect: session | transaction control: RELEASE
RELEASE SAVEPOINT `s139811574964288_x1`

-- expect: write | locks rows: UPDATE
SELECT `auth_user`.`id`, `auth_user`.`password`, `auth_user`.`last_login`, `auth_user`.`is_superuser`, `auth_user`.`username`, `auth_user`.`first_name`, `auth_user`.`last_name`, `auth_user`.`email`, `auth_user`.`is_staff`, `auth_user`.`is_active`, `auth_user`.`date_joined` FROM `auth_user` WHERE `auth_user`.`id` = 1 LIMIT 21 FOR UPDATE

-- expect: write | changes data: INSERT
INSERT IGNORE INTO `auth_group` (`name`) VALUES ('h')

-- expect: read | only reads
SELECT DISTINCT CAST(DATE_FORMAT(CONVERT_TZ(`auth_user`.`date_joined`, 'UTC', 'America/Chicago'), '%Y-%m-01') AS DATE) AS `datefield` FROM `auth_user` WHERE `auth_user`.`date_joined` IS NOT NULL ORDER BY `datefield` ASC

-- expect: read | only reads
SELECT `auth_user`.`id`, `auth_user`.`password`, `auth_user`.`last_login`, `auth_user`.`is_superuser`, `auth_user`.`username`, `auth_user`.`first_name`, `auth_user`.`last_name`, `auth_user`.`email`, `auth_user`.`is_staff`, `auth_user`.`is_active`, `auth_user`.`date_joined` FROM `auth_user` WHERE `auth_user`.`date_joined` BETWEEN '2024-01-01 06:00:00' AND '2025-01-01 05:59:59.999999'

-- expect: read | only reads
SELECT `auth_user`.`id`, `auth_user`.`password`, `auth_user`.`last_login`, `auth_user`.`is_superuser`, `auth_user`.`username`, `auth_user`.`first_name`, `auth_user`.`last_name`, `auth_user`.`email`, `auth_user`.`is_staff`, `auth_user`.`is_active`, `auth_user`.`date_joined` FROM `auth_user`

-- expect: read | only reads
SELECT (`auth_user_groups`.`user_id`) AS `_prefetch_related_val_user_id`, `auth_group`.`id`, `auth_group`.`name` FROM `auth_group` INNER JOIN `auth_user_groups` ON (`auth_group`.`id` = `auth_user_groups`.`group_id`) WHERE `auth_user_groups`.`user_id` IN (1, 2)

-- expect: write | changes data: DELETE
DELETE FROM `auth_user_groups` WHERE `auth_user_groups`.`user_id` IN (1)

-- expect: write | changes data: DELETE
DELETE FROM `auth_user_user_permissions` WHERE `auth_user_user_permissions`.`user_id` IN (1)

-- expect: write | changes data: DELETE
DELETE FROM `auth_user` WHERE `auth_user`.`id` IN (1)

-- expect: read | only reads
SELECT column_name, referenced_table_name, referenced_column_name
            FROM information_schema.key_column_usage
            WHERE table_name = 'a'
                AND table_schema = DATABASE()
                AND referenced_table_name IS NOT NULL
                AND referenced_column_name IS NOT NULL

-- expect: read | only reads
SELECT kc.`constraint_name`, kc.`column_name`,
                kc.`referenced_table_name`, kc.`referenced_column_name`
            FROM information_schema.key_column_usage AS kc
            WHERE
                kc.table_schema = DATABASE() AND
                kc.table_name = 'a'
            ORDER BY kc.`ordinal_position`

-- expect: read | only reads
SELECT c.constraint_name, c.constraint_type
            FROM information_schema.table_constraints AS c
            WHERE
                c.table_schema = DATABASE() AND
                c.table_name = 'a'

-- expect: read | only reads
SELECT c.constraint_name AS column_name
                FROM information_schema.check_constraints AS c
                WHERE
                    c.table_name = 'a' AND
                    LOWER(c.check_clause) = 'json_valid(`' + LOWER(c.constraint_name) + '`)' AND
                    c.constraint_schema = DATABASE()

-- expect: read | only reads
SELECT  table_collation
            FROM    information_schema.tables
            WHERE   table_schema = DATABASE()
            AND     table_name = 'a'

-- expect: read | only reads
SELECT
                column_name, data_type, character_maximum_length,
                numeric_precision, numeric_scale, extra, column_default,
                CASE
                    WHEN collation_name = 'latin1_swedish_ci' THEN NULL
                    ELSE collation_name
                END AS collation_name,
                CASE
                    WHEN column_type LIKE '% unsigned' THEN 1
                    ELSE 0
                END AS is_unsigned
            FROM information_schema.columns
            WHERE table_name = 'a' AND table_schema = DATABASE()

-- expect: read | only reads
SELECT * FROM `a` LIMIT 1

-- expect: read | only reads
SELECT c.constraint_name, c.check_clause
                    FROM information_schema.check_constraints AS c
                    WHERE
                        c.constraint_schema = DATABASE() AND
                        c.table_name = 'a'

-- expect: read | only reads: SHOW
SHOW INDEX FROM `a`

-- expect: read | only reads
SELECT * FROM `auth_group` LIMIT 1

-- expect: read | only reads: SHOW
SHOW INDEX FROM `auth_group`

-- expect: read | only reads
SELECT * FROM `auth_group_permissions` LIMIT 1

-- expect: read | only reads: SHOW
SHOW INDEX FROM `auth_group_permissions`

-- expect: read | only reads
SELECT * FROM `auth_permission` LIMIT 1

-- expect: read | only reads
SELECT * FROM `auth_user` LIMIT 1

-- expect: read | only reads
SELECT * FROM `auth_user_groups` LIMIT 1

-- expect: read | only reads
SELECT * FROM `auth_user_user_permissions` LIMIT 1

-- expect: read | only reads
SELECT * FROM `django_content_type` LIMIT 1

-- expect: read | only reads
SELECT * FROM `django_migrations` LIMIT 1

-- expect: read | only reads
SELECT * FROM `django_session` LIMIT 1

-- expect: read | only reads
SELECT * FROM `sa_post` LIMIT 1

-- expect: read | only reads
SELECT * FROM `sa_user` LIMIT 1

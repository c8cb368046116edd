-- Django 3.2: migrations, queries, locks and introspection, as logged by a server.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: session | acts on the session: SET
SET TIME ZONE 'UTC'

-- expect: read | only reads
SELECT c.relname,
            CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)

-- expect: session | transaction control: BEGIN
BEGIN

-- expect: write | changes the schema: CREATE
CREATE TABLE "django_migrations" ("id" serial NOT NULL PRIMARY KEY, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" timestamp with time zone NOT NULL)

-- expect: session | transaction control: COMMIT
COMMIT

-- expect: write | changes the schema: CREATE
CREATE TABLE "django_content_type" ("id" serial NOT NULL PRIMARY KEY, "name" varchar(100) NOT NULL, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL)

-- expect: write | not known to be a read: ALTER
ALTER TABLE "django_content_type" ADD CONSTRAINT "django_content_type_app_label_model_76bd3d3b_uniq" UNIQUE ("app_label", "model")

-- expect: write | changes data: INSERT
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('contenttypes', '0001_initial', '2026-11-22T12:21:52.841903+00:00'::timestamptz) RETURNING "django_migrations"."id"

-- expect: write | not known to be a read: ALTER
ALTER TABLE "django_content_type" ALTER COLUMN "name" DROP NOT NULL

-- expect: write | not known to be a read: ALTER
ALTER TABLE "django_content_type" DROP COLUMN "name" CASCADE

-- expect: write | changes the schema: CREATE
CREATE TABLE "auth_permission" ("id" serial NOT NULL PRIMARY KEY, "name" varchar(50) NOT NULL, "content_type_id" integer NOT NULL, "codename" varchar(100) NOT NULL)

-- expect: write | changes the schema: CREATE
CREATE TABLE "auth_group" ("id" serial NOT NULL PRIMARY KEY, "name" varchar(80) NOT NULL UNIQUE)

-- expect: write | changes the schema: CREATE
CREATE TABLE "auth_group_permissions" ("id" serial NOT NULL PRIMARY KEY, "group_id" integer NOT NULL, "permission_id" integer NOT NULL)

-- expect: write | changes the schema: CREATE
CREATE TABLE "auth_user" ("id" serial NOT NULL PRIMARY KEY, "password" varchar(128) NOT NULL, "last_login" timestamp with time zone NOT NULL, "is_superuser" boolean NOT NULL, "username" varchar(30) NOT NULL UNIQUE, "first_name" varchar(30) NOT NULL, "last_name" varchar(30) NOT NULL, "email" varchar(75) NOT NULL, "is_staff" boolean NOT NULL, "is_active" boolean NOT NULL, "date_joined" timestamp with time zone NOT NULL)

-- expect: write | changes the schema: CREATE
CREATE TABLE "auth_user_groups" ("id" serial NOT NULL PRIMARY KEY, "user_id" integer NOT NULL, "group_id" integer NOT NULL)

-- expect: write | changes the schema: CREATE
CREATE TABLE "auth_user_user_permissions" ("id" serial NOT NULL PRIMARY KEY, "user_id" integer NOT NULL, "permission_id" integer NOT NULL)

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_permission" ADD CONSTRAINT "auth_permission_content_type_id_codename_01ab375a_uniq" UNIQUE ("content_type_id", "codename")

-- expect: write | changes the schema: CREATE
CREATE INDEX "auth_permission_content_type_id_2f476e4b" ON "auth_permission" ("content_type_id")

-- expect: write | changes the schema: CREATE
CREATE INDEX "auth_group_name_a6ea08ec_like" ON "auth_group" ("name" varchar_pattern_ops)

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_group_permissions" ADD CONSTRAINT "auth_group_permissions_group_id_permission_id_0cd325b0_uniq" UNIQUE ("group_id", "permission_id")

-- expect: write | changes the schema: CREATE
CREATE INDEX "auth_group_permissions_group_id_b120cbf9" ON "auth_group_permissions" ("group_id")

-- expect: write | changes the schema: CREATE
CREATE INDEX "auth_group_permissions_permission_id_84c5c92e" ON "auth_group_permissions" ("permission_id")

-- expect: write | changes the schema: CREATE
CREATE INDEX "auth_user_username_6821ab7c_like" ON "auth_user" ("username" varchar_pattern_ops)

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_user_groups" ADD CONSTRAINT "auth_user_groups_user_id_group_id_94350c0c_uniq" UNIQUE ("user_id", "group_id")

-- expect: write | changes the schema: CREATE
CREATE INDEX "auth_user_groups_user_id_6a12ed8b" ON "auth_user_groups" ("user_id")

-- expect: write | changes the schema: CREATE
CREATE INDEX "auth_user_groups_group_id_97559544" ON "auth_user_groups" ("group_id")

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_user_user_permissions" ADD CONSTRAINT "auth_user_user_permissions_user_id_permission_id_14a6b632_uniq" UNIQUE ("user_id", "permission_id")

-- expect: write | changes the schema: CREATE
CREATE INDEX "auth_user_user_permissions_user_id_a95ead1b" ON "auth_user_user_permissions" ("user_id")

-- expect: write | changes the schema: CREATE
CREATE INDEX "auth_user_user_permissions_permission_id_1fbb5f2c" ON "auth_user_user_permissions" ("permission_id")

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_permission" ALTER COLUMN "name" TYPE varchar(255)

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_user" ALTER COLUMN "email" TYPE varchar(254)

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_user" ALTER COLUMN "last_login" DROP NOT NULL

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_user" ALTER COLUMN "username" TYPE varchar(150)

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_user" ALTER COLUMN "last_name" TYPE varchar(150)

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_group" ALTER COLUMN "name" TYPE varchar(150)

-- expect: write | not known to be a read: ALTER
ALTER TABLE "auth_user" ALTER COLUMN "first_name" TYPE varchar(150)

-- expect: write | changes the schema: CREATE
CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" timestamp with time zone NOT NULL)

-- expect: write | changes the schema: CREATE
CREATE INDEX "django_session_session_key_c0390e0f_like" ON "django_session" ("session_key" varchar_pattern_ops)

-- expect: write | changes the schema: CREATE
CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date")

-- expect: read | only reads
SELECT "django_migrations"."id", "django_migrations"."app", "django_migrations"."name", "django_migrations"."applied" FROM "django_migrations"

-- expect: read | only reads
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE "django_content_type"."app_label" = 'contenttypes'

-- expect: write | changes data: INSERT
INSERT INTO "django_content_type" ("app_label", "model") VALUES ('contenttypes', 'contenttype') RETURNING "django_content_type"."id"

-- expect: read | only reads
SELECT "auth_permission"."content_type_id", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_permission"."content_type_id" IN (1) ORDER BY "django_content_type"."app_label" ASC, "django_content_type"."model" ASC, "auth_permission"."codename" ASC

-- expect: write | changes data: INSERT
INSERT INTO "auth_permission" ("name", "content_type_id", "codename") VALUES ('Can add content type', 1, 'add_contenttype'), ('Can change content type', 1, 'change_contenttype'), ('Can delete content type', 1, 'delete_contenttype'), ('Can view content type', 1, 'view_contenttype') RETURNING "auth_permission"."id"

-- expect: write | changes data: INSERT
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('pbkdf2_sha256$260000$zDtLqJewYn0E1mQIhLx1hH$/LoaSXLlr4lbnPtJ7HMUkKcnLJQg7Spx/P1SIm44ddc=', NULL, false, 'a', '', '', 'a@b.c', false, true, '2026-11-22T12:21:53.449555+00:00'::timestamptz) RETURNING "auth_user"."id"

-- expect: write | changes data: INSERT
INSERT INTO "auth_group" ("name") VALUES ('it''s') RETURNING "auth_group"."id"

-- expect: write | changes data: INSERT
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (1, 1) ON CONFLICT DO NOTHING

-- expect: read | only reads
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" INNER JOIN "auth_user_groups" ON ("auth_user"."id" = "auth_user_groups"."user_id") INNER JOIN "auth_group" ON ("auth_user_groups"."group_id" = "auth_group"."id") WHERE ("auth_group"."name" IN ('x', 'y') AND UPPER("auth_user"."username"::text) LIKE UPPER('%A\%%')) LIMIT 5

-- expect: read | only reads
SELECT COUNT("auth_user_groups"."group_id") FILTER (WHERE "auth_group"."name" = 'x') AS "n", LOWER("auth_user"."username") AS "l", DATE_TRUNC('month', "auth_user"."date_joined" AT TIME ZONE 'America/Chicago') AS "d" FROM "auth_user" LEFT OUTER JOIN "auth_user_groups" ON ("auth_user"."id" = "auth_user_groups"."user_id") LEFT OUTER JOIN "auth_group" ON ("auth_user_groups"."group_id" = "auth_group"."id") GROUP BY "auth_user"."id", LOWER("auth_user"."username"), DATE_TRUNC('month', "auth_user"."date_joined" AT TIME ZONE 'America/Chicago') ORDER BY "d" DESC

-- expect: read | only reads
SELECT (1) AS "a" FROM "auth_user" WHERE EXISTS(SELECT (1) AS "a" FROM "auth_group" U0 INNER JOIN "auth_user_groups" U1 ON (U0."id" = U1."group_id") WHERE U1."user_id" = "auth_user"."id" LIMIT 1) LIMIT 1

-- expect: read | only reads
SELECT COUNT(*) AS "__count" FROM "auth_user"

-- expect: write | changes data: UPDATE
UPDATE "auth_user" SET "last_login" = STATEMENT_TIMESTAMP() WHERE "auth_user"."id" = 1

-- expect: session | transaction control: SAVEPOINT
SAVEPOINT "s139921080918080_x1"

-- expect: session | transaction control: RELEASE
RELEASE SAVEPOINT "s139921080918080_x2"

-- expect: read | only reads
(SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" IN (1)) UNION (SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 2)

-- expect: session | a cursor over a read: DECLARE
DECLARE "_django_curs_139921080918080_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user"

-- expect: session | uses a cursor of the session: FETCH
FETCH FORWARD 2000 FROM "_django_curs_139921080918080_sync_1"

-- expect: session | uses a cursor of the session: CLOSE
CLOSE "_django_curs_139921080918080_sync_1"

-- expect: read | only reads
SELECT MAX("auth_user"."id") AS "id__max", AVG("auth_user"."id") AS "id__avg", STDDEV_POP("auth_user"."id") AS "id__stddev" FROM "auth_user"

-- expect: read | only reads
SELECT DISTINCT DATE_TRUNC('year', "auth_user"."date_joined" AT TIME ZONE 'America/Chicago') AS "datefield" FROM "auth_user" WHERE "auth_user"."date_joined" IS NOT NULL ORDER BY "datefield" ASC

-- expect: read | only reads
SELECT DISTINCT ON ("auth_user"."email") "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE ("auth_user"."date_joined" BETWEEN '2020-01-01T00:00:00-06:00'::timestamptz AND '2020-12-31T23:59:59.999999-06:00'::timestamptz AND "auth_user"."username"::text ~ '^a') ORDER BY "auth_user"."email" ASC

-- expect: read | only reads
EXPLAIN (ANALYZE false) SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 1

-- expect: write | changes data: DELETE
DELETE FROM "auth_user_groups" WHERE "auth_user_groups"."user_id" IN (3)

-- expect: write | changes data: DELETE
DELETE FROM "auth_user_user_permissions" WHERE "auth_user_user_permissions"."user_id" IN (3)

-- expect: write | changes data: DELETE
DELETE FROM "auth_user" WHERE "auth_user"."id" IN (3)

-- expect: read | only reads
SELECT
                a.attname AS column_name,
                NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable,
                pg_get_expr(ad.adbin, ad.adrelid) AS column_default,
                CASE WHEN collname = 'default' THEN NULL ELSE collname END AS collation
            FROM pg_attribute a
            LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
            LEFT JOIN pg_collation co ON a.attcollation = co.oid
            JOIN pg_type t ON a.atttypid = t.oid
            JOIN pg_class c ON a.attrelid = c.oid
            JOIN pg_namespace n ON c.relnamespace = n.oid
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND c.relname = 'auth_user'
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)

-- expect: read | only reads
SELECT * FROM "auth_user" LIMIT 1

-- expect: read | only reads: cols(...) is an alias with its columns
SELECT
                c.conname,
                array(
                    SELECT attname
                    FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx)
                    JOIN pg_attribute AS ca ON cols.colid = ca.attnum
                    WHERE ca.attrelid = c.conrelid
                    ORDER BY cols.arridx
                ),
                c.contype,
                (SELECT fkc.relname || '.' || fka.attname
                FROM pg_attribute AS fka
                JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
                WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]),
                cl.reloptions
            FROM pg_constraint AS c
            JOIN pg_class AS cl ON c.conrelid = cl.oid
            WHERE cl.relname = 'auth_user' AND pg_catalog.pg_table_is_visible(cl.oid)

-- expect: read | only reads: koi(...) is an alias with its columns
SELECT
                indexname, array_agg(attname ORDER BY arridx), indisunique, indisprimary,
                array_agg(ordering ORDER BY arridx), amname, exprdef, s2.attoptions
            FROM (
                SELECT
                    c2.relname as indexname, idx.*, attr.attname, am.amname,
                    CASE
                        WHEN idx.indexprs IS NOT NULL THEN
                            pg_get_indexdef(idx.indexrelid)
                    END AS exprdef,
                    CASE am.amname
                        WHEN 'btree' THEN
                            CASE (option & 1)
                                WHEN 1 THEN 'DESC' ELSE 'ASC'
                            END
                    END as ordering,
                    c2.reloptions as attoptions
                FROM (
                    SELECT *
                    FROM pg_index i, unnest(i.indkey, i.indoption) WITH ORDINALITY koi(key, option, arridx)
                ) idx
                LEFT JOIN pg_class c ON idx.indrelid = c.oid
                LEFT JOIN pg_class c2 ON idx.indexrelid = c2.oid
                LEFT JOIN pg_am am ON c2.relam = am.oid
                LEFT JOIN pg_attribute attr ON attr.attrelid = c.oid AND attr.attnum = idx.key
                WHERE c.relname = 'auth_user' AND pg_catalog.pg_table_is_visible(c.oid)
            ) s2
            GROUP BY indexname, indisunique, indisprimary, amname, exprdef, attoptions;

-- expect: read | only reads
SELECT s.relname as sequence_name, col.attname
            FROM pg_class s
                JOIN pg_namespace sn ON sn.oid = s.relnamespace
                JOIN pg_depend d ON d.refobjid = s.oid AND d.refclassid = 'pg_class'::regclass
                JOIN pg_attrdef ad ON ad.oid = d.objid AND d.classid = 'pg_attrdef'::regclass
                JOIN pg_attribute col ON col.attrelid = ad.adrelid AND col.attnum = ad.adnum
                JOIN pg_class tbl ON tbl.oid = ad.adrelid
            WHERE s.relkind = 'S'
              AND d.deptype in ('a', 'n')
              AND pg_catalog.pg_table_is_visible(tbl.oid)
              AND tbl.relname = 'auth_user'


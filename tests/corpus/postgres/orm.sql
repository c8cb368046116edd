-- What other frameworks and drivers send: Rails, Hibernate, Prisma, GORM,
-- Sequelize, Ecto, PostgREST, pgjdbc, Npgsql, node-postgres, pgbench.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: session | Rails: on connecting
SET client_min_messages TO 'warning'

-- expect: session | Rails: on connecting
SET standard_conforming_strings = on

-- expect: session | Rails: on connecting
SET SESSION timezone TO 'UTC'

-- expect: read | Rails: on connecting
SHOW max_identifier_length

-- expect: read | Rails: types
SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype
FROM pg_type as t
LEFT JOIN pg_range as r ON oid = rngtypid
WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'text', 'varchar', 'char', 'name', 'bpchar', 'bool')

-- expect: read | Rails: columns
SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment,
       attgenerated as attgenerated
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"users"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

-- expect: read | Rails: primary keys
SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"users"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx

-- expect: read | Rails: find
SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2

-- expect: read | Rails: exists
SELECT 1 AS one FROM "users" WHERE "users"."email" = $1 LIMIT $2

-- expect: read | Rails: with a tag comment
SELECT "posts".* FROM "posts" INNER JOIN "tags" ON "tags"."post_id" = "posts"."id" WHERE "tags"."name" IN ($1, $2) ORDER BY "posts"."id" DESC /*application:Shop,controller:posts,action:index*/

-- expect: read | Rails: count
SELECT COUNT(DISTINCT "users"."id") FROM "users" LEFT OUTER JOIN "posts" ON "posts"."user_id" = "users"."id" WHERE (posts.created_at > '2024-01-01 00:00:00')

-- expect: write | Rails: lock
SELECT "accounts".* FROM "accounts" WHERE "accounts"."id" = $1 LIMIT $2 FOR UPDATE

-- expect: write | Rails: migrations' lock
SELECT pg_try_advisory_lock(1234567890)

-- expect: write | Rails: insert
INSERT INTO "users" ("email", "created_at") VALUES ($1, $2) RETURNING "id"

-- expect: session | Rails: nested transaction
SAVEPOINT active_record_1

-- expect: session | Rails: nested transaction
RELEASE SAVEPOINT active_record_1

-- expect: write | Rails: fixtures
ALTER TABLE "users" DISABLE TRIGGER ALL;ALTER TABLE "posts" DISABLE TRIGGER ALL

-- expect: read | Hibernate: find
select u1_0.id,u1_0.email,r1_0.user_id,r1_1.id,r1_1.name from users u1_0 left join (user_roles r1_0 join roles r1_1 on r1_1.id=r1_0.role_id) on u1_0.id=r1_0.user_id where u1_0.id=$1

-- expect: read | Hibernate: pages
select o1_0.id,o1_0.total from orders o1_0 where o1_0.customer_id=$1 order by o1_0.created desc offset $2 rows fetch first $3 rows only

-- expect: write | Hibernate: sequence
select nextval('orders_seq')

-- expect: write | Hibernate: pessimistic lock
select o1_0.id from orders o1_0 where o1_0.id=$1 for no key update

-- expect: write | Hibernate: pessimistic read
select o1_0.id from orders o1_0 where o1_0.id=$1 for share

-- expect: write | Hibernate: insert
insert into orders (total,version,id) values ($1,$2,$3)

-- expect: session | pgjdbc: on connecting
SET extra_float_digits = 3

-- expect: session | pgjdbc: on connecting
SET application_name = 'PostgreSQL JDBC Driver'

-- expect: session | pgjdbc: setReadOnly
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY

-- expect: session | pgjdbc: a read-only transaction
BEGIN READ ONLY

-- expect: write | pgjdbc: targetServerType=primary
show transaction_read_only

-- expect: read | pgjdbc: primary keys
SELECT result.TABLE_CAT, result.TABLE_SCHEM, result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ, result.PK_NAME FROM (SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME, (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME, information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON ( a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) WHERE true AND ct.relname = E'users' AND i.indisprimary ) result where result.A_ATTNUM = (result.KEYS).x ORDER BY result.table_name, result.pk_name, result.key_seq

-- expect: read | pgjdbc: isValid sends an empty query, here with a comment
SELECT 1 /* isValid */

-- expect: read | Prisma: findMany
SELECT "public"."User"."id", "public"."User"."email" FROM "public"."User" WHERE ("public"."User"."email" ILIKE $1 AND "public"."User"."id" IN ($2,$3)) ORDER BY "public"."User"."id" ASC LIMIT $4 OFFSET $5 /* traceparent='00-ab-cd-01' */

-- expect: read | Prisma: aggregate
SELECT COUNT(*) FROM (SELECT "public"."User"."id" FROM "public"."User" WHERE 1=1 OFFSET $1) AS "sub"

-- expect: read | Prisma: relations by JSON
SELECT "t1"."id", "User_posts"."__prisma_data__" AS "posts" FROM "public"."User" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id") AS "__prisma_data__" FROM (SELECT "t0".* FROM "public"."Post" AS "t0" WHERE "t1"."id" = "t0"."authorId" /* root select */) AS "t2" /* inner select */) AS "t3" /* middle select */) AS "t4" /* outer select */) AS "User_posts" ON true

-- expect: write | Prisma: create
INSERT INTO "public"."User" ("email") VALUES ($1) RETURNING "public"."User"."id"

-- expect: write | Prisma: migrations' lock
SELECT pg_advisory_lock(72707369)

-- expect: session | Prisma: isolation
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE

-- expect: read | Prisma: version
SELECT version(), current_setting('server_version_num')::integer as numeric_version

-- expect: read | GORM: first
SELECT * FROM "users" WHERE name = 'jinzhu' AND "users"."deleted_at" IS NULL ORDER BY "users"."id" LIMIT 1

-- expect: read | GORM: tables
SELECT count(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() AND table_name = 'users' AND table_type = 'BASE TABLE'

-- expect: read | GORM: columns
SELECT c.column_name, c.is_nullable = 'YES', c.udt_name, c.character_maximum_length, c.numeric_precision, c.numeric_precision_radix, c.numeric_scale, c.datetime_precision, 8 * typlen, c.column_default, pd.description, c.identity_increment FROM information_schema.columns AS c JOIN pg_type AS pgt ON c.udt_name = pgt.typname LEFT JOIN pg_catalog.pg_description as pd ON pd.objsubid = c.ordinal_position AND pd.objoid = (SELECT oid FROM pg_catalog.pg_class WHERE relname = c.table_name AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = c.table_schema)) where table_catalog = 'db' AND table_schema = CURRENT_SCHEMA() AND table_name = 'users'

-- expect: write | GORM: create
INSERT INTO "users" ("name","age") VALUES ('a',1),('b',2) ON CONFLICT ("id") DO NOTHING RETURNING "id"

-- expect: write | GORM: soft delete
UPDATE "users" SET "deleted_at"='2024-01-01 00:00:00' WHERE "users"."id" = 1 AND "users"."deleted_at" IS NULL

-- expect: session | GORM: savepoint
SAVEPOINT sp0x14000

-- expect: session | GORM: savepoint
ROLLBACK TO SAVEPOINT sp0x14000

-- expect: session | Sequelize: start
START TRANSACTION;

-- expect: read | Sequelize: find
SELECT "User"."id", "Posts"."id" AS "Posts.id" FROM "Users" AS "User" LEFT OUTER JOIN "Posts" AS "Posts" ON "User"."id" = "Posts"."UserId" WHERE ("User"."meta"#>>'{a,b}') = 'x';

-- expect: read | Ecto: all
SELECT u0."id", u0."name" FROM "users" AS u0 WHERE (u0."id" = ANY($1)) AND (u0."age" > $2::bigint)

-- expect: write | Ecto: Oban fetches jobs
WITH "subset" AS MATERIALIZED (SELECT so0."id" FROM "public"."oban_jobs" AS so0 WHERE (so0."state" = 'available') ORDER BY so0."id" LIMIT $1 FOR UPDATE SKIP LOCKED) UPDATE "public"."oban_jobs" AS o0 SET "state" = $2 FROM "subset" AS f1 WHERE (o0."id" = f1."id") RETURNING o0."id"

-- expect: write | PostgREST: the request's settings
select set_config('search_path', $1, true), set_config('role', $2, true), set_config('request.jwt.claims', $3, true)

-- expect: read | PostgREST: read
WITH pgrst_source AS ( SELECT "public"."t".* FROM "public"."t" LIMIT $1 OFFSET $2 ) SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body, nullif(current_setting('response.headers', true), '') AS response_headers FROM ( SELECT * FROM pgrst_source ) _postgrest_t

-- expect: read | Npgsql: types
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid FROM (SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind, elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind, CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype FROM (SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid, CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid) LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)) AS typ LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemoid LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid) LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive) AS t JOIN pg_namespace AS ns ON (ns.oid = typnamespace) ORDER BY typname

-- expect: session | Npgsql: resets
DISCARD ALL

-- expect: write | Npgsql: resets with prepared statements; UNLISTEN and the unlock go to the primary
SET SESSION AUTHORIZATION DEFAULT;RESET ALL;CLOSE ALL;UNLISTEN *;SELECT pg_advisory_unlock_all();DISCARD SEQUENCES;DISCARD TEMP

-- expect: read | node-postgres: named parameter types
SELECT $1::text as message, $2::int4[] AS numbers

-- expect: read | pgbench -S
SELECT abalance FROM pgbench_accounts WHERE aid = 4242;

-- expect: write | pgbench
UPDATE pgbench_accounts SET abalance = abalance + 17 WHERE aid = 4242;

-- expect: read | pgbench: on starting
select o.n, p.partstrat, pg_catalog.count(i.inhparent) from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on (n.oid = c.relnamespace) cross join lateral (select pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname)) as o(n) left join pg_catalog.pg_partitioned_table as p on (p.partrelid = c.oid) left join pg_catalog.pg_inherits as i on (c.oid = i.inhparent) where c.relname = 'pgbench_accounts' and o.n is not null group by 1, 2 order by 1 asc limit 1

-- expect: write | pgbench: on starting
vacuum pgbench_branches

-- expect: write | pgx: Listen
listen "jobs"

-- expect: read | pgAdmin: databases
SELECT db.oid as did, db.datname, db.datallowconn, pg_catalog.pg_encoding_to_char(db.encoding) AS serverencoding, pg_catalog.has_database_privilege(db.oid, 'CREATE') as cancreate FROM pg_catalog.pg_database db WHERE db.datname = pg_catalog.current_database()

-- expect: write | a queue: delete the next job
DELETE FROM jobs WHERE id = (SELECT id FROM jobs ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING *

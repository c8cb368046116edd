-- SQLAlchemy 1.4 over psycopg2, as logged by a server.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: session | transaction control: BEGIN
BEGIN

-- expect: read | only reads
SELECT t.oid, typarray
FROM pg_type t JOIN pg_namespace ns
    ON typnamespace = ns.oid
WHERE typname = 'hstore';

-- expect: session | transaction control: ROLLBACK
ROLLBACK

-- expect: read | only reads
select pg_catalog.version()

-- expect: read | only reads
select current_schema()

-- expect: read | only reads: show
show transaction isolation level

-- expect: read | only reads: show
show standard_conforming_strings

-- expect: read | only reads
select relname from pg_class c join pg_namespace n on n.oid=c.relnamespace where pg_catalog.pg_table_is_visible(c.oid) and relname='sa_user'

-- expect: write | changes the schema: CREATE
CREATE TABLE sa_user (
	id SERIAL NOT NULL,
	name VARCHAR(50),
	tags TEXT[],
	doc JSONB,
	PRIMARY KEY (id)
)

-- expect: write | changes the schema: CREATE
CREATE TABLE sa_address (
	id SERIAL NOT NULL,
	a_id INTEGER,
	email TEXT,
	PRIMARY KEY (id),
	FOREIGN KEY(a_id) REFERENCES sa_user (id)
)

-- expect: session | transaction control: COMMIT
COMMIT

-- expect: write | changes data: INSERT
INSERT INTO sa_user (name, tags, doc) VALUES ('O''Reilly \ x', ARRAY['a']::TEXT[], '{"k": 1}') RETURNING sa_user.id

-- expect: write | changes data: INSERT
INSERT INTO sa_address (a_id, email) VALUES (1, 'x') RETURNING sa_address.id

-- expect: read | only reads
SELECT anon_1.sa_user_id AS anon_1_sa_user_id, anon_1.sa_user_name AS anon_1_sa_user_name, anon_1.sa_user_tags AS anon_1_sa_user_tags, anon_1.sa_user_doc AS anon_1_sa_user_doc, sa_address_1.id AS sa_address_1_id, sa_address_1.a_id AS sa_address_1_a_id, sa_address_1.email AS sa_address_1_email
FROM (SELECT sa_user.id AS sa_user_id, sa_user.name AS sa_user_name, sa_user.tags AS sa_user_tags, sa_user.doc AS sa_user_doc
FROM sa_user
WHERE sa_user.name ILIKE '%o%'
 LIMIT 2) AS anon_1 LEFT OUTER JOIN sa_address AS sa_address_1 ON anon_1.sa_user_id = sa_address_1.a_id

-- expect: read | only reads
SELECT sa_user.id AS sa_user_id, sa_user.name AS sa_user_name, sa_user.tags AS sa_user_tags, sa_user.doc AS sa_user_doc
FROM sa_user
WHERE sa_user.tags @> ARRAY['a']::TEXT[]

-- expect: read | only reads
SELECT sa_address.id AS sa_address_id, sa_address.a_id AS sa_address_a_id, sa_address.email AS sa_address_email, anon_1.sa_user_id AS anon_1_sa_user_id
FROM (SELECT sa_user.id AS sa_user_id
FROM sa_user
WHERE sa_user.tags @> ARRAY['a']::TEXT[]) AS anon_1 JOIN sa_address ON anon_1.sa_user_id = sa_address.a_id

-- expect: read | only reads
SELECT sa_user.id AS sa_user_id, sa_user.name AS sa_user_name, sa_user.tags AS sa_user_tags, sa_user.doc AS sa_user_doc
FROM sa_user
WHERE (sa_user.doc ->> 'k') = '1'

-- expect: read | only reads
SELECT sa_address.a_id AS sa_address_a_id, sa_address.id AS sa_address_id, sa_address.email AS sa_address_email
FROM sa_address
WHERE sa_address.a_id IN (1)

-- expect: read | only reads
WITH c AS
(SELECT sa_user.id AS id, sa_user.name AS name
FROM sa_user
WHERE sa_user.id < 100)
 SELECT c.name, count(*) AS count_1
FROM c GROUP BY c.name
HAVING count(*) > 0

-- expect: read | only reads
WITH RECURSIVE r(n) AS
(SELECT 1 AS n UNION ALL SELECT r.n + 1 AS anon_1
FROM r
WHERE r.n < 5)
 SELECT r.n
FROM r

-- expect: write | locks rows: UPDATE
SELECT sa_user.id, sa_user.name, sa_user.tags, sa_user.doc
FROM sa_user FOR UPDATE NOWAIT

-- expect: write | changes data: INSERT
INSERT INTO sa_user (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'y'

-- expect: read | only reads
SELECT row_number() OVER (PARTITION BY sa_user.name ORDER BY sa_user.id) AS anon_1, CASE WHEN (sa_user.id = 1) THEN 'a' ELSE 'b' END AS anon_2, CAST(sa_user.id AS NUMERIC(10, 2)) AS id, EXTRACT(year FROM now()) AS anon_3
FROM sa_user

-- expect: session | transaction control: SAVEPOINT
SAVEPOINT sa_savepoint_1

-- expect: write | changes data: UPDATE
UPDATE sa_user SET name='q' RETURNING sa_user.id

-- expect: session | transaction control: RELEASE
RELEASE SAVEPOINT sa_savepoint_1

-- expect: write | changes data: DELETE
WITH d AS
(DELETE FROM sa_address RETURNING sa_address.id)
 SELECT count(*) AS count_1
FROM d

-- expect: read | only reads
SELECT EXISTS (SELECT *
FROM sa_user
WHERE sa_user.id = 1) AS anon_1

-- expect: read | only reads
SELECT anon_1.v
FROM unnest(ARRAY[1, 2]) AS anon_1(v)

-- expect: read | only reads
SELECT v.x, v.y
FROM (VALUES (1, 'a')) AS v (x, y)

-- expect: read | only reads
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind in ('r', 'p')

-- expect: read | only reads
SELECT c.oid
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE (pg_catalog.pg_table_is_visible(c.oid))
            AND c.relname = 'sa_user' AND c.relkind in
            ('r', 'v', 'm', 'f', 'p')

-- expect: read | only reads
SELECT a.attname,
              pg_catalog.format_type(a.atttypid, a.atttypmod),
              (
                SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                FROM pg_catalog.pg_attrdef d
                WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
                AND a.atthasdef
              ) AS DEFAULT,
              a.attnotnull,
              a.attrelid as table_oid,
              pgd.description as comment,
              a.attgenerated as generated,
                              (SELECT json_build_object(
                    'always', a.attidentity = 'a',
                    'start', s.seqstart,
                    'increment', s.seqincrement,
                    'minvalue', s.seqmin,
                    'maxvalue', s.seqmax,
                    'cache', s.seqcache,
                    'cycle', s.seqcycle)
                FROM pg_catalog.pg_sequence s
                JOIN pg_catalog.pg_class c on s.seqrelid = c."oid"
                WHERE c.relkind = 'S'
                AND a.attidentity != ''
                AND s.seqrelid = pg_catalog.pg_get_serial_sequence(
                    a.attrelid::regclass::text, a.attname
                )::regclass::oid
                ) as identity_options
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_description pgd ON (
                pgd.objoid = a.attrelid AND pgd.objsubid = a.attnum)
            WHERE a.attrelid = 16595
            AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum

-- expect: read | only reads
SELECT t.typname as "name",
               pg_catalog.format_type(t.typbasetype, t.typtypmod) as "attype",
               not t.typnotnull as "nullable",
               t.typdefault as "default",
               pg_catalog.pg_type_is_visible(t.oid) as "visible",
               n.nspname as "schema"
            FROM pg_catalog.pg_type t
               LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE t.typtype = 'd'

-- expect: read | only reads
SELECT t.typname as "name",
               -- no enum defaults in 8.4 at least
               -- t.typdefault as "default",
               pg_catalog.pg_type_is_visible(t.oid) as "visible",
               n.nspname as "schema",
               e.enumlabel as "label"
            FROM pg_catalog.pg_type t
                 LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
                 LEFT JOIN pg_catalog.pg_enum e ON t.oid = e.enumtypid
            WHERE t.typtype = 'e'
        ORDER BY "schema", "name", e.oid

-- expect: read | only reads
SELECT
                  i.relname as relname,
                  ix.indisunique, ix.indexprs,
                  a.attname, a.attnum, c.conrelid, ix.indkey::varchar,
                  ix.indoption::varchar, i.reloptions, am.amname,
                  pg_get_expr(ix.indpred, ix.indrelid),
                  ix.indnkeyatts as indnkeyatts
              FROM
                  pg_class t
                        join pg_index ix on t.oid = ix.indrelid
                        join pg_class i on i.oid = ix.indexrelid
                        left outer join
                            pg_attribute a
                            on t.oid = a.attrelid and a.attnum = ANY(ix.indkey)
                        left outer join
                            pg_constraint c
                            on (ix.indrelid = c.conrelid and
                                ix.indexrelid = c.conindid and
                                c.contype in ('p', 'u', 'x'))
                        left outer join
                            pg_am am
                            on i.relam = am.oid
              WHERE
                  t.relkind IN ('r', 'v', 'f', 'm', 'p')
                  and t.oid = 16595
                  and ix.indisprimary = 'f'
              ORDER BY
                  t.relname,
                  i.relname

-- expect: read | only reads
SELECT r.conname,
                pg_catalog.pg_get_constraintdef(r.oid, true) as condef,
                n.nspname as conschema
          FROM  pg_catalog.pg_constraint r,
                pg_namespace n,
                pg_class c
          WHERE r.conrelid = 16604 AND
                r.contype = 'f' AND
                c.oid = confrelid AND
                n.oid = c.relnamespace
          ORDER BY 1

-- expect: read | only reads
SELECT a.attname
                FROM pg_attribute a JOIN (
                    SELECT unnest(ix.indkey) attnum,
                           generate_subscripts(ix.indkey, 1) ord
                    FROM pg_index ix
                    WHERE ix.indrelid = 16595 AND ix.indisprimary
                    ) k ON a.attnum=k.attnum
                WHERE a.attrelid = 16595
                ORDER BY k.ord

-- expect: read | only reads
SELECT conname
           FROM  pg_catalog.pg_constraint r
           WHERE r.conrelid = 16595 AND r.contype = 'p'
           ORDER BY 1

-- expect: session | transaction control: BEGIN
BEGIN ISOLATION LEVEL SERIALIZABLE

-- expect: read | only reads
select 1

-- expect: session | transaction control: BEGIN
BEGIN ISOLATION LEVEL READ COMMITTED

-- expect: session | a cursor over a read: DECLARE
DECLARE "c_7f7a8ee8a890_1" CURSOR WITHOUT HOLD FOR SELECT sa_user.id, sa_user.name, sa_user.tags, sa_user.doc
FROM sa_user

-- expect: session | uses a cursor of the session: FETCH
FETCH FORWARD 1 FROM "c_7f7a8ee8a890_1"

-- expect: session | uses a cursor of the session: CLOSE
CLOSE "c_7f7a8ee8a890_1"


-- Calls: of what PostgreSQL ships, and of what it doesn't.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: read | immutable
SELECT lower(a), upper("b"), length(c), abs(-1), md5('x'), sqrt(4), left(d, 2), right(d, 2), replace(e, 'a', 'b') FROM t

-- expect: read | stable
SELECT now(), to_char(now(), 'YYYY'), current_setting('work_mem'), to_tsvector('x'), pg_typeof(1), has_table_privilege('t', 'select')

-- expect: read | volatile and harmless
SELECT random(), clock_timestamp(), gen_random_uuid(), timeofday()

-- expect: read | sleeps
SELECT pg_sleep(0.1)

-- expect: read | qualified
SELECT pg_catalog.lower(a), pg_catalog . upper(b), "pg_catalog"."length"(c) FROM t

-- expect: read | quoted
SELECT "lower"(a) FROM t

-- expect: read | case does not matter unless quoted
SELECT LOWER(a), Pg_Catalog.LENGTH(b) FROM t

-- expect: read | blanks and comments ahead of the parenthesis
SELECT lower /* here */ (a), upper
  (b) FROM t

-- expect: read | version and the like
SELECT version(), current_database(), current_schema(), current_user, inet_server_addr(), inet_server_port(), pg_is_in_recovery()

-- expect: read | sizes
SELECT pg_size_pretty(pg_total_relation_size('t')), pg_database_size('app'), pg_relation_size('t')

-- expect: read | what JDBC's metadata queries call
SELECT (information_schema._pg_expandarray(i.indkey)).n FROM pg_catalog.pg_index i

-- expect: read | JSON
SELECT jsonb_build_object('a', 1), json_agg(t), jsonb_path_query(doc, '$.a'), row_to_json(t), jsonb_set(doc, '{a}', '1') FROM t GROUP BY t.id

-- expect: read | full text
SELECT ts_rank(v, q), ts_headline(b, q) FROM t, plainto_tsquery('x') q WHERE v @@ q

-- expect: read | geometry and ranges
SELECT point(1, 2), box(circle '((0,0),1)'), int4range(1, 5), lower(tstzrange(now(), NULL)), daterange('2020-01-01', NULL)

-- expect: read | windows
SELECT rank() OVER (), dense_rank() OVER (), ntile(4) OVER (ORDER BY a), first_value(a) OVER (), lead(a) OVER () FROM t

-- expect: read | casts in function form
SELECT int4('1'), float8(1), text(1), date(now()), timestamptz(now()) FROM t

-- expect: read | a name's longest
SELECT pg_catalog.pg_get_function_identity_arguments(1)

-- expect: write | another case of a quoted name is another function
SELECT "Lower"(a) FROM t

-- expect: write | another schema's function of a known name
SELECT public.lower(a) FROM t

-- expect: write | a schema's name in another case, quoted
SELECT "PG_CATALOG".lower(a) FROM t

-- expect: write | three parts
SELECT db.pg_catalog.lower(a) FROM t

-- expect: write | an identifier that would have to be decoded
SELECT U&"\006Eextval"('s')

-- expect: write | non-ASCII names
SELECT größe(a) FROM t

-- expect: write | extensions are not shipped
SELECT similarity(a, 'x') FROM t

-- expect: write | PostGIS: a hint helps
SELECT ST_Within(a, b) FROM t

-- expect: write | uuid-ossp
SELECT uuid_generate_v4()

-- expect: write | a function that has a keyword's name
SELECT filter(1)

-- expect: write | the same with OVER
SELECT over(1)

-- expect: write | the cube extension, not GROUP BY CUBE
SELECT cube(1, 2)

-- expect: write | a function named like a join
SELECT join(1)

-- expect: write | ORDER BY CUBE is a call
SELECT a FROM t ORDER BY cube(a)

-- expect: write | in DEFAULT-like places
SELECT * FROM t LIMIT next_page()

-- expect: write | as a table sample method
SELECT * FROM t TABLESAMPLE my_method (10)

-- expect: write | seeds the session's generator
SELECT setseed(0.5)

-- expect: write | of one server
SELECT pg_backend_pid()

-- expect: write | of one server
SELECT * FROM pg_ls_dir('.')

-- expect: write | of one server
SELECT pg_last_wal_replay_lsn()

-- expect: write | of one server
SELECT pg_stat_get_numscans(1)

-- expect: write | statistics
SELECT pg_stat_reset()

-- expect: write | exports a snapshot
SELECT pg_export_snapshot()

-- expect: write | switches WAL
SELECT pg_switch_wal()

-- expect: write | promotes!
SELECT pg_promote()

-- expect: write | reloads
SELECT pg_reload_conf()

-- expect: write | slots
SELECT pg_create_physical_replication_slot('s')

-- expect: write | logical messages
SELECT pg_logical_emit_message(true, 'a', 'b')

-- expect: write | one overload runs a query
SELECT ts_rewrite('a'::tsquery, 'SELECT t, s FROM aliases')

-- expect: write | runs a query
SELECT * FROM ts_stat('SELECT v FROM t')

-- expect: write | advisory unlock
SELECT pg_advisory_unlock(1), pg_advisory_unlock_all()

-- expect: write | functional notation: a cast's field is a call of nextval
SELECT ('orders_id_seq'::regclass).nextval

-- expect: write | functional notation: of an item of FROM
SELECT q.nextval FROM unnest(ARRAY['orders_id_seq'::regclass]) q

-- expect: write | functional notation: of a parameter, quoted
SELECT $1."pg_advisory_lock"

-- expect: write | functional notation: of an array's element, a lock that a replica would grant
SELECT ((ARRAY[1::bigint, 2])[1]).pg_try_advisory_lock

-- expect: write | functional notation: of a subquery
SELECT (SELECT 'orders_id_seq'::regclass).nextval

-- expect: read | functional notation of a harmless function, and columns that are none
SELECT ('abc'::text).upper, j.system, (information_schema._pg_expandarray(ARRAY[1, 2])).n FROM jobs j

-- expect: write | functional notation by an identifier that would have to be decoded
SELECT ('orders_id_seq'::regclass).U&"\006Eextval"

-- expect: write | a schema that would have to be decoded
SELECT * FROM U&"\0070g_temp".scratch

-- expect: write | PASSING leads an expression, so ilike is called here and no operator
SELECT * FROM XMLTABLE('/a' PASSING ilike('s') COLUMNS b int PATH join('b')) x

-- expect: read | the same words as columns and tables, ahead of operators
SELECT version FROM document t JOIN (SELECT 1) x ON t.path ILIKE ('%a') WHERE value ILIKE ('%b') OR rows NOT ILIKE ('c')

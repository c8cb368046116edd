-- SQLAlchemy 1.4 over PyMySQL, as logged by a server.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: mariadb

-- expect: read | only reads
SELECT VERSION()

-- expect: read | only reads
SELECT @@sql_mode

-- expect: read | only reads
SELECT @@lower_case_table_names

-- expect: read | only reads
SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'app' AND table_name = 'sa_user'

-- expect: write | changes the schema: CREATE
CREATE TABLE sa_user (
	id INTEGER NOT NULL AUTO_INCREMENT, 
	name VARCHAR(50), 
	n INTEGER, 
	PRIMARY KEY (id)
)

-- expect: write | changes the schema: CREATE
CREATE INDEX ix_sa_user_name ON sa_user (name)

-- expect: write | changes the schema: CREATE
CREATE TABLE sa_post (
	id INTEGER NOT NULL AUTO_INCREMENT, 
	uid INTEGER, 
	`body` TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(uid) REFERENCES sa_user (id)
)

-- expect: write | changes data: INSERT
INSERT INTO sa_user (name, n) VALUES ('a', 1),('b', 2)

-- expect: read | only reads
SELECT sa_user.id, sa_user.name, sa_user.n, count(sa_post.id) AS count_1 
FROM sa_user LEFT OUTER JOIN sa_post ON sa_user.id = sa_post.uid GROUP BY sa_user.id 
HAVING count(sa_post.id) > 0 ORDER BY sa_user.name 
 LIMIT 2, 5

-- expect: write | locks rows: LOCK
SELECT sa_user.id, sa_user.name, sa_user.n 
FROM sa_user 
WHERE sa_user.name LIKE 'a%' LOCK IN SHARE MODE

-- expect: write | locks rows: UPDATE
SELECT sa_user.id, sa_user.name, sa_user.n 
FROM sa_user FOR UPDATE

-- expect: write | changes data: UPDATE
UPDATE sa_user SET n=(sa_user.n + 1) WHERE sa_user.id = 1

-- expect: read | only reads
SELECT coalesce(max(sa_user.n), 0) AS coalesce_1, now() AS now_1, concat(sa_user.name, 'x') AS concat_1 
FROM sa_user

-- expect: read | only reads
SELECT EXISTS (SELECT * 
FROM sa_post, sa_user 
WHERE sa_post.uid = sa_user.id) AS anon_1

-- expect: session | transaction control: SAVEPOINT
SAVEPOINT sa_savepoint_1

-- expect: session | transaction control: ROLLBACK
ROLLBACK TO SAVEPOINT sa_savepoint_1

-- expect: read | only reads: SHOW
SHOW FULL TABLES FROM `app`

-- expect: read | only reads: SHOW
SHOW CREATE TABLE `sa_post`

-- expect: read | only reads: SHOW
SHOW CREATE TABLE `sa_user`

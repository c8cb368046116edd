-- sql_mode has NO_BACKSLASH_ESCAPES.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: no_backslash_escapes

-- expect: read | a backslash is a backslash
SELECT 'a\', "b\", N'c\'

-- expect: write | so what follows is a statement
SELECT 'a\'; DELETE FROM t; -- '

-- expect: read | doubled quotes still count
SELECT 'a''; DELETE FROM t; -- \'

-- expect: read | a pattern
SELECT * FROM t WHERE a LIKE '10\%' ESCAPE '\'

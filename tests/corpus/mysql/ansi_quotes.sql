-- sql_mode has ANSI_QUOTES: double quotes are for names.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: ansi_quotes

-- expect: read | names
SELECT "a", "b""c", `d` FROM "t" WHERE "e" = 'f'

-- expect: write | a backslash escapes nothing in them
SELECT "a\"; DELETE FROM t; -- "

-- expect: read | it still does in literals
SELECT 'a\'; DELETE FROM t; -- '

-- expect: write | a call of a quoted name
SELECT "f"(1)

-- expect: write | a quoted name may be a stored function's: not every shipped one has one
SELECT "abs"(1)

-- expect: read | variables
SELECT @"a b", @'c\'d'

-- expect: write | unterminated
SELECT "a

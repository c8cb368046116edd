-- client_encoding is SJIS, BIG5, GBK and their like: a byte that looks like a backslash or
-- a quote may be half of a letter, so only ASCII is read.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: ascii_in_multibyte

-- expect: read | ASCII is safe
SELECT E'a\'b', "c" FROM t

-- expect: write | all else is not
SELECT '表示' FROM t

-- expect: write | in a name
SELECT größe FROM t

-- expect: write | in a comment
SELECT 1 /* ソ */

-- expect: write | in a dollar quote
SELECT $$能$$

-- expect: write | a setting is not tracked either
SET application_name = '十'

-- character_set_client is gbk: a byte that looks like a backslash may be half of a letter.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: ascii_in_multibyte

-- expect: read | ASCII is safe
SELECT 'a\'b' FROM t

-- expect: write | all else is not
SELECT '誠' FROM t

-- expect: write | a name too
SELECT größe FROM t

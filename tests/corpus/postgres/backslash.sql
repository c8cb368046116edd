-- standard_conforming_strings is off: a backslash escapes in a plain literal.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.
-- dialect: backslash_escapes

-- expect: read | the quote is escaped, and so what looks like a statement is text
SELECT 'a\'; DELETE FROM t; --'

-- expect: write | the backslash is escaped, the quote is not
SELECT 'a\\'; DELETE FROM t; --'

-- expect: write | an escaped quote, then a real one
SELECT 'a\''; DELETE FROM t; --'

-- expect: read | in national literals as well
SELECT N'a\'; DELETE FROM t; --'

-- expect: read | E'' as ever
SELECT E'a\'; DELETE FROM t; --'

-- expect: read | continuation goes by the first part's rules
SELECT 'a'
  'b\'; DELETE FROM t; --'

-- expect: read | dollar quotes know no escapes
SELECT $$a\$$, b FROM t

-- expect: write | so what follows is a statement
SELECT $$a\$$; DELETE FROM t

-- expect: read | identifiers know none
SELECT "a\" FROM t

-- expect: write | the server refuses U&'' here
SELECT U&'\0061'

-- expect: read | bit strings know none
SELECT B'01', X'1F'

-- expect: write | a backslash that ends the text
SELECT 'a\

-- expect: write | pgpool, pgcat: a locking read behind an escaped quote
SELECT 'it\'s' FROM t FOR UPDATE

-- expect: read | Rails before 4: bytea with doubled backslashes
SELECT * FROM files WHERE data = '\\001\\047\\\\'

-- Literals, identifiers and comments whose ends are easy to mistake.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: read | doubled quotes
SELECT 'it''s; DELETE FROM t', "a""b" FROM t

-- expect: read | a backslash does not escape in a plain literal
SELECT 'a\'

-- expect: write | so what follows is a statement
SELECT 'a\'; DELETE FROM t; --'

-- expect: read | it does in E''
SELECT E'a\'; DELETE FROM t; --'

-- expect: write | but not a doubled one
SELECT E'a\\'; DELETE FROM t

-- expect: read | continuation keeps the escapes
SELECT E'a'
  'b\'; DELETE FROM t; --'

-- expect: read | continuation over a comment (libpg_query differs from the server here)
SELECT E'a' -- more
  'b\'; DELETE FROM t; --'

-- expect: write | no continuation without a line break
SELECT E'a' 'b\'; DELETE FROM t; --'

-- expect: read | dollar quotes
SELECT $$ it's; DELETE FROM t $$, $a$ $$ $b$ $a$

-- expect: write | another tag does not end it, its own does
SELECT $a$ $b$ $a$; DELETE FROM t; --$b$

-- expect: read | no dollar quote within an identifier
SELECT a$b$c FROM t$b$

-- expect: write | an identifier's dollars quote nothing
SELECT a$$; DELETE FROM t; --$$

-- expect: read | parameters are not dollar quotes
SELECT $1, $2 FROM t WHERE a = $3

-- expect: read | nested comments
SELECT 1 /* a /* DELETE */ ; DELETE FROM t */

-- expect: write | a nested comment's end
SELECT 1 /* /* */ */ ; DELETE FROM t

-- expect: read | a comment's end is not its beginning's star
SELECT 1 /*/ ; DELETE FROM t */

-- expect: read | a line comment
SELECT 1 -- ; DELETE FROM t

-- expect: read | a comment within an operator
SELECT 1 +/* ; DELETE FROM t */ 2

-- expect: read | a line comment within an operator
SELECT 1 +-- ; DELETE FROM t
  2

-- expect: read | quotes within comments
SELECT 1 /* it's */ , 2 -- don't

-- expect: read | comments within quotes
SELECT '/*', "--" FROM t, (SELECT '*/') x

-- expect: write | unterminated literal
SELECT 'abc

-- expect: write | unterminated identifier
SELECT "abc

-- expect: write | unterminated comment
SELECT 1 /* abc

-- expect: write | unterminated dollar quote
SELECT $a$ abc $b$

-- expect: write | unterminated escape
SELECT E'abc\'

-- expect: read | bit strings, national and Unicode literals
SELECT B'101', X'1F', N'abc', U&'d!0061t' UESCAPE '!'

-- expect: read | Unicode identifiers
SELECT U&"d\0061t" FROM t

-- expect: read | numbers
SELECT 1, 1.5, .5, 1., 1e10, 1.5e-3, 0

-- expect: read | non-ASCII
SELECT 'é', "naïve", größe FROM straße

-- expect: read | an operator that ends in a sign
SELECT 1 @- 2, a=-1, a<-1, a*-1 FROM t

-- expect: read | casts
SELECT '1'::int, 'x'::text::varchar(3) FROM t

-- expect: write | letters directly behind a number are a word to older servers
SELECT 1INTO t2 FROM t

-- expect: write | tabs, line breaks, comments between words
SELECT	*
FROM t /* x */ FOR
-- y
UPDATE

-- expect: write | a carriage return ends a line comment (it stands between the dashes and DELETE)
SELECT 1 --;DELETE FROM t

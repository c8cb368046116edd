-- Literals, identifiers and comments whose ends are easy to mistake.
-- Each statement follows a line "-- expect: read|write|session | why" and ends before the next.

-- expect: read | doubled quotes
SELECT 'it''s; DELETE FROM t', "a""; DELETE", `a``b` FROM t

-- expect: read | a backslash escapes
SELECT 'a\'; DELETE FROM t; -- '

-- expect: read | in double quotes too, which are a literal
SELECT "a\"; DELETE FROM t; -- "

-- expect: write | not in backquotes
SELECT `a\`; DELETE FROM t; -- `

-- expect: write | not a doubled one
SELECT 'a\\'; DELETE FROM t

-- expect: read | a quote of the other kind
SELECT "it's", 'say "no"' FROM t

-- expect: read | two literals are one
SELECT 'a' 'b; DELETE FROM t'

-- expect: read | national, hexadecimal, bits
SELECT N'a\'b', x'4D79', X'', b'0101', B'1', 0x4D79, 0b01

-- expect: read | introducers
SELECT _utf8mb4'a''b' COLLATE utf8mb4_bin, _latin1 x'41', _binary 'a'

-- expect: read | -- is a comment only ahead of a blank
SELECT 5--3

-- expect: write | so this is a second statement
SELECT 5--3; DELETE FROM t

-- expect: read | and this is none
SELECT 5 -- 3; DELETE FROM t

-- expect: read | a tab will do
SELECT 5 --	3; DELETE FROM t

-- expect: read | and the text's end
SELECT 5 --

-- expect: read | # wants no blank
SELECT 5 #3; DELETE FROM t

-- expect: write | a line comment ends with its line
SELECT 5 # here
; DELETE FROM t

-- expect: read | a block comment
SELECT /* ; DELETE FROM t */ 5

-- expect: read | a quote in it opens nothing
SELECT /* it's */ 5 /* that's */

-- expect: write | comments don't nest
SELECT 1 /* a /* b */ ; DELETE FROM t -- */

-- expect: read | a comment's marks within a literal
SELECT '/*', 1, '*/', '-- ', '#'

-- expect: write | a literal that holds a comment's end
SELECT '*/'; DELETE FROM t

-- expect: read | an operator and a comment
SELECT 4*/* by */2, 4/ /* by */2

-- expect: read | an executable comment, without a version
SELECT /*! SQL_NO_CACHE */ a FROM t

-- expect: read | a version older than any server
SELECT /*!32302 SQL_NO_CACHE */ a FROM t

-- expect: read | no blank behind the version
SELECT 1 /*!40001+1*/

-- expect: read | four digits are no version
SELECT 1 /*!+4000*/

-- expect: read | a comment within
SELECT 1 /*! + 1 /* and */ + 1 */ + 1

-- expect: write | code that goes on behind it
SELECT 1 /*!40001 ; */ DELETE FROM t

-- expect: write | an unterminated one
SELECT 1 /*!40001 + 1

-- expect: read | an empty one
SELECT 1 /*!*/

-- expect: read | an optimizer hint
SELECT /*+ MAX_EXECUTION_TIME(1000) NO_RANGE_OPTIMIZATION(t PRIMARY) */ * FROM t

-- expect: write | one with quotes may hold the comment's end
SELECT /*+ QB_NAME(`a*/b`) */ * FROM t

-- expect: write | unterminated literal
SELECT 'a

-- expect: write | unterminated identifier
SELECT `a

-- expect: write | unterminated comment
SELECT 1 /* a

-- expect: write | a hexadecimal literal that is none
SELECT x'4G'

-- expect: read | identifiers with digits and dollars
SELECT 1a, a1$, $b, t.1a, d.2020_t.3c FROM d.2020_t

-- expect: read | a number and an alias
SELECT 1e5x, .5, 1., 1.5e-3, 1e+2

-- expect: read | keywords behind a dot are names
SELECT t.update, t.delete, t.lock, t.into FROM t

-- expect: read | and in backquotes
SELECT `update`, `for`, `lock` FROM `select`

-- expect: read | user variables in all spellings
SELECT @a, @a.b, @`c d`, @'e f', @"g h", @_x, @$y FROM t

-- expect: read | blanks of all kinds
SELECT	1,
2

-- expect: read | letters beyond ASCII
SELECT größe, 名前 FROM straße WHERE ort = 'Köln'

-- expect: read | ODBC escapes
SELECT {d '2024-01-01'}, {ts '2024-01-01 00:00:00'}, {fn CONCAT('a', 'b')}

-- expect: read | JSON arrows
SELECT doc->'$.a', doc->>'$.b[0]' FROM t WHERE doc->"$.c" > 1

-- expect: read | NULL, written short
SELECT \N

-- expect: read | parameters
SELECT * FROM t WHERE a = ? AND b IN (?, ?) LIMIT ?, ?

-- expect: write | a DELETE in capitals and not
dElEtE fRoM t

-- expect: write | BOM or other bytes ahead
﻿SELECT 1

-- expect: read | semicolons
SELECT 1;;;

-- expect: session | nothing
;

-- expect: session | only a comment
-- nothing

-- expect: session | only comments
/* nothing */ # at all

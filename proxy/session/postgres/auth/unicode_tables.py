#!/usr/bin/env python3
"""Writes unicode_tables.inc: what SASLprep needs to know about Unicode.

The stringprep tables are RFC 3454's, as Python's stringprep module has them.
The normalization data are the current Unicode's (Python's unicodedata), for the
code points that SASLprep lets through: those of Unicode 3.2 that are not
prohibited. Their normalization never changes (Unicode's stability policy).

Usage: unicode_tables.py > unicode_tables.inc
"""
import stringprep as sp
import unicodedata as ud

ALL = [chr(c) for c in range(0x110000)]
PROHIBITED = (sp.in_table_c12, sp.in_table_c21_c22, sp.in_table_c3, sp.in_table_c4,
              sp.in_table_c5, sp.in_table_c6, sp.in_table_c7, sp.in_table_c8, sp.in_table_c9)


def prohibited(ch):
    return any(table(ch) for table in PROHIBITED)


def ranges(name, comment, test):
    found = []
    for ch in ALL:
        if test(ch):
            c = ord(ch)
            if found and found[-1][1] == c - 1:
                found[-1][1] = c
            else:
                found.append([c, c])
    rows(name, comment, "Range", ["{0x%X, 0x%X}" % tuple(r) for r in found])


def rows(name, comment, kind, items):
    print("\n// %s\nconstexpr %s %s[] = {" % (comment, kind, name))
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            print(line)
            line = "   "
        line += " " + item + ","
    print(line + "\n};")


def main():
    print("// Written by unicode_tables.py; Unicode %s and RFC 3454." % ud.unidata_version)
    ranges("non_ascii_spaces", "RFC 3454, C.1.2", sp.in_table_c12)
    ranges("mapped_to_nothing", "RFC 3454, B.1", sp.in_table_b1)
    # Noncharacters are unassigned to RFC 3454 as well: one table serves both.
    ranges("prohibited_or_unassigned", "RFC 3454, A.1 and C.1.2 to C.9",
           lambda ch: prohibited(ch) or sp.in_table_a1(ch))
    ranges("right_to_left", "RFC 3454, D.1", sp.in_table_d1)
    ranges("left_to_right", "RFC 3454, D.2", sp.in_table_d2)

    allowed = [ch for ch in ALL if not sp.in_table_a1(ch) and not prohibited(ch)]
    hangul = range(0xAC00, 0xD7A4)  # computed, not looked up

    rows("combining_classes", "Canonical combining classes other than 0", "CombiningClass",
         ["{0x%X, %d}" % (ord(ch), ud.combining(ch)) for ch in allowed if ud.combining(ch)])

    index, text = [], []
    for ch in allowed:
        full = ud.normalize("NFKD", ch)
        if full != ch and ord(ch) not in hangul:
            index.append("{0x%X, %d, %d}" % (ord(ch), len(text), len(full)))
            text += ["0x%X" % ord(x) for x in full]
    rows("decompositions", "Full compatibility decompositions: code point, where, how many",
         "Decomposition", index)
    rows("decomposition_text", "What the table above points into", "char32_t", text)

    pairs = []
    for ch in allowed:
        parts = ud.decomposition(ch).split()
        if len(parts) == 2 and parts[0][0] != "<" and ord(ch) not in hangul:
            a, b = (chr(int(p, 16)) for p in parts)
            if ud.normalize("NFC", a + b) == ch:
                pairs.append((ord(a), ord(b), ord(ch)))
    rows("compositions", "Canonical compositions: first, second, composed", "Composition",
         ["{0x%X, 0x%X, 0x%X}" % p for p in sorted(pairs)])


if __name__ == "__main__":
    main()

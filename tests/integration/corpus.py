"""The corpus of statements, as tests that execute it need it; and statements made of it.

A file of tests/corpus holds statements, each behind a line "-- expect: CLASS | WHY"; a
line "-- dialect: NAME" says that all of them are in a dialect.
"""

import random
import re

import base

CORPUS = base.ROOT / "tests" / "corpus"


def statements(engine):
    """(place, class, why, text, dialect) of each statement; dialect "" is the common one."""
    for path in sorted((CORPUS / engine).glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        dialect = re.search(r"^-- dialect: (\w+)$", text, re.MULTILINE)
        marks = list(re.finditer(r"^-- expect: (\w+) \| (.*)\n", text, re.MULTILINE))
        for mark, following in zip(marks, [*marks[1:], None]):
            body = text[mark.end():following.start() if following else len(text)].rstrip(" \n")
            line = text.count("\n", 0, mark.start()) + 1
            yield f"{path.name}:{line}", mark[1], mark[2], body, dialect[1] if dialect else ""


TOKEN = re.compile(r"""'(?:[^'\\]|\\.|'')*' | "(?:[^"]|"")*" | `[^`]*` | \$(\w*)\$.*?\$\1\$ | \$\d+ | /\*.*?\*/ | --[^\n]*\n?
                       | [^\W\d]\w* | \d+(?:\.\d+)? | :: | :=? | <=>|<>|[<>!]=|\|\||->>?|@@? | \S""", re.VERBOSE | re.DOTALL)


def tokens_of(text):
    return [match[0] for match in TOKEN.finditer(text)]


class Splicer:
    """Statements made of others': tokens dropped, doubled, moved, pieces of one put into another."""

    def __init__(self, texts, donors, spices, seed):
        self.dice = random.Random(seed)
        self.texts, self.donors = ([tokens for tokens in map(tokens_of, of) if 0 < len(tokens) <= 80] for of in (texts, donors))
        self.spices = [tokens_of(spice) for spice in spices]

    def piece(self):
        """Some tokens in a row of any statement, or a spice."""
        if self.dice.random() < 0.5:
            return self.dice.choice(self.spices)
        donor = self.dice.choice(self.donors)
        start = self.dice.randrange(len(donor))
        return donor[start:start + self.dice.choice((1, 1, 2, 4, 8))]

    def statement(self):
        tokens = list(self.dice.choice(self.texts))
        for _ in range(self.dice.choice((1, 1, 1, 2))):
            at = self.dice.randrange(len(tokens) + 1)
            what = self.dice.randrange(6)
            if what == 0:
                del tokens[at:at + 1]
            elif what == 1:
                tokens[at:at] = self.piece()
            elif what == 2:
                tokens[at:at + 1] = self.piece()
            elif what == 3 and at < len(tokens):
                other = self.dice.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            elif what == 4:
                tokens[at:at] = [",", *self.dice.choice(self.spices)]
            else:  # an item of the select list
                tokens[1:1] = [*self.dice.choice(self.spices), ","]
        # A line comment keeps its line break, or it would swallow the rest.
        return " ".join(tokens)

"""Checks that README.md and docs/ speak of what there is.

    check_docs.py --root DIR

- A relative link leads to a file, and its #anchor to a heading of that file. A path
  of the tree, in code, is one.
- A metric is one of docs/metrics.md, a rule one of docs/rules.md, a setting one of
  docs/configuration.md (tests of their own compare these three with the code).
- `relevoctl WORD --option`, in code, names a command and options that there are.

Every finding is printed; exit code 1 when there is one. Who follows a runbook at
night has no time for a page that is not there.
"""

import argparse
import re
import sys
from pathlib import Path

# What begins like a metric and is none: names on servers and of files.
OTHER_NAMES = re.compile(r"^relevo_(NODE|target|after|token|ledger|\*|$)|\.deb$")
OPENS_BLOCK = re.compile(r"^\s*```")
LINK = re.compile(r"(?<!!)\[[^\]\[]*(?:\[[^\]]*\])?[^\]\[]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`[^`\n]+`")


def pages(root):
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def anchors_of(text):
    """As GitHub makes them from headings."""
    found = set()
    for line in outside_blocks(text):
        heading = re.match(r"#{1,6}\s+(.*)", line)
        if heading:
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).strip().lower()
            found.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return found


def outside_blocks(text):
    """Lines, with those of fenced blocks left empty."""
    within = False
    for line in text.splitlines():
        fence = OPENS_BLOCK.match(line) is not None
        yield "" if within or fence else line
        within = within != fence


def broken_links(page, text, root):
    for number, line in enumerate(outside_blocks(text), 1):
        for target in LINK.findall(CODE.sub("", line)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = (page.parent / name if name else page).resolve()
            if not file.exists():
                yield number, f"{target}: no such file"
            elif not file.is_relative_to(root.resolve()):
                yield number, f"{target}: leads out of the tree"
            elif anchor and anchor not in anchors_of(file.read_text()):
                yield number, f"{target}: no such heading"


def missing_paths(text, root):
    for number, line in enumerate(text.splitlines(), 1):
        for path in re.findall(r"`((?:proxy|topology|failover|tests|scripts|packaging|cmake)/[\w./*-]+)", line):
            if not any(root.glob(path.rstrip("/"))) and not any(root.glob(path + ".[ch]pp")):
                yield number, f"{path}: no such file"


class Names:
    """What there is, as the reference pages and relevoctl's source tell it."""

    def __init__(self, root):
        read = lambda name: (root / name).read_text()
        first_cells = lambda name: set(re.findall(r"^\| `?([\w.]+)`? \|", read(name), re.MULTILINE))
        self.metrics = {name for name in first_cells("docs/metrics.md") if name.startswith("relevo_")}
        self.rules = {name for name in first_cells("docs/rules.md") if re.fullmatch(r"\d{3}", name)}
        self.settings, self.sections = set(), set()
        section = ""
        for line in read("docs/configuration.md").splitlines():
            heading = re.match(r"### `?(?:clusters\[\]\.)?([\w.]+)(?:\[\])?`?$", line)
            if line.startswith("### "):
                section = heading[1] + "." if heading and "`" in line else ""
                self.sections.add(section.rstrip("."))
            row = re.match(r"\| `(\w+)` \|", line)
            if row:
                self.settings.add(section + row[1])
        source = read("proxy/admin/relevoctl/commands.cpp")
        self.commands = set(re.findall(r'\badd\("(\w+)"', source))
        self.options = set(re.findall(r'"(--[\w-]+)"', source)) | {"--help"}


def unknown_names(text, names):
    for number, line in enumerate(text.splitlines(), 1):
        for name in re.findall(r"\brelevo_\w+(?:\.deb)?", line):
            if name not in names.metrics and not OTHER_NAMES.search(name):
                yield number, f"{name}: no such metric"
        for rule in re.findall(r"\brule=(\d+)|\brules? (\d{3})\b", line):
            if (rule[0] or rule[1]) not in names.rules:
                yield number, f"rule {rule[0] or rule[1]}: no such rule"
        # "(520)", "(402 to 404)", "(202, 405)": how rules are cited.
        for cited in re.findall(r"\(((?:\d{3}(?:, | to | and )?)+)\)", line):
            for rule in re.findall(r"\d{3}", cited):
                if rule not in names.rules and not is_count(rule):
                    yield number, f"({cited}): no such rule {rule}"
        for code in re.findall(r"`([a-z_]+\.[a-z_]+)`", line):
            if code.split(".")[0] in names.sections and code not in names.settings:
                yield number, f"{code}: no such setting"
    for number, words in command_lines(text):
        if words and words[0] not in names.commands:
            yield number, f"relevoctl {words[0]}: no such command"
        for option in (word.strip("[],;)") for word in words if word.lstrip("[").startswith("--")):
            option = option.lstrip("[").partition("=")[0]
            if option not in names.options:
                yield number, f"relevoctl {words[0]} {option}: no such option"


def command_lines(text):
    """What follows `relevoctl` in code, its own options ahead of the command left out."""
    within = False
    for number, line in enumerate(text.splitlines(), 1):
        if OPENS_BLOCK.match(line):
            within = not within
            continue
        pieces = re.findall(r"^\s*relevoctl (.*)", line) if within else re.findall(r"`relevoctl ([^`]+)`", line)
        for piece in pieces:
            yield number, re.sub(r"^(?:--(?:admin|cluster) \S+ )+", "", piece.partition("#")[0]).split()


def is_count(text):
    """HTTP statuses stand in parentheses, too."""
    return text in ("200", "401", "403", "404", "409", "503")


def findings(root):
    names = Names(root)
    for kind in ("metrics", "rules", "settings", "commands"):
        if len(getattr(names, kind)) < 5:
            yield f"{kind}: hardly any found where they are listed; has the reference changed its form?"
    for page in pages(root):
        text = page.read_text()
        where = page.relative_to(root)
        for number, what in [*broken_links(page, text, root), *missing_paths(text, root), *unknown_names(text, names)]:
            yield f"{where}:{number}: {what}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, required=True)
    found = list(findings(parser.parse_args().root))
    print(*found, f"{len(found)} findings", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

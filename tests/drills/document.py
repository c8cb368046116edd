#!/usr/bin/env python3
"""Keeps the drills of docs/drills.md as their definitions have them.

  document.py           exit code 1 if they differ; a definition that cannot be read is one, too
  document.py --write   writes them anew
"""

import sys
from pathlib import Path

import definition

PAGE = Path(__file__).resolve().parents[2] / "docs" / "drills.md"
BEGINS, ENDS = "## The drills\n", "## What a result means\n"


def section():
    parts = [BEGINS]
    for drill in definition.load_all().values():
        parts.append(f"### {drill.name}: {drill.title[0].lower()}{drill.title[1:]}\n\n"
                     f"Imitates: {drill.imitates}\n\nWatch: {drill.watch}\n\nMeans: {drill.means}\n")
    return "\n".join(parts) + "\n"


def main():
    try:
        wanted = section()
    except definition.Wrong as error:
        print(f"document.py: {error}", file=sys.stderr)
        return 1
    page = PAGE.read_text()
    begin, end = page.index(BEGINS), page.index(ENDS)
    if page[begin:end] == wanted:
        return 0
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page[:begin] + wanted + page[end:])
        return 0
    print("document.py: docs/drills.md is not as tests/drills has it; document.py --write mends that", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

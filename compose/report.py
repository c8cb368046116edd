"""What drills leave behind: a JSON each, and a Markdown and an HTML report of a run."""

import html
import json
import time
from pathlib import Path

import picture

DIRECTORY = Path(__file__).resolve().parent / "report"


def write_json(verdict):
    DIRECTORY.mkdir(exist_ok=True)
    path = DIRECTORY / f"{verdict.engine}-{verdict.drill.name}.json"
    path.write_text(json.dumps(verdict.to_json(), indent=1) + "\n")
    return path


def gap(verdict):
    return f'{verdict.summary["longest_gap"]["ms"]:.0f} ms'


def write(engine, verdicts):
    """Both reports; their paths."""
    title = f"Drills on {engine}, {time.strftime('%Y-%m-%d %H:%M')}"
    rows = [(verdict.drill.name, "held" if verdict.held else "BROKEN", gap(verdict),
             str(verdict.summary["ledger"]["acknowledged"]), str(verdict.summary["ledger"]["missing"]),
             ", ".join(map(str, verdict.rules))) for verdict in verdicts]
    head = ("drill", "promises", "longest time without a write", "rows acknowledged", "rows missing", "rules")
    markdown = [f"# {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head),
                *("| " + " | ".join(row) + " |" for row in rows)]
    page = [f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title>",
            "<style>body{font:15px sans-serif;max-width:960px;margin:2em auto;padding:0 1em}"
            "td,th{padding:.2em .8em;text-align:left}svg{width:100%}</style>",
            f"<h1>{html.escape(title)}</h1><table><tr>", *(f"<th>{cell}" for cell in head),
            *("<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in row) for row in rows), "</table>"]
    DIRECTORY.mkdir(exist_ok=True)
    for verdict in verdicts:
        name = f"{engine}-{verdict.drill.name}.svg"
        (DIRECTORY / name).write_text(picture.svg(verdict) + "\n")
        sentences = [("ok", sentence) for sentence in verdict.kept] + [("BROKEN", text) for text in verdict.broken]
        markdown += ["", f"## {verdict.drill.title}", "", verdict.drill.imitates, "", f"![writes per second]({name})",
                     "", *(f"- {mark}: {text}" for mark, text in sentences), "", verdict.drill.means]
        page += [f"<h2>{html.escape(verdict.drill.title)}</h2><p>{html.escape(verdict.drill.imitates)}",
                 picture.svg(verdict), "<ul>", *(f"<li>{mark}: {html.escape(text)}" for mark, text in sentences),
                 f"</ul><p>{html.escape(verdict.drill.means)}"]
    paths = [DIRECTORY / f"{engine}.md", DIRECTORY / f"{engine}.html"]
    paths[0].write_text("\n".join(markdown) + "\n")
    paths[1].write_text("\n".join(page) + "\n")
    return paths

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


def write_logs(verdict, text):
    DIRECTORY.mkdir(exist_ok=True)
    path = DIRECTORY / f"{verdict.engine}-{verdict.drill.name}.log"
    path.write_text(text)
    return path


def row(verdict):
    """A drill's line of the table. One that could not be played has no load."""
    held = "held" if verdict.held else "BROKEN"
    if not verdict.summary:
        return (verdict.drill.name, held, "-", "-", "-", "-", "-")
    load = verdict.summary
    errors = {}
    for of_kind in load["errors"].values():
        for code, error in of_kind.items():
            errors[code] = errors.get(code, 0) + error["count"]
    return (verdict.drill.name, held, f'{load["longest_gap"]["ms"]:.0f} ms', str(load["ledger"]["acknowledged"]),
            str(load["ledger"]["missing"]), ", ".join(f"{count} x {code}" for code, count in sorted(errors.items())) or "none",
            ", ".join(map(str, verdict.rules)) or "none")


def write(engine, verdicts):
    """Both reports; their paths."""
    title = f"Drills on {engine}, {time.strftime('%Y-%m-%d %H:%M')}"
    rows = [row(verdict) for verdict in verdicts]
    head = ("drill", "promises", "longest time without a write", "rows acknowledged", "rows missing", "errors", "rules")
    markdown = [f"# {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head),
                *("| " + " | ".join(cells) + " |" for cells in rows)]
    page = [f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title>",
            "<style>body{font:15px sans-serif;max-width:960px;margin:2em auto;padding:0 1em}"
            "td,th{padding:.2em .8em;text-align:left}svg{width:100%}</style>",
            f"<h1>{html.escape(title)}</h1><table><tr>", *(f"<th>{cell}" for cell in head),
            *("<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in cells) for cells in rows), "</table>"]
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

"""What a drill looked like: a line per second on a terminal, an SVG for a report."""

import html
import sys

WIDTH = 20
COLOURS = {"bold": "\33[1m", "dim": "\33[2m", "red": "\33[31m", "green": "\33[32m", "yellow": "\33[33m"}


def coloured(text, *names):
    if not sys.stdout.isatty():
        return text
    return "".join(COLOURS[name] for name in names) + text + "\33[0m"


class Screen:
    """Prints moments as they come. One line per second of load; steps, events and
    changes of the topology between them."""

    def __init__(self):
        self.fullest = 1
        self.last = {"at_s": 0, "writes": 0, "reads": 0, "errors": {"writers": 0, "readers": 0, "idle": 0}}

    def __call__(self, moment):
        match moment.kind:
            case "load":
                self.load(moment)
            case "step":
                print(f'  {moment.at_s:6.1f} s  {coloured("» " + moment.text, "bold")}', flush=True)
            case "event":
                print(f'  {moment.at_s:6.1f} s  {coloured(moment.text, "yellow")}'
                      + (coloured(f' (rule {moment.data["rule"]})', "dim") if moment.data.get("rule") else ""), flush=True)
            case "topology":
                nodes = ", ".join(f"{name} {what}" for name, what in moment.data["nodes"].items())
                print(f'  {moment.at_s:6.1f} s  {coloured(moment.data["state"] + ": " + nodes, "dim")}', flush=True)
            case "command":
                print(f'  {moment.at_s:6.1f} s  {coloured("$ " + moment.text, "bold")}', flush=True)
            case "answer":
                print("\n".join(f"            {line}" for line in moment.text.splitlines()), flush=True)
            case "failed":
                print(f'  {moment.at_s:6.1f} s  {coloured(moment.text, "red", "bold")}', flush=True)

    def load(self, moment):
        point, last = moment.data, self.last
        if point["at_s"] - last["at_s"] < 1:
            return
        span = point["at_s"] - last["at_s"]
        writes, reads = ((point[kind] - last[kind]) / span for kind in ("writes", "reads"))
        errors = {kind: point["errors"][kind] - last["errors"][kind] for kind in point["errors"]}
        self.last = point
        self.fullest = max(self.fullest, writes)
        filled = round(writes / self.fullest * WIDTH)
        words = ", ".join(f"{kind} {count}" for kind, count in errors.items() if count)
        print(f'  {moment.at_s:6.1f} s  {coloured("█" * filled, "green")}{"·" * (WIDTH - filled)} '
              f'{writes:6.0f} writes/s {reads:6.0f} reads/s'
              + (coloured(f"   errors: {words}", "red") if words else ""), flush=True)


def rates(moments):
    """(seconds, acknowledged writes per second) over each quarter of a second."""
    points, last = [], None
    for moment in moments:
        if moment.kind != "load":
            continue
        if last is None:
            last = moment
        elif moment.data["at_s"] - last.data["at_s"] >= 0.25:
            span = moment.data["at_s"] - last.data["at_s"]
            points.append((moment.at_s, (moment.data["writes"] - last.data["writes"]) / span))
            last = moment
    return points


def svg(verdict, width=900, height=220):
    """The throughput over time, with the steps written along."""
    points = rates(verdict.moments)
    end = max([verdict.seconds, 1] + [at for at, _ in points])
    full = max([1] + [rate for _, rate in points])
    left, top, bottom = 60, 24, 30

    def x(at):
        return left + at / end * (width - left - 10)

    def y(rate):
        return top + (1 - rate / full) * (height - top - bottom)

    line = " ".join(f"{x(at):.1f},{y(rate):.1f}" for at, rate in points)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
           f'font-size="11" role="img"><title>{html.escape(verdict.drill.title)}: writes per second</title>',
           f'<rect width="{width}" height="{height}" fill="#fff"/>',
           f'<text x="4" y="{y(full) + 4:.0f}">{full:.0f}/s</text><text x="4" y="{y(0):.0f}">0</text>',
           f'<line x1="{left}" x2="{width - 10}" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="#999"/>']
    for second in range(0, int(end) + 1, max(1, int(end) // 10)):
        out.append(f'<text x="{x(second):.1f}" y="{height - 10}" text-anchor="middle">{second} s</text>')
    row = 0
    for moment in verdict.moments:
        if moment.kind == "step":
            out.append(f'<line x1="{x(moment.at_s):.1f}" x2="{x(moment.at_s):.1f}" y1="{top}" y2="{y(0):.1f}" '
                       f'stroke="#c33" stroke-dasharray="3"/><text x="{x(moment.at_s) + 3:.1f}" '
                       f'y="{top - 6 + 12 * (row % 3):.0f}" fill="#c33">{html.escape(moment.text.partition(":")[0])}</text>')
            row += 1
    out.append(f'<polyline points="{line}" fill="none" stroke="#26a" stroke-width="1.5"/></svg>')
    return "\n".join(out)

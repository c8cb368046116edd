"""The figures of tests/bench/run as Markdown tables, and as bars in SVG, drawn by hand:
no library is needed to look at them or to make them.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

COLOURS = {"floor": "#9aa0a6", "Relevo": "#1a73e8", "HAProxy": "#f9ab00", "Pgpool-II": "#a142f4"}


def machine():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) >> 20
    system = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())[1]
    kernel = subprocess.run(["uname", "-sr"], capture_output=True, text=True, check=True).stdout.strip()
    return (f"{os.cpu_count()} cores ({cpu[1] if cpu else 'unknown'}), {memory} GiB, {system}, {kernel}, "
            f"load average {os.getloadavg()[1]:.1f} in the last five minutes of the run")


def number(value, digits):
    return "" if value is None else f"{value:,.{digits}f}"


def tables(run):
    lines = []
    for name, workload in run["workloads"].items():
        figures = workload["figures"]
        latency = any("p99" in one for one in figures.values())
        lines += [f"**{name}**: {workload['clients']:,} clients; CPU in µs a {workload['unit']}", "",
                  "| | CPU | user | system | of the floor's | spread | a second | resident |"
                  + (" p50 | p99 | p99.9 ms |" if latency else ""),
                  "|---" * (8 + 3 * latency) + "|"]
        for who, one in figures.items():
            direct = who == "direct"
            spread = "" if direct else f"{min(one['all_cpu_us']):.1f}–{max(one['all_cpu_us']):.1f}"
            cells = [who, "" if direct else number(one["cpu_us"], 1), "" if direct else number(one["user_us"], 1),
                     "" if direct else number(one["system_us"], 1), "" if direct else number(one.get("to_floor"), 2),
                     spread, number(one["per_second"], 0), "" if direct else f"{one['rss_kib'] / 1024:,.1f} MiB"]
            if latency:
                cells += [number(one.get(key), 2) for key in ("p50", "p99", "p99.9")]
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def bars(title, unit, values):
    """`values`: [(name, median, smallest, largest)]."""
    width, left, row = 640, 130, 26
    height = 50 + row * len(values)
    scale = (width - left - 80) / max(largest for *_, largest in values)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
             f'<rect width="{width}" height="{height}" fill="white"/>',
             f'<text x="8" y="22" font-weight="bold">{escape(title)}</text>',
             f'<text x="{width - 8}" y="22" text-anchor="end" fill="#555">{escape(unit)}</text>']
    for index, (name, median, smallest, largest) in enumerate(values):
        y = 40 + row * index
        parts += [f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>',
                  f'<rect x="{left}" y="{y}" width="{median * scale:.1f}" height="18" fill="{COLOURS.get(name, "#34a853")}"/>',
                  f'<path d="M{left + smallest * scale:.1f} {y + 9}H{left + largest * scale:.1f}" stroke="black"/>',
                  f'<text x="{left + largest * scale + 6:.1f}" y="{y + 14}">{median:.1f}</text>']
    return "\n".join(parts) + "\n</svg>\n"


def write(run, docs):
    place = docs / "benchmarks"
    place.mkdir(exist_ok=True)
    engine = run["engine"]
    (place / f"{engine}.json").write_text(json.dumps(run, indent=2) + "\n")
    pictures = []
    for name, workload in run["workloads"].items():
        values = [(who, one["cpu_us"], min(one["all_cpu_us"]), max(one["all_cpu_us"]))
                  for who, one in workload["figures"].items() if who != "direct"]
        if values and max(largest for *_, largest in values) > 0:
            (place / f"{engine}-{name}.svg").write_text(bars(f"{engine}: {name}", f"µs CPU a {workload['unit']}", values))
            pictures.append(f"[{name}](benchmarks/{engine}-{name}.svg)")
    text = (f"Measured on {run['machine']}; {run['rounds']} rounds of {run['seconds']} s. Medians; the spread is the "
            f"least and the most of the rounds. As bars: {', '.join(pictures)}; as data: "
            f"[{engine}.json](benchmarks/{engine}.json).\n\n" + tables(run))
    page = docs / "benchmarks.md"
    begin, end = f"<!-- tests/bench/run {engine} -->", f"<!-- end of tests/bench/run {engine} -->"
    old = page.read_text()
    if begin not in old:
        raise SystemExit(f"{page} has no mark {begin}")
    page.write_text(old[:old.index(begin)] + begin + "\n" + text + old[old.index(end):])

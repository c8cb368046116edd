#!/usr/bin/python3
"""A flame graph of Relevo under load: where its CPU time goes, as an SVG of our own.

perf looks at the process a thousand times a second of its CPU time while pgbench runs;
what it saw is folded by call stack. Width is time, above each function what it calls;
the kernel's functions are blue.

    tests/bench/flame.py [--mode prepared] [--seconds 8] [--out docs/benchmarks/flame.svg]

Needs perf (linux-perf), and root or perf_event_paranoid below 2.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

import workloads
from run_stage import Bench
from stage import ROOT

WIDTH, ROW, LEAST = 1200, 16, 1.5  # pixels; what is narrower is left out


class Frame:
    def __init__(self):
        self.samples, self.kernel, self.callees = 0, False, {}


def fold(script):
    """perf's text, as a tree from the outermost function inwards."""
    root = Frame()
    for sample in script.split("\n\n"):
        stack = []
        for line in sample.splitlines()[1:]:
            if found := re.match(r"\s+[0-9a-f]+ (.+) \((.*)\)$", line):
                name = re.sub(r"\+0x[0-9a-f]+$", "", found[1])
                stack.append((re.sub(r"\(.*", "", name).replace("relevo::", ""), "kernel" in found[2] or found[2] == "[unknown]"))
        frame = root
        root.samples += bool(stack)
        for name, kernel in reversed(stack):
            frame = frame.callees.setdefault(name, Frame())
            frame.samples += 1
            frame.kernel = kernel
    return root


def depth_of(frame):
    return 1 + max((depth_of(one) for one in frame.callees.values() if one.samples), default=0)


def draw(frame, left, level, scale, height, whole, parts):
    for name, callee in sorted(frame.callees.items()):
        width = callee.samples * scale
        if width >= LEAST:
            y = height - (level + 1) * ROW
            letters = int((width - 4) / 6.3)
            shown = name if len(name) <= letters else name[:max(0, letters - 2)] + ".." if letters > 4 else ""
            parts.append(f'<g><title>{escape(name)}: {callee.samples / whole:.1%}</title>'
                         f'<rect x="{left:.1f}" y="{y}" width="{width - 0.4:.1f}" height="{ROW - 1}" '
                         f'fill="{"#8ab4f8" if callee.kernel else "#fdd663"}"/>'
                         f'<text x="{left + 3:.1f}" y="{y + 11}">{escape(shown)}</text></g>')
            draw(callee, left, level + 1, scale, height, whole, parts)
        left += width


def flame(root, title):
    height = (depth_of(root) + 2) * ROW
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="10">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/><text x="6" y="12" font-size="12">{escape(title)}</text>']
    draw(root, 0, 0, WIDTH / root.samples, height, root.samples, parts)
    return "\n".join(parts) + "\n</svg>\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=["simple", "extended", "prepared"], default="prepared")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--out", default=str(ROOT / "docs" / "benchmarks" / "flame.svg"))
    options = parser.parse_args()

    with Bench("postgres", tls=False) as stage:
        stage.proxy.start().await_healthy()
        workloads.prepare(stage)
        workload = workloads.Pgbench(options.mode, arguments=("-S", "-M", options.mode))
        workload.pgbench(stage, stage.proxy, "-T", 1)
        data = stage.directory / "perf.data"
        with subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "999", "--call-graph", "fp", "-o", data,
                               "-p", str(stage.proxy.process.pid), "sleep", str(options.seconds)]) as perf:
            workload.pgbench(stage, stage.proxy, "-T", options.seconds)
            perf.wait(60)
        script = subprocess.run(["perf", "script", "-i", data, "-F", "comm,ip,sym,dso", "--comm", "worker0"],
                                capture_output=True, text=True, check=True).stdout
    root = fold(script)
    if root.samples == 0:
        raise SystemExit("perf saw nothing")
    Path(options.out).parent.mkdir(exist_ok=True)
    Path(options.out).write_text(flame(root, f"Relevo's worker, pgbench -S -M {options.mode}, 16 clients: {root.samples} samples"))
    print(f"{root.samples} samples: {options.out}")
    own, kernel = sum_of(root)
    print(f"  in the kernel {kernel / root.samples:.0%}, in Relevo and its libraries {own / root.samples:.0%}")
    return 0


def sum_of(frame):
    """Samples whose innermost function is (ours, the kernel's)."""
    own = kernel = 0
    for callee in frame.callees.values():
        inner = sum_of(callee)
        here = callee.samples - sum(one.samples for one in callee.callees.values())
        own += inner[0] + (0 if callee.kernel else here)
        kernel += inner[1] + (here if callee.kernel else 0)
    return own, kernel


if __name__ == "__main__":
    sys.exit(main())

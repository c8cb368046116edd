"""Checks that modules keep to the arrows between them, and that pure code is pure.

    check_layering.py --root DIR --links FILE

DIR is the source tree; FILE has one line a CMake target: its folder, its name,
and what it links. Every finding is printed; exit code 1 when there is one.

Why it matters: pure code is tested byte by byte, fuzzed and simulated because it
takes time, chance and I/O as arguments. One call of a clock in it, and a failover
no longer replays. And proxy and failover meet in an immutable View only because
neither can name the other's types.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import NamedTuple

# ---- The law -----------------------------------------------------------------

TREES = ("proxy", "topology", "failover")

PURE = ("proxy/wire", "proxy/session", "proxy/route", "topology/model", "topology/detect", "failover/decide",
        "failover/doctor")

IMPURE_INCLUDES = re.compile(
    r"^(asio|boost|libpq|postgresql|pq-|mysql|mariadb|spdlog|fmt|sys/|netinet/|arpa/"
    r"|unistd\.h|fcntl\.h|poll\.h|time\.h|ctime|random|thread|mutex|condition_variable|future)")

IMPURE_TEXT = [
    (re.compile(r"_clock\s*::\s*now\b"), "reads a clock"),
    (re.compile(r"\b(?:clock_gettime|gettimeofday)\s*\(|\bstd::time\s*\("), "reads a clock"),
    (re.compile(r"\brandom_device\b|\bmt19937(?:_64)?\b|\bRAND_(?:priv_)?bytes\b|\bstd::rand\b|\bgetrandom\s*\("),
     "uses a random source"),
]


class Module(NamedTuple):
    folder: str
    links: frozenset  # our own modules that it may link
    libraries: frozenset = frozenset()  # libraries of others that it may link


def module(folder, links="", libraries=""):
    return Module(folder, frozenset(links.split()), frozenset(libraries.split()))


# Read from the bottom up: every arrow points to something that stands above it.
MODULES = {
    "relevo_model": module("topology/model"),
    "relevo_wire_postgres": module("proxy/wire/postgres", "relevo_model"),
    "relevo_wire_mysql": module("proxy/wire/mysql", "relevo_model", "ZLIB::ZLIB PkgConfig::ZSTD"),
    "relevo_route": module("proxy/route", "relevo_model"),
    "relevo_session": module("proxy/session", "relevo_wire_postgres relevo_route relevo_model", "OpenSSL::Crypto"),
    "relevo_session_mysql": module(
        "proxy/session/mysql", "relevo_wire_mysql relevo_route relevo_model", "OpenSSL::Crypto PkgConfig::SODIUM"),
    "relevo_detect": module("topology/detect", "relevo_model"),
    "relevo_decide": module("failover/decide", "relevo_model relevo_detect"),
    "relevo_doctor": module("failover/doctor", "relevo_model"),
    "relevo_config": module("proxy/config", "relevo_model", "nlohmann_json::nlohmann_json"),
    "relevo-settings": module("proxy/config", "relevo_config"),
    "relevo_pool": module("proxy/pool", "relevo_model", "Threads::Threads"),
    "relevo_client": module("topology/client", "relevo_model", "relevo_asio PkgConfig::LIBPQ PkgConfig::MYSQLCLIENT OpenSSL::Crypto"),
    "relevo_probe": module("topology/probe", "relevo_client relevo_model", "relevo_asio"),
    "relevo_catalog": module("topology/catalog", "relevo_client relevo_model", "relevo_asio"),
    "relevo_journal": module("failover/journal", "relevo_model relevo_decide", "nlohmann_json::nlohmann_json"),
    "relevo_lease": module("failover/lease", "relevo_model"),
    "relevo_act": module(
        "failover/act",
        "relevo_decide relevo_detect relevo_doctor relevo_client relevo_probe relevo_journal relevo_lease relevo_model",
        "relevo_asio"),
    "relevo_net": module(
        "proxy/net", "relevo_session relevo_session_mysql relevo_pool relevo_route relevo_config relevo_model",
        "relevo_asio OpenSSL::SSL"),
    "relevo_admin": module(
        "proxy/admin", "relevo_model",
        "nlohmann_json::nlohmann_json PkgConfig::HTTPLIB PkgConfig::PROMETHEUS OpenSSL::Crypto Threads::Threads"),
    "relevo_admin_client": module("proxy/admin", "relevo_admin", "CLI11::CLI11"),
    "relevoctl": module("proxy/admin", "relevo_admin_client"),
    "relevo": module(
        "proxy",
        "relevo_net relevo_admin relevo_config relevo_act relevo_journal relevo_catalog",
        "spdlog::spdlog CLI11::CLI11 nlohmann_json::nlohmann_json PkgConfig::SYSTEMD"),
}

# Headers without code behind them that another module may read unlinked.
HEADERS_FOR_ALL = {"proxy/session/report.hpp"}

# The composition root: the only files that know every module.
COMPOSITION_ROOT = re.compile(r"^proxy/main[a-z_]*\.[ch]pp$")


# ---- The checks ----------------------------------------------------------------

SOURCE_ENDINGS = (".hpp", ".cpp", ".h", ".inc", ".in")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^">]+)[">]', re.MULTILINE)


def without_comments(text):
    """The same lines, comments blanked and string literals left as they are."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]) if m[0].startswith("/") else m[0], text)


def is_below(path, folder):
    return path == folder or path.startswith(folder + "/")


def module_of(path):
    """The library in whose folder a file lies; None outside of all modules."""
    found = [m for m in MODULES.values() if is_below(path, m.folder)]
    return max(found, key=lambda m: len(m.folder)).folder if found else None


def reachable_folders(folder):
    """Folders whose headers a module may include: its own and what it links, however far."""
    names = [n for n, m in MODULES.items() if m.folder == folder]
    seen = set()
    while names:
        name = names.pop()
        if name not in seen:
            seen.add(name)
            names.extend(MODULES[name].links)
    return {MODULES[n].folder for n in seen}


def check_text(path, text):
    """Findings in one file; `path` is relative to the root."""
    code = without_comments(text)
    line_of = lambda position: code.count("\n", 0, position) + 1
    pure = any(is_below(path, folder) for folder in PURE)
    root = COMPOSITION_ROOT.match(path) is not None
    own = module_of(path)
    for match in INCLUDE.finditer(code):
        header, at = match[1], f"{path}:{line_of(match.start(1))}"
        if pure and IMPURE_INCLUDES.match(header):
            yield f"{at}: pure code includes <{header}>"
        if path.startswith(("topology/", "failover/")) and header.startswith("proxy/"):
            yield f"{at}: {path.split('/')[0]} includes {header}"
        if path.startswith("topology/") and header.startswith("failover/"):
            yield f"{at}: topology includes {header}"
        if path.startswith("proxy/") and not root and header.startswith("failover/"):
            yield f"{at}: proxy includes {header}; only proxy/main* may"
        if root or own is None or header in HEADERS_FOR_ALL or not header.startswith(TREES):
            continue
        target = module_of(header)
        if target is not None and target != "proxy" and target not in reachable_folders(own):
            yield f"{at}: {own} includes {header}, but has no arrow to {target}"
    if pure:
        for pattern, what in IMPURE_TEXT:
            for match in pattern.finditer(code):
                yield f"{path}:{line_of(match.start())}: pure code {what} ({match[0].strip()})"


def check_links(lines):
    """Findings in what CMake's targets link."""
    seen = set()
    for line in lines:
        folder, name, *linked = line.split()
        law = MODULES.get(name)
        seen.add(name)
        if law is None:
            yield f"{folder}: target {name} is not known; give it a place in check_layering.py"
            continue
        if law.folder != folder:
            yield f"{name} is built in {folder}, not in {law.folder}"
        for library in linked:
            library = re.sub(r"^\$<LINK_ONLY:(.*)>$", r"\1", library)
            if library not in law.links and library not in law.libraries:
                yield f"{name} links {library}, to which it has no arrow"
    for name in sorted(MODULES.keys() - seen):
        yield f"target {name} is gone; take it out of check_layering.py"


def check_law():
    """The arrows themselves have no cycle: each points upwards in the list."""
    above = set()
    for name, law in MODULES.items():
        for link in sorted(law.links - above):
            yield f"check_layering.py: {name} points to {link}, which does not stand above it"
        above.add(name)


def source_files(root):
    for tree in TREES:
        for path in sorted((root / tree).rglob("*")):
            if path.is_file() and path.name.endswith(SOURCE_ENDINGS):
                yield path


def check_tree(root):
    files = 0
    for path in source_files(root):
        files += 1
        yield from check_text(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    for folder in sorted({*PURE, *(m.folder for m in MODULES.values())}):
        if not any((root / folder).glob("**/*.hpp")):
            yield f"{folder} has no headers: is it still where check_layering.py looks?"
    if files == 0:
        yield f"no sources below {root}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--links", type=Path, required=True)
    options = parser.parse_args()
    findings = [*check_law(), *check_links(options.links.read_text(encoding="utf-8").splitlines()),
                *check_tree(options.root)]
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

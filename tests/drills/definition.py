"""A drill's definition: one TOML file that an operator can read.

    title      = "The primary is killed"
    imitates   = "what this is in production"
    watch      = "what to look at meanwhile"
    means      = "what the result tells"
    catalogue  = [1]                  # its numbers in the catalogue of failures
    engines    = ["postgres", ...]    # left out: all
    durability = "quorum"             # or "async"; quorum if left out
    disk       = "384m"               # each node's data on a file system of that size; left out: the machine's

    [[step]]                          # in order; each after the one before it
    after = "5s"                      # wait so long first
    do    = "kill primary"            # one of ACTIONS, and one of TARGETS that it is done to
    [[step]]
    await  = "another primary"        # one of CONDITIONS
    within = "30s"                    # else the drill has failed
    engines = ["mysql"]               # the others leave this step out; left out: all do it

    [promise]
    primary   = "changes"             # or "stays", or left out
    write_gap = "2s"                  # the longest time without an acknowledged write
    writers   = ["40001", "08007"]    # errors that they may see; the others see none
    readers   = []
    idle      = []
    [promise.mysql]                   # what differs on that engine
    write_gap = "15s"

No acknowledged row may be missing, whatever else a drill promises.
"""

import dataclasses
import re
import tomllib
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent
ENGINES = ("postgres", "mysql", "mariadb")

ACTIONS = {
    "kill": "SIGKILL to all processes of a server, whose machine goes on",
    "stop": "an orderly end",
    "start": "starts a node that was killed or stopped",
    "restart": "stops and starts a node in order",
    "freeze": "stops all of a node's processes as they are; their sockets stay open",
    "thaw": "the opposite of freeze",
    "isolate": "takes a node's network away: packets vanish, nothing is closed",
    "reconnect": "the opposite of isolate",
    "hide": "drops what passes between Relevo and a node, and nothing else",
    "show": "the opposite of hide",
    "lose": "loses 5 % of the packets between all nodes and Relevo, in both directions",
    "keep": "the opposite of lose",
    "slow": "what Relevo sends to a node arrives 50 ms later, so every answer comes as much later",
    "quicken": "the opposite of slow",
    "delay": "a replica applies three seconds late",
    "hurry": "the opposite of delay",
    "fill": "fills the file system of a node's data, which needs one of its own: disk",
    "empty": "the opposite of fill",
    "switchover": "relevoctl switchover, to a node or to whom Relevo chooses",
    "ask": "waits until Relevo has a primary again, or has called for an operator, who then decides "
           "as docs/operations.md says (on_call.py)",
}
TARGETS = {
    "primary": "the present one",
    "old primary": "the last one that a step concerned",
    "a replica": "the first of those of the beginning, by name",
    "the other replica": "the second of those",
    "relevo": "Relevo itself",
    "operator": "whoever is on call",
    "": "for what concerns no node, or all",
}
CONDITIONS = {
    "a failover": "Relevo has begun one; whether it ends is another matter",
    "another primary": "Relevo has a primary that is not the one of the beginning",
    "the first primary": "the one of the beginning is primary",
    "three healthy nodes": "a primary and two replicas that are fit for reads",
    "writes that go on": "the load's are acknowledged again, or still",
    "no verdict of death": "nobody was promoted in the meantime",
}


class Wrong(Exception):
    """What is wrong with a definition."""


def seconds(text):
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|min)", text)
    if not found:
        raise Wrong(f'"{text}" is no duration such as "250ms", "5s", "2min"')
    return float(found[1]) * {"ms": 0.001, "s": 1, "min": 60}[found[2]]


def engines_of(table):
    engines = tuple(table.get("engines", ENGINES))
    if not engines or set(engines) - set(ENGINES):
        raise Wrong(f"engines are {', '.join(ENGINES)}")
    return engines


@dataclasses.dataclass
class Step:
    after_s: float = 0
    action: str = ""      # of ACTIONS
    target: str = ""      # of TARGETS
    condition: str = ""   # of CONDITIONS
    within_s: float = 30
    engines: tuple = ENGINES

    @classmethod
    def parse(cls, table):
        unknown = set(table) - {"after", "do", "await", "within", "engines"}
        if unknown:
            raise Wrong(f"a step has no {', '.join(sorted(unknown))}")
        step = cls(after_s=seconds(table.get("after", "0s")), within_s=seconds(table.get("within", "30s")),
                   engines=engines_of(table))
        step.action, _, step.target = table.get("do", "").partition(" ")
        step.condition = table.get("await", "")
        if step.action and step.action not in ACTIONS:
            raise Wrong(f'"{step.action}" is none of {", ".join(ACTIONS)}')
        if step.target not in TARGETS:
            raise Wrong(f'"{step.target}" is none of {", ".join(filter(None, TARGETS))}')
        if (step.action == "ask") != (step.target == "operator"):
            raise Wrong("nobody but the operator is asked, and nothing else is done to him")
        if step.condition and step.condition not in CONDITIONS:
            raise Wrong(f'"{step.condition}" is none of {", ".join(CONDITIONS)}')
        return step

    def __str__(self):
        if self.condition:
            return f"await {self.condition}"
        return f"{self.action} {self.target}".strip() or f"wait {self.after_s:g} s"


@dataclasses.dataclass
class Promise:
    primary: str = ""     # "changes", "stays", or either
    write_gap_s: float | None = None
    writers: tuple = ()
    readers: tuple = ()
    idle: tuple = ()

    @classmethod
    def parse(cls, table):
        table = {key: value for key, value in table.items() if key not in ENGINES}
        unknown = set(table) - {"primary", "write_gap", "writers", "readers", "idle"}
        if unknown:
            raise Wrong(f"a promise has no {', '.join(sorted(unknown))}")
        if table.get("primary", "") not in ("", "changes", "stays"):
            raise Wrong('promise.primary is "changes" or "stays"')
        return cls(primary=table.get("primary", ""),
                   write_gap_s=seconds(table["write_gap"]) if "write_gap" in table else None,
                   **{kind: tuple(table.get(kind, ())) for kind in ("writers", "readers", "idle")})


@dataclasses.dataclass
class Drill:
    name: str
    title: str
    imitates: str
    watch: str
    means: str
    catalogue: tuple
    engines: tuple
    durability: str
    disk: str
    steps: list
    promise: Promise
    promises: dict  # by engine

    def for_engine(self, engine):
        return dataclasses.replace(self, promise=self.promises[engine],
                                   steps=[step for step in self.steps if engine in step.engines])

    def with_patience(self, factor):
        """The same, for a machine on which everything takes so many times longer."""
        gap = self.promise.write_gap_s
        return dataclasses.replace(
            self, steps=[dataclasses.replace(step, within_s=step.within_s * factor) for step in self.steps],
            promise=dataclasses.replace(self.promise, write_gap_s=gap and gap * factor))

    @classmethod
    def load(cls, path):
        try:
            table = tomllib.loads(path.read_text())
            engines = engines_of(table)
            if table.get("durability", "quorum") not in ("quorum", "async"):
                raise Wrong('durability is "quorum" or "async"')
            steps = [Step.parse(step) for step in table["step"]]
            if "disk" not in table and any(step.action == "fill" for step in steps):
                raise Wrong("fill needs a disk of its own, not the machine's")
            promise = table.get("promise", {})
            promises = {engine: Promise.parse(promise | promise.get(engine, {})) for engine in ENGINES}
            return cls(path.stem, table["title"], table["imitates"], table["watch"], table["means"],
                       tuple(table.get("catalogue", ())), engines, table.get("durability", "quorum"),
                       table.get("disk", ""), steps, Promise.parse(promise), promises)
        except KeyError as missing:
            raise Wrong(f"{path.name}: it lacks {missing}") from None
        except (Wrong, tomllib.TOMLDecodeError) as error:
            raise Wrong(f"{path.name}: {error}") from None


def load_all():
    """All drills by their names."""
    return {path.stem: Drill.load(path) for path in sorted(DIRECTORY.glob("*.toml"))}

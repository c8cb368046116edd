"""Plays a drill on a stage: does its steps under load, follows what happens, and tells
whether its promises held.

A stage is a cluster with a Relevo in front of it and a load, whatever it is made of:

    act(action, node)       one of definition.ACTIONS; the node is a name, or "relevo"
    relevoctl(*arguments)   (its exit code, what it printed)
    topology()              as GET /v1/topology tells it, or None if nobody answers
    events(since)           (events, the last one's id); as GET /v1/events
    load_begins()           an iterator over the load's timeline, ten points a second
    load_ends()             its summary, with the ledger compared

Whoever watches gets each Moment as it comes.
"""

import dataclasses
import queue
import threading
import time

import on_call


class Failed(Exception):
    """A step that did not come about."""


@dataclasses.dataclass
class Moment:
    at_s: float
    kind: str      # "load", "step", "event", "topology", "command", "answer", "failed"
    text: str = ""
    data: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Verdict:
    drill: object
    engine: str
    kept: list = dataclasses.field(default_factory=list)    # sentences
    broken: list = dataclasses.field(default_factory=list)
    moments: list = dataclasses.field(default_factory=list)
    summary: dict = dataclasses.field(default_factory=dict)
    rules: list = dataclasses.field(default_factory=list)   # numbers, in the order they fired
    seconds: float = 0
    logs: str = ""           # the file with the servers' own words, if somebody kept them

    @property
    def held(self):
        return not self.broken

    def check(self, holds, sentence):
        (self.kept if holds else self.broken).append(sentence)

    def to_json(self):
        return {"drill": self.drill.name, "engine": self.engine, "held": self.held, "kept": self.kept,
                "broken": self.broken, "rules": self.rules, "seconds": round(self.seconds, 1),
                "load": self.summary,
                "timeline": [dataclasses.asdict(moment) for moment in self.moments]}


class Play:
    """One run of one drill."""

    def __init__(self, drill, stage, engine, watch):
        self.drill, self.stage, self.engine = drill, stage, engine
        self.watch = watch
        self.verdict = Verdict(drill, engine)
        self.began = time.monotonic()
        self.moments = queue.Queue()
        self.over = threading.Event()
        self.load_over = False
        self.first_primary = self.old_primary = None
        self.replicas = []       # of the beginning
        self.last_event = 0      # that was shown
        self.first_event = 0     # the last one before the beginning
        self.writes = self.writes_before = 0   # acknowledged: by now, and when a condition began to be awaited
        self.errors = []

    # ---- what the threads see ----------------------------------------------------

    def tell(self, kind, text="", **data):
        self.moments.put(Moment(round(time.monotonic() - self.began, 3), kind, text, data))

    def follow_load(self, points):
        for point in points:
            self.tell("load", **point)
        self.load_over = True

    def follow_cluster(self):
        shown = None
        while not self.over.is_set():
            events, self.last_event = self.stage.events(self.last_event)
            for event in events:
                self.tell("event", event.get("text") or event.get("message", ""), rule=event.get("rule", 0))
            topology = self.stage.topology()
            if topology:
                now = {"state": topology["state"], "primary": topology["primary"],
                       "nodes": {node["name"]: f'{node["role"]} {node["state"]}' for node in topology["nodes"]}}
                if now != shown:
                    shown = now
                    self.tell("topology", **now)
            self.over.wait(0.2)

    def show_until(self, condition, within_s, what):
        """Hands on moments until the condition holds."""
        deadline = time.monotonic() + within_s
        while True:
            self.drain()
            if condition():
                return
            if self.load_over:
                raise Failed("the load has ended before its time")
            if time.monotonic() > deadline:
                raise Failed(f"not within {within_s:g} s: {what}")
            time.sleep(0.05)

    def drain(self):
        while True:
            try:
                moment = self.moments.get_nowait()
            except queue.Empty:
                return
            self.verdict.moments.append(moment)
            if moment.kind == "load":
                self.writes = moment.data["writes"]
            if moment.kind == "event" and moment.data.get("rule"):
                self.verdict.rules.append(moment.data["rule"])
            self.watch(moment)

    def wait(self, seconds):
        until = time.monotonic() + seconds
        self.show_until(lambda: time.monotonic() >= until, seconds + 60, "time to pass")

    # ---- steps ---------------------------------------------------------------------

    def primary(self):
        topology = self.stage.topology()
        return topology["primary"] if topology else None

    def whole(self):
        """A primary, and all others are replicas that are fit for reads."""
        topology = self.stage.topology()
        return bool(topology) and topology["state"] == "healthy" and all(
            node["role"] == "primary" or node["eligible_for_reads"] for node in topology["nodes"])

    def node(self, target):
        """The node that a step's words mean now."""
        match target:
            case "primary":
                self.old_primary = self.primary()
                return self.old_primary
            case "old primary":
                return self.old_primary or self.first_primary
            case "a replica":
                return self.replicas[0]
            case "the other replica":
                return self.replicas[1]
        return target

    def holds(self, condition):
        match condition:
            case "a failover":
                return any(event.get("rule") == 203 for event in self.stage.events(self.first_event)[0])
            case "another primary":
                return self.primary() not in (None, self.old_primary or self.first_primary)
            case "the first primary":
                return self.primary() == self.first_primary
            case "three healthy nodes":
                return self.whole()
            case "writes that go on":
                return self.writes > self.writes_before
            case "no verdict of death":
                return not set(self.verdict.rules) & {203, 230}
        raise AssertionError(condition)

    def relevoctl(self, *arguments, last=0):
        """Runs it for all to see, or the last lines of it. (Its exit code, its answer.)"""
        self.tell("command", " ".join(["relevoctl", *arguments, *(["| tail -n", str(last)] if last else [])]))
        self.drain()
        code, said = self.stage.relevoctl(*arguments)
        self.tell("answer", "\n".join(said.splitlines()[-last:]), code=code)
        self.drain()
        return code, said

    def ask_operator(self, within_s):
        """Until Relevo has a primary, by itself or by an operator's decision."""
        deadline = time.monotonic() + within_s
        called_since = None

        def called():
            nonlocal called_since
            topology = self.stage.topology()
            if not on_call.is_called(topology):
                called_since = None
                return topology is not None and topology["primary"] is not None
            called_since = called_since or time.monotonic()
            return time.monotonic() - called_since >= on_call.PATIENCE_S

        self.show_until(called, within_s, "a primary, or an operator's turn")
        if called_since is None:
            self.tell("step", f"no operator is needed: {self.primary()} is the primary")
            return
        self.tell("step", f"an operator's turn: every node answers, and for {on_call.PATIENCE_S} s there is no primary")
        self.relevoctl("topology")
        self.relevoctl("events", last=2)
        while True:
            node, where = on_call.furthest(self.stage.topology())
            if node is None:
                raise Failed(f"an operator cannot decide: {where}")
            self.tell("step", f"the furthest replica is {node}: {where}")
            code, said = self.relevoctl("failover", "--to", node, "--allow-data-loss")
            if code == 0:
                return
            # Relevo's own next attempt was under way.
            if "in progress" not in said or time.monotonic() > deadline:
                raise Failed(f"what the operator decided was not done: {said}")
            self.wait(1)

    def step(self, step):
        if step.after_s:
            self.wait(step.after_s)
        if step.action == "ask":
            self.tell("step", str(step))
            self.ask_operator(step.within_s)
        elif step.action:
            if step.action == "switchover":
                self.old_primary = self.primary()
            node = self.node(step.target)
            self.tell("step", f"{step.action} {node}".strip())
            self.drain()
            self.stage.act(step.action, node)
        if step.condition:
            began = time.monotonic()
            self.drain()
            self.writes_before = self.writes
            self.show_until(lambda: self.holds(step.condition), step.within_s, step.condition)
            self.tell("step", f"{step.condition}: after {time.monotonic() - began:.1f} s")

    # ---- the whole -------------------------------------------------------------------

    def run(self):
        self.show_until(self.whole, 60, "a healthy cluster to begin with")
        self.first_primary = self.primary()
        self.replicas = sorted({node["name"] for node in self.stage.topology()["nodes"]} - {self.first_primary})
        _, self.first_event = self.stage.events(0)
        self.last_event = self.first_event
        threads = [threading.Thread(target=self.guarded, args=arguments, daemon=True) for arguments in
                   ((self.follow_load, self.stage.load_begins()), (self.follow_cluster,))]
        for thread in threads:
            thread.start()
        try:
            self.show_until(lambda: any(moment.kind == "load" for moment in self.verdict.moments), 90,
                            "the load to begin")
            for step in self.drill.steps:
                self.step(step)
        except Failed as why:
            self.tell("failed", str(why))
            self.verdict.broken.append(str(why))
        self.verdict.seconds = time.monotonic() - self.began
        self.verdict.summary = self.stage.load_ends()
        self.over.set()
        for thread in threads:
            thread.join(20)
        self.drain()
        if self.errors:
            raise self.errors[0]
        self.judge()
        return self.verdict

    def guarded(self, function, *arguments):
        try:
            function(*arguments)
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)

    def judge(self):
        verdict, promise, load = self.verdict, self.drill.promise, self.verdict.summary
        ledger = load["ledger"]
        verdict.check(ledger["right"] and not ledger["error"],
                      f'{ledger["acknowledged"]} rows acknowledged, {ledger["missing"]} missing, '
                      f'{ledger["refused_present"]} there although refused'
                      + (f'; {ledger["error"]}' if ledger["error"] else ""))
        gap = load["longest_gap"]["ms"]
        if promise.write_gap_s is not None:
            verdict.check(gap <= promise.write_gap_s * 1000,
                          f"writes stood still for {gap:.0f} ms, promised: at most {promise.write_gap_s * 1000:.0f} ms")
        for kind in ("writers", "readers", "idle"):
            seen = load["errors"][kind]
            words = ", ".join(f'{error["count"]} x {code}' for code, error in sorted(seen.items())) or "none"
            allowed = getattr(promise, kind)
            surprising = sorted(set(seen) - set(allowed))
            verdict.check(not surprising, f"errors of {kind}: {words}"
                          + (f'; not promised: {"; ".join(seen[code]["example"] for code in surprising)}'
                             if surprising else ""))
        now = self.primary()
        if promise.primary:
            verdict.check((now != self.first_primary) == (promise.primary == "changes"),
                          f"the primary was {self.first_primary} and is {now}; promised: it {promise.primary}")


def play(drill, stage, engine, watch):
    """Runs a drill. Its Verdict."""
    return Play(drill, stage, engine, watch).run()

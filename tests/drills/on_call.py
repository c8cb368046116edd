"""The operator of a drill: what somebody does whom Relevo has called, by the word of
docs/operations.md ("Failover") and by what `relevoctl` shows, and by nothing else.

Relevo calls for an operator when it publishes no primary and promotes nobody, since
whatever it did might lose what was acknowledged. Before somebody looks, everything that
can come back has come back: every node answers, and for PATIENCE_S nothing has changed
for the better.
"""

import re

PATIENCE_S = 10


def is_called(topology):
    """Whether Relevo is without a primary although every node answers."""
    return topology is not None and topology["primary"] is None and all(
        node["verdict"] in ("Healthy", "RoleChanged") for node in topology["nodes"])


def parse_position(text):
    """The sequence number of each domain of MariaDB's "0-1-4711,1-2-8"; None if it is none."""
    parts = [re.fullmatch(r"(\d+)-\d+-(\d+)", part.strip()) for part in text.split(",")]
    return {part[1]: int(part[2]) for part in parts} if all(parts) else None


def covers(one, other):
    return all(one.get(domain, 0) >= number for domain, number in other.items())


def furthest(topology):
    """The replica that has all that any other has, or None; and why."""
    replicas = {node["name"]: parse_position(node["position"]) for node in topology["nodes"]
                if node["role"] == "replica"}
    where = ", ".join(f'{node["name"]} {node["position"]} ({node["role"]})' for node in topology["nodes"])
    if not replicas or None in replicas.values():
        return None, f"their positions cannot be compared: {where}"
    for name, position in replicas.items():
        if all(covers(position, other) for other in replicas.values()):
            return name, where
    return None, f"none has all that the others have: {where}"

#!/usr/bin/python3
"""Whether tests and checks would notice a fault of the rules.

    try_mutants.py --build DIR [--seeds N] [--only PATTERN]

Each mutant of the table of rules (one rule dropped, two neighbours swapped, one guard
left out) is chosen at run time, so nothing is compiled. It runs the unit tests first;
what they let pass runs N schedules of the simulator. A table says by what each was
caught. Exit code 1: one is neither caught nor listed below as equivalent.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

# Swapping two rules changes nothing where their guards exclude one another, or where
# the order only decides which of two independent things is done first.
EQUIVALENT = {
}


def caught_by_unit_tests(program, key):
    done = subprocess.run([program, "--gtest_brief=1"], env={"RELEVO_MUTANT": key} if key else {},
                          capture_output=True, text=True, timeout=120)
    if done.returncode == 0:
        return None
    failed = list(dict.fromkeys(re.findall(r"^\[  FAILED  \] (\w+\.\w+)", done.stdout, re.M)))
    if not failed:
        return "an assertion of the rules, in the unit tests"
    return f"{len(failed)} unit tests: {failed[0]}"


def caught_by_simulator(program, key, seeds):
    done = subprocess.run([program, "--mutant", key, "--seeds", str(seeds)], capture_output=True, text=True,
                          timeout=3600)
    if done.returncode == 0:
        return None
    violation = re.search(r"^seed \d+: .*", done.stdout, re.M)
    return violation.group(0) if violation else "an assertion of the rules, in the simulator"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    folder = arguments.build / "tests" / "sim"
    simulator, tests = folder / "failover_sim", folder / "failover_mutated_test"
    if caught_by_unit_tests(tests, "none-such") is None:
        sys.exit("the unit tests take any key for a mutant")
    if caught_by_unit_tests(tests, ""):
        sys.exit("the unit tests fail without any mutation")

    keys = subprocess.run([simulator, "--mutants"], capture_output=True, text=True, check=True).stdout.split()
    keys = [key for key in keys if re.search(arguments.only, key)]
    survivors = []
    for key in keys:
        by = caught_by_unit_tests(tests, key) or caught_by_simulator(simulator, key, arguments.seeds)
        if by is None:
            by = "equivalent: " + EQUIVALENT[key] if key in EQUIVALENT else "NOT CAUGHT"
        if by == "NOT CAUGHT":
            survivors.append(key)
        print(f"{key:24} {by}", flush=True)
    print(f"{len(keys)} mutants, {len(survivors)} neither caught nor known to be equivalent")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

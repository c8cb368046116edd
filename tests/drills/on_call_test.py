#!/usr/bin/env python3
"""Whether the operator of a drill sees when it is his turn, and who is the furthest."""

import sys
import unittest

import definition
import on_call


def topology(primary, *nodes):
    return {"primary": primary, "nodes": [
        {"name": name, "role": role, "position": position, "verdict": verdict}
        for name, role, position, verdict in nodes]}


class OnCall(unittest.TestCase):
    def chosen(self, *positions):
        return on_call.furthest(topology(None, ("db1", "primary", "0-1-99", "Healthy"), *(
            (f"db{number}", "replica", position, "Healthy") for number, position in enumerate(positions, 2))))

    def test_the_furthest_is_chosen(self):
        self.assertEqual(self.chosen("0-1-9", "0-1-10")[0], "db3")
        self.assertEqual(self.chosen("0-2-2797", "0-1-2472")[0], "db2")
        self.assertEqual(self.chosen("0-1-9,1-1-5", "0-1-9,1-1-6")[0], "db3")
        self.assertEqual(self.chosen("0-1-9", "")[0], None)

    def test_a_primary_that_came_back_shorter_is_no_replica(self):
        node, where = self.chosen("0-1-7", "0-1-5")
        self.assertEqual(node, "db2")
        self.assertIn("db1 0-1-99 (primary)", where)

    def test_nobody_is_chosen_whose_history_another_has_more_of(self):
        node, why = self.chosen("0-1-9,1-1-6", "0-1-10,1-1-5")
        self.assertIsNone(node)
        self.assertIn("none has all", why)

    def test_he_is_called_once_all_answer_and_nobody_is_primary(self):
        there = ("db1", "replica", "0-1-1", "Healthy"), ("db2", "primary", "0-1-1", "RoleChanged")
        self.assertTrue(on_call.is_called(topology(None, *there)))
        self.assertFalse(on_call.is_called(topology("db1", *there)))
        self.assertFalse(on_call.is_called(topology(None, *there, ("db3", "unknown", "", "Dead"))))
        self.assertFalse(on_call.is_called(None))


class Steps(unittest.TestCase):
    def test_a_step_may_be_for_some_engines(self):
        drill = definition.load_all()["kill-during-failover"]
        asked = {engine: any(step.action == "ask" for step in drill.for_engine(engine).steps)
                 for engine in definition.ENGINES}
        self.assertEqual(asked, {"postgres": False, "mysql": False, "mariadb": True})

    def test_only_an_operator_is_asked(self):
        for words in ("ask primary", "kill operator", "ask"):
            with self.assertRaises(definition.Wrong):
                definition.Step.parse({"do": words})
        with self.assertRaises(definition.Wrong):
            definition.Step.parse({"do": "kill primary", "engines": ["oracle"]})


if __name__ == "__main__":
    sys.exit(unittest.main())

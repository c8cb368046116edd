"""Breaks each rule of check_docs.py once: every break must be found, and only it."""

import tempfile
import unittest
from pathlib import Path

import check_docs as check

ROOT = Path(__file__).resolve().parents[2]


class Links(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "other.md").write_text("# The `other` page, at last\n```\n# no heading\n```\n")

    def findings(self, text):
        page = self.root / "page.md"
        page.write_text(text)
        return list(check.broken_links(page, text, self.root))

    def test_lead_somewhere(self):
        self.assertEqual(self.findings("# Top\n[a](other.md) [b](other.md#the-other-page-at-last) [c](#top) "
                                       "[d](https://example.net/x.md) [e `f`](other.md)"), [])

    def test_to_a_missing_file(self):
        self.assertEqual(self.findings("x\n[a](missing.md)"), [(2, "missing.md: no such file")])

    def test_to_a_missing_heading(self):
        for target in ("other.md#else", "other.md#no-heading", "#else"):
            with self.subTest(target=target):
                self.assertEqual(self.findings(f"[a]({target})"), [(1, f"{target}: no such heading")])

    def test_out_of_the_tree(self):
        self.assertEqual(len(self.findings("[a](../)")), 1)

    def test_in_code_are_none(self):
        self.assertEqual(self.findings("`[a](missing.md)`\n```\n[a](missing.md)\n```\n"), [])


class Paths(unittest.TestCase):
    def test_are_there(self):
        text = "`proxy/net/mysql`, `topology/model/lsn`, `tests/docs/check_docs.py --root .`, tests/never.py"
        self.assertEqual(list(check.missing_paths(text, ROOT)), [])
        self.assertEqual(len(list(check.missing_paths("`proxy/net/never.cpp`", ROOT))), 1)


class KnownNames(unittest.TestCase):
    names = check.Names(ROOT)

    def findings(self, text):
        return list(check.unknown_names(text, self.names))

    def test_are_found_nowhere_wrong(self):
        self.assertEqual(self.findings("`relevo_ready`, relevo_NODE, rule 203, rule=220, (402 to 404), `failover.hold`, "
                                       "`monitor.interval`, `asyncio.run`, `relevoctl --admin x topology --watch`, "
                                       "`relevoctl failover [--to NODE] [--allow-data-loss]`, HTTP (404)"), [])

    def test_that_are_not_there(self):
        for text in ("relevo_never_total", "rule 299", "rule=299", "(203, 299)", "(299)", "(402 to 499)", "`failover.never`",
                     "`relevoctl never`", "`relevoctl failover --never`", "```\nrelevoctl never\n```",
                     "```\n  relevoctl events --never   # why\n```"):
            with self.subTest(text=text):
                self.assertEqual(len(self.findings(text)), 1)


class TheWhole(unittest.TestCase):
    def test_knows_the_references(self):
        names = check.Names(ROOT)
        self.assertIn("relevo_ready", names.metrics)
        self.assertIn("203", names.rules)
        self.assertLessEqual({"workers", "admin.http", "failover.hold", "nodes.zone", "auth.users"}, names.settings)
        self.assertIn("switchover", names.commands)


if __name__ == "__main__":
    unittest.main()

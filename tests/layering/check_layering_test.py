"""Breaks each rule of check_layering.py once: every break must be found, and only it."""

import tempfile
import unittest
from pathlib import Path

import check_layering as check


def links(**changes):
    """The links file that the law itself describes, with some targets' lines replaced."""
    lines = {name: f"{law.folder} {name} {' '.join(sorted(law.links | law.libraries))}"
             for name, law in check.MODULES.items()}
    lines.update(changes)
    return [line for line in lines.values() if line is not None]


class PureCode(unittest.TestCase):
    def findings(self, path, text):
        return list(check.check_text(path, text))

    def test_includes_no_io(self):
        for header in ("<asio/io_context.hpp>", "<libpq-fe.h>", "<mysql.h>", "<mariadb/mysql.h>",
                       "<spdlog/spdlog.h>", "<sys/socket.h>", "<random>", "<thread>"):
            for folder in check.PURE:
                with self.subTest(header=header, folder=folder):
                    self.assertEqual(len(self.findings(f"{folder}/a.cpp", f"#include {header}\n")), 1)

    def test_includes_spaced_oddly_count_too(self):
        self.assertEqual(len(self.findings("proxy/route/a.cpp", "  #  include\t<asio.hpp>")), 1)

    def test_reads_no_clock_and_no_chance(self):
        for text in ("std::chrono::steady_clock::now()", "system_clock :: now()", "clock_gettime(CLOCK_REALTIME, &t)",
                     "std::random_device r;", "std::mt19937 g;", "RAND_bytes(b, 4);"):
            with self.subTest(text=text):
                self.assertEqual(len(self.findings("failover/decide/a.cpp", f"auto x = {text};\n")), 1)

    def test_says_where(self):
        self.assertIn("failover/decide/a.cpp:3:", self.findings("failover/decide/a.cpp", "\n\nsteady_clock::now();")[0])

    def test_may_speak_of_them_in_comments(self):
        text = "// never steady_clock::now()\n/* #include <asio.hpp>\n std::mt19937 */\n#include <string>\n"
        self.assertEqual(self.findings("proxy/wire/postgres/a.hpp", text), [])

    def test_a_comment_mark_in_a_string_hides_nothing(self):
        self.assertEqual(len(self.findings("proxy/route/a.cpp", 'auto s = "/*"; steady_clock::now(); // "*/"')), 1)

    def test_others_may(self):
        self.assertEqual(self.findings("proxy/net/a.cpp", "#include <asio.hpp>\nsteady_clock::now();"), [])


class Arrows(unittest.TestCase):
    def findings(self, path, header):
        return list(check.check_text(path, f'#include "{header}"\n'))

    def test_topology_and_failover_never_include_proxy(self):
        for folder in ("topology/model", "topology/probe", "failover/act", "failover/decide"):
            with self.subTest(folder=folder):
                self.assertTrue(self.findings(f"{folder}/a.cpp", "proxy/session/report.hpp"))

    def test_proxy_never_includes_failover(self):
        self.assertTrue(self.findings("proxy/net/a.cpp", "failover/act/controller.hpp"))
        self.assertTrue(self.findings("proxy/admin/main.cpp", "failover/act/controller.hpp"))

    def test_only_the_composition_root_may(self):
        for name in ("main.cpp", "main_process.hpp", "main_translate.cpp"):
            self.assertEqual(self.findings(f"proxy/{name}", "failover/act/controller.hpp"), [])

    def test_topology_never_includes_failover(self):
        self.assertTrue(self.findings("topology/probe/a.cpp", "failover/decide/step.hpp"))

    def test_an_include_needs_a_link(self):
        self.assertEqual(len(self.findings("proxy/route/a.cpp", "proxy/session/postgres/batch.hpp")), 1)
        self.assertEqual(len(self.findings("topology/detect/a.cpp", "topology/probe/prober.hpp")), 1)
        self.assertEqual(self.findings("proxy/net/a.cpp", "proxy/wire/postgres/frame.hpp"), [])

    def test_headers_for_all_are_for_all_in_the_proxy(self):
        self.assertEqual(self.findings("proxy/admin/a.cpp", "proxy/session/report.hpp"), [])


class Links(unittest.TestCase):
    def test_the_law_as_it_stands_is_kept(self):
        self.assertEqual(list(check.check_law()), [])
        self.assertEqual(list(check.check_links(links())), [])

    def test_a_link_without_an_arrow(self):
        found = list(check.check_links(links(relevo_route="proxy/route relevo_route relevo_model relevo_asio")))
        self.assertEqual(found, ["relevo_route links relevo_asio, to which it has no arrow"])

    def test_a_private_link_counts(self):
        found = list(check.check_links(links(relevo_pool="proxy/pool relevo_pool $<LINK_ONLY:relevo_net>")))
        self.assertEqual(found, ["relevo_pool links relevo_net, to which it has no arrow"])

    def test_an_unknown_target(self):
        self.assertEqual(len(list(check.check_links(links(extra="proxy/extra relevo_extra relevo_model")))), 1)

    def test_a_missing_target(self):
        self.assertEqual(len(list(check.check_links(links(relevo_pool=None)))), 1)

    def test_a_cycle_in_the_law(self):
        kept = dict(check.MODULES)
        try:
            check.MODULES["relevo_model"] = check.module("topology/model", "relevo_detect")
            self.assertEqual(len(list(check.check_law())), 1)
        finally:
            check.MODULES.clear()
            check.MODULES.update(kept)


class Tree(unittest.TestCase):
    def test_a_tree_that_moved_away_is_noticed(self):
        with tempfile.TemporaryDirectory() as empty:
            self.assertTrue(any("no sources" in finding for finding in check.check_tree(Path(empty))))

    def test_findings_in_files_are_reported(self):
        with tempfile.TemporaryDirectory() as root:
            file = Path(root) / "failover/decide/deep/rules.cpp"
            file.parent.mkdir(parents=True)
            file.write_text("auto t = std::chrono::steady_clock::now();\n", encoding="utf-8")
            self.assertTrue(any("failover/decide/deep/rules.cpp:1" in f for f in check.check_tree(Path(root))))


if __name__ == "__main__":
    unittest.main()

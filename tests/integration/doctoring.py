"""Doctor's tests that are the same for both engines, mixed into those of each: what is
broken on a server is told with what mends it, and that mends it."""

import json
import threading
import time

import base


class Doctoring:
    def setUp(self):
        self.addCleanup(self.await_silence)  # the last: all that was broken is mended

    def doctor(self, *arguments):
        """(exit code, what it told)."""
        code, out, err = self.proxy.ctl("doctor", "--json", *arguments)
        self.assertIn(code, (0, 1), err)
        self.assertTrue(out, err)
        return code, json.loads(out)

    def findings(self, node):
        for told in self.doctor()[1]["nodes"]:
            if told["name"] == node:
                self.assertTrue(told["reachable"], told)
                return told["findings"]
        raise AssertionError(f"nothing told of {node}")

    def await_finding(self, node, check):
        def found():
            return next((one for one in self.findings(node) if one["check"] == check), None)
        return base.wait_until(found, f"doctor tells {check} of {node}")

    def await_silence(self, node=None):
        def silent():
            told = self.doctor()[1]["nodes"]
            return all(one["reachable"] and not one["findings"] for one in told if node in (None, one["name"]))
        try:
            base.wait_until(silent, "doctor finds nothing")
        except AssertionError as error:
            raise AssertionError(f"{error}: {json.dumps(self.doctor()[1])}") from None

    def run_as_told(self, finding):
        for statement in finding["statements"]:
            self.cluster.sql(finding["on"], statement)

    def told(self, node, check, severity, takes_effect):
        """What was just broken, mended as it is told; the finding."""
        finding = self.await_finding(node, check)
        self.assertEqual((finding["severity"], finding["takes_effect"], finding["on"]),
                         (severity, takes_effect, node), finding)
        self.assertTrue(finding["found"] and finding["why"], finding)
        self.run_as_told(finding)
        return finding

    # ---- the same for both -----------------------------------------------------------

    def test_a_clean_cluster_has_one_line_a_node(self):
        self.await_silence()
        code, out, err = self.proxy.ctl("doctor")
        self.assertEqual((code, err), (0, ""), out)
        lines = [line for line in out.splitlines() if not line.startswith("not checked: ")]
        self.assertEqual(len(lines), 3, out)
        for line, node in zip(lines, ("db1", "db2", "db3")):
            self.assertRegex(line, rf"^{node} +(primary|replica) +[0-9.]+ +no findings$")

    def test_help_tells_the_exit_code(self):
        code, out, _ = self.proxy.ctl("doctor", "--help")
        self.assertEqual(code, 0)
        self.assertIn("Exit code 1", " ".join(out.split()))

    def test_one_node_alone(self):
        told = self.doctor("--node", "db2")[1]["nodes"]
        self.assertEqual([node["name"] for node in told], ["db2"])
        code, _, err = self.proxy.ctl("doctor", "--node", "db9")
        self.assertEqual(code, 1)
        self.assertIn("db9", err)

    def test_a_hung_node_costs_nobody_else_anything(self):
        self.cluster.run("pause", "db3")
        try:
            outcome, positions = [], set()
            asking = threading.Thread(target=lambda: outcome.append(self.doctor()))
            asking.start()
            # Probes go on meanwhile: what is written is seen.
            for number in range(1000):
                self.cluster.sql("db1", f"CREATE TABLE probed_{number} (a INT)")
                position = self.proxy.nodes()["db1"]["position"]
                if not asking.is_alive():
                    break
                positions.add(position)
                time.sleep(0.1)
            asking.join()
            self.assertGreater(len(positions), 2)
            (code, told), = outcome
            self.assertEqual(code, 1)
            nodes = {node["name"]: node for node in told["nodes"]}
            self.assertFalse(nodes["db3"]["reachable"])
            self.assertTrue(nodes["db3"]["error"])
            self.assertEqual([nodes[name]["findings"] for name in ("db1", "db2")], [[], []])
        finally:
            self.cluster.run("resume", "db3")
        self.proxy.await_healthy("db1")

    def test_over_http(self):
        status, told = self.proxy.api("GET", "/v1/clusters/test/doctor", over="http")
        self.assertEqual(status, 200)
        self.assertEqual([node["name"] for node in told["nodes"]], ["db1", "db2", "db3"])
        self.assertEqual(told["ran"], [])
        path = "/v1/clusters/test/doctor"
        self.assertEqual(len(self.proxy.api("GET", path + "?node=db2")[1]["nodes"]), 1)
        self.assertEqual(self.proxy.api("GET", path + "?node=db9")[0], 404)
        self.assertEqual(self.proxy.api("GET", "/v1/clusters/nope/doctor")[0], 404)
        for token, expected in ((None, 401), ("wrong", 401), (self.proxy.token, 200)):
            self.assertEqual(self.proxy.api("POST", path, over="http", token=token)[0], expected, token)
        status, told = self.proxy.api("POST", path, {"node": "db2"})
        self.assertEqual((status, len(told["nodes"])), (200, 1))
        self.assertEqual(self.proxy.api("POST", path, {"nodes": "db2"})[0], 400)

"""What the benchmarks of both engines stand on: a cluster, relevo from a release
build in front of it, and a place for both that is removed at the end.

RELEVO_BUILD_DIR names the build (default build/release); relevo-workload is taken
from there, from RELEVO_WORKLOAD, or from where demo.sh builds it.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INTEGRATION = ROOT / "tests" / "integration"
ENGINES = ("postgres", "mysql")
os.environ.setdefault("RELEVO_BUILD_DIR", str(ROOT / "build" / "release"))
if (ROOT / "build" / "workload" / "relevo-workload").exists():
    os.environ.setdefault("RELEVO_WORKLOAD", str(ROOT / "build" / "workload" / "relevo-workload"))


def harness_of(engine):
    """The integration tests' harness of one engine: both modules have the same name."""
    sys.path.insert(0, str(INTEGRATION / "mysql" if engine == "mysql" else INTEGRATION))
    import harness  # pylint: disable=import-outside-toplevel
    return harness


class Stage:
    """Also what harness.Workload wants to know of a test."""

    def __init__(self, engine, replicas=2, relevo=None, **cluster_options):
        self.harness = harness_of(engine)
        self.directory = Path(tempfile.mkdtemp(prefix="relevo-bench-"))
        self.directory.chmod(0o711)
        (self.directory / "proxy").mkdir(mode=0o755)
        self.cluster = self.harness.Cluster(self.directory / "cluster", replicas=replicas, **cluster_options)
        self.proxy = self.harness.Relevo(self.cluster, self.directory / "proxy", relevo)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.kill()
        self.cluster.destroy()
        shutil.rmtree(self.directory, ignore_errors=True)

    def load(self, **options):
        return self.harness.Workload(self, **options)

"""The installed gcloud's own code, run in its own Python without credentials."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.backends import unavailable

_IMPORTABLE = """
import sys
root = sys.argv.pop(1)
sys.path[:0] = [root + "/lib", root + "/lib/third_party"]
"""


@dataclass(frozen=True)
class GcloudPython:
    """Gcloud's Python and its code. Each start of gcloud takes a second; this saves most."""

    python: str
    root: str
    environment: dict[str, str]

    @classmethod
    def find(cls, folder: Path) -> GcloudPython:
        """Of this machine; without one, the test is `unavailable`. `folder` takes its state."""
        gcloud = shutil.which("gcloud")
        if not gcloud:
            unavailable("no gcloud is installed")
        # No credential may reach it: then it would ask Google.
        own = ("CLOUDSDK_", "GOOGLE_")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(own)},
            "CLOUDSDK_CONFIG": str(folder),
            "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        }
        where = "--format=value(basic.python_location,installation.sdk_root)"
        python, root = subprocess.run(
            [gcloud, "info", where], env=environment, capture_output=True, text=True, check=True
        ).stdout.split()
        return cls(python, root, environment)

    def run(
        self, program: str, *arguments: str, cwd: Path, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program that may import `googlecloudsdk`."""
        return subprocess.run(
            [self.python, "-c", _IMPORTABLE + program, self.root, *arguments],
            cwd=cwd,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )

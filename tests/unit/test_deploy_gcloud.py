"""The installed gcloud understands every command line of a deployment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake_tools import ROOT, FakeTools
from tests.gcloud import GcloudPython

# Runs command lines one after another in one process of gcloud's own Python, since each start of
# it takes a second. Without an account a command ends with 1 once its line was understood, and
# with 2 where it was not; nothing reaches the network.
PROGRAM = """
import json, sys
from googlecloudsdk import gcloud_main
cli, codes = gcloud_main.CreateCLI([]), []
for words in json.load(sys.stdin):
    try:
        cli.Execute(words)
        codes.append(0)
    except SystemExit as end:
        codes.append(end.code)
print("\\n" + json.dumps(codes))
"""


Understand = Callable[[list[list[str]]], tuple[list[int], str]]


@pytest.fixture(scope="module")
def understand(tmp_path_factory: pytest.TempPathFactory) -> Understand:
    """The exit codes of command lines without the word `gcloud`, and all that they complained."""
    gcloud = GcloudPython.find(tmp_path_factory.mktemp("gcloud"))

    def ask(lines: list[list[str]]) -> tuple[list[int], str]:
        done = gcloud.run(PROGRAM, cwd=ROOT, stdin=json.dumps(lines))
        return json.loads(done.stdout.splitlines()[-1]), done.stderr

    return ask


def test_every_command_of_a_deployment_is_understood(
    understand: Understand, tmp_path: Path
) -> None:
    told, nobody = FakeTools.make(tmp_path / "told"), FakeTools.make(tmp_path / "nobody")
    for tools, email in ((told, "ops@example.com"), (nobody, "")):
        # Whatever is done the first time, and whatever is done the second time.
        assert tools.deploy(alert_email=email).returncode == 0
        assert tools.deploy(alert_email=email).returncode == 0
    lines = {tuple(call[1:]) for call in told.calls + nobody.calls if call[0] == "gcloud"}
    acting = [list(line) for line in sorted(lines) if line[0] != "version"]
    assert len(acting) > 50
    codes, complaints = understand(acting)
    assert [line for line, code in zip(acting, codes, strict=True) if code != 1] == [], complaints
    assert complaints.count("You do not currently have an active account") == len(acting)


def test_a_wrong_command_is_not_understood(understand: Understand) -> None:
    codes, _ = understand([["functions", "deploy", "x", "--gen3"], ["secrets", "lisd"]])
    assert codes == [2, 2]

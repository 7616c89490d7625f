"""`make demo`: something to look at within a minute, and nothing of anybody's touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from tests.end_to_end.local_run import DEADLINE, LocalRun, run_command


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A demo beside the data of somebody's own ledger, and behind one that was interrupted."""
    root = tmp_path_factory.mktemp("demo")
    folder = root / "demo"
    (folder / "unfinished").mkdir(parents=True)
    (folder / "unfinished" / "firestore.sqlite3").write_text("half of it")
    run = LocalRun(folder, "emulator", command=("demo", "--folder", str(folder)))
    run.environment |= {
        "LEDGER_DATA_DIR": str(root / "own"),
        "LEDGER_READ_ACCESS": "key",
        "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9",
        "GOOGLE_CLOUD_PROJECT": "somebody-s-own",
    }
    with run:
        yield run


def contributions(demo: LocalRun) -> Iterator[dict[str, Any]]:
    """All of them, page by page."""
    page = "/v1/contributions?include_voided=true&limit=1000"
    while page:
        answer = httpx.get(
            demo.address + page, headers={"X-API-Key": "dev-key"}, timeout=DEADLINE, trust_env=False
        )
        yield from answer.raise_for_status().json()
        page = answer.links.get("next", {}).get("url", "")


def test_shows_forty_people_and_six_repositories(demo: LocalRun) -> None:
    people = Counter(who["type"] for who in demo.get("/v1/contributors?limit=100"))
    assert people == {"HUMAN": 40, "BOT": 2, "AGENT": 4}
    assert len(demo.get("/v1/assets")) == 6
    months = demo.get("/v1/months")
    assert len(months) in {24, 25, 26}
    assert any(month["agent_count"] for month in months)


def test_shows_whatever_can_happen_to_a_ledger(demo: LocalRun) -> None:
    people = demo.get("/v1/contributors?limit=100")
    assert sorted(len(who["aliases"]) for who in people)[-3:] == [0, 1, 1]
    [renamed] = [a for a in demo.get("/v1/assets") if a["former_names"]]
    assert (renamed["name"], renamed["former_names"]) == (
        "tideline/harbour-map",
        ["tideline/pier-map"],
    )
    everything = [*contributions(demo)]
    voided = [contribution for contribution in everything if contribution["voided"]]
    assert len(voided) == 4
    assert [len([c for c in some if c["corrects"]]) for some in (voided, everything)] == [0, 1]
    assert any(tool["model"] for c in everything for tool in c["assistance"])
    assert demo.get("/v1/health/tracking")["latest_rejection"]["code"] == "forbidden"


def test_reconciles(demo: LocalRun) -> None:
    of_demo = {"LEDGER_DATA_DIR": str(demo.data_dir), "LEDGER_BACKEND": "embedded"}
    done = run_command("reconcile", environment=demo.environment | of_demo)
    assert done.returncode == 0, done.stdout + done.stderr


def test_touches_no_other_data(demo: LocalRun) -> None:
    assert [path.name for path in demo.data_dir.parent.iterdir() if path.is_dir()] == ["demo"]


def test_starts_again_with_what_is_there(demo: LocalRun) -> None:
    assert "Making up" in demo.output
    assert demo.post("aaaa01") == HTTPStatus.CREATED
    assert demo.stop() == 0
    demo.start()
    assert "Making up" not in demo.output
    assert demo.get("/v1/contributions/octo/hello@aaaa01")["commit_hash"] == "aaaa01"

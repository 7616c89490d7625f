"""A ledger with something of everything in it, for the page to show."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from tests.end_to_end.local_run import DEADLINE, LocalRun

REPOSITORY, OTHER = "octo/ledger", "octo/" + "a-long-name-" * 8
KEY = "dev-key"
ADA, GRACE, AGENT = "ada@example.com", "grace@example.com", "noreply@anthropic.com"
BOT = "49699333+dependabot[bot]@users.noreply.github.com"
# What each of these would do if it were anything but text.
HOSTILE = {
    "markup@example.com": "<img src=x onerror=alert(1)><b>bold</b>",
    "bidi@example.com": "\u202egro.elpmaxe\u202c \u05e9\u05dc\u05d5\u05dd",
    "long@example.com": "W" * 256,
    "formula@example.com": '=HYPERLINK("http://elsewhere.example/","here")',
}


@dataclass
class Lively:
    """The run, and what stands in it."""

    run: LocalRun
    voided: str
    correction: str
    script: str

    @property
    def address(self) -> str:
        return self.run.address

    def get(self, path: str, *, key: str = "") -> Any:
        return _call(self.run, "GET", path, key=key)

    def person(self, email: str) -> str:
        found: str = self.get(f"/v1/contributors/{email}", key=KEY)["id"]
        return found


def fill(data: Path) -> Lively:
    """Start a run with these contributions; the caller stops it."""
    run = LocalRun(data, "embedded")
    run.start()
    commits = [
        {"contributor_email": email, "contributor_name": name}
        for email, name in [
            *[(ADA, "Ada Example")] * 12,
            *[(GRACE, "Grace Example")] * 9,
            *[(BOT, "dependabot[bot]")] * 2,
            (AGENT, "Claude"),
            *HOSTILE.items(),
        ]
    ]
    _record(run, REPOSITORY, commits)
    _record(run, OTHER, commits[:4])
    credited = _call(run, "POST", "/v1/contributions/github", wrong_report())
    _call(run, "DELETE", f"/v1/contributions/{credited['id']}?reason=Too+much")
    right = {name: credited[name] for name in ("contributor_id", "asset_id")} | {
        "cost_amount": "12.345678",
        "corrects": credited["id"],
        "metadata": {"note": "<script>document.title = 'gone'</script>", "constructor": True},
    }
    correction = _call(run, "POST", "/v1/contributions", right)
    further = {"repository": "octo/older-name", "reason": "renamed"}
    _call(run, "POST", f"/v1/assets/{REPOSITORY}/aliases", further)
    assert run.post("no hash") == HTTPStatus.UNPROCESSABLE_ENTITY
    return Lively(run, credited["id"], correction["id"], right["metadata"]["note"])


def wrong_report() -> dict[str, Any]:
    """A report with everything that a contribution's view shows, to be voided."""
    return {
        "contributor_email": ADA,
        "repository": REPOSITORY,
        "commit_hash": "f" * 40,
        "cost_amount": "120.00",
        "co_authors": [{"email": GRACE}, {"email": AGENT}],
        "assistance": [{"agent": "Claude", "model": "claude-opus-4.6"}],
        "url": f"https://github.com/{REPOSITORY}/commit/{'f' * 40}",
        "timestamp": "2026-03-04T05:06:07Z",
        "metadata": {"files_changed": 3, "lines_added": 70, "has_tests": True},
    }


def _record(run: LocalRun, repository: str, commits: list[dict[str, Any]]) -> None:
    reports = [
        commit
        | {
            "commit_hash": hashlib.sha1(f"{repository} {number}".encode()).hexdigest(),  # noqa: S324
            "cost_amount": f"{number}.25",
            "timestamp": f"20{23 + number % 3}-{number % 12 + 1:02}-03T04:05:06Z",
            "metadata": {"files_changed": number, "has_docs": number % 2 == 0},
        }
        for number, commit in enumerate(commits, 1)
    ]
    batch = {"repository": repository, "commits": reports}
    answer = _call(run, "POST", "/v1/contributions/github/batch", batch)
    assert answer["counts"]["recorded"] == len(commits), answer


def _call(run: LocalRun, method: str, path: str, body: Any = None, *, key: str = KEY) -> Any:
    answer = httpx.request(
        method,
        f"{run.address}{path}",
        json=body,
        headers={"X-API-Key": key} if key else {},
        timeout=DEADLINE,
        trust_env=False,
    )
    assert answer.status_code in {HTTPStatus.OK, HTTPStatus.CREATED}, answer.text
    return answer.json()

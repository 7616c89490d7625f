"""Files of the replaced service, as its JSON store wrote them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.domain.contributor import ContributorType
from shared.domain.identity import Classifier
from shared.domain.legacy.file import LegacyFile
from shared.domain.legacy.plan import ImportPlan, plan_import

# The first versions wrote UTC without saying so, the later ones with a Z.
CREATED = "2026-02-13T10:00:00.123456"
RECORDED = "2026-02-14T08:30:00.500000Z"
# When the file is imported.
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class OldStore:
    """Records in the order in which they came; each method gives the new record's id."""

    content: dict[str, Any] = field(
        default_factory=lambda: {
            "projects": [],
            "edges": [],
            "contributors": [],
            "assets": [],
            "contributions": [],
        }
    )
    _ids: int = 0

    def contributor(self, email: str | None = "ann@example.com", **changes: Any) -> str:
        fields = {
            "type": "HUMAN",
            "name": (email or "").partition("@")[0],
            "email": email,
            "wallet_address": None,
            "hourly_rate": None,
            "created_at": CREATED,
        }
        return self._add("contributors", fields | changes)

    def asset(self, repository: str = "octo/repo", **changes: Any) -> str:
        """A repository's asset; other ones come with a `description` of their own."""
        fields = {
            "type": "CODE",
            "description": f"GitHub repository: {repository}",
            "total_cost": "0.00",
            "created_at": CREATED,
        }
        return self._add("assets", fields | changes)

    def contribution(self, by: str, to: str, /, **changes: Any) -> str:
        """A contribution by ids."""
        fields = {
            "contributor_id": by,
            "asset_id": to,
            "cost_amount": "12.50",
            "metadata": {},
            "coherence_score": 0.7,
            "timestamp": RECORDED,
        }
        return self._add("contributions", fields | changes)

    def commit(
        self,
        by: str,
        to: str,
        commit_hash: str = "abc123",
        /,
        *,
        email: str | None = "ann@example.com",
        repository: str = "octo/repo",
        metadata: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A contribution that came with a commit."""
        reported = {
            "files_changed": 3,
            "commit_hash": commit_hash,
            "repository": repository,
            "contributor_email": email,
        }
        both = reported | (metadata or {})
        return self.contribution(by, to, metadata=both, **changes)

    def data(self) -> bytes:
        """The file."""
        return json.dumps(self.content, indent=0).encode()

    def plan(self, rules: dict[str, ContributorType] | None = None) -> ImportPlan:
        file = LegacyFile.parse(self.data())
        return plan_import(file, classify=Classifier(rules or {}), now=NOW)

    def _add(self, name: str, fields: dict[str, Any]) -> str:
        self._ids += 1
        record = {"id": f"{self._ids:08x}-0000-4000-8000-000000000000"} | fields
        self.content[name].append(record)
        return str(record["id"])

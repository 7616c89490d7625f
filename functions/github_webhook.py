"""github-webhook: records the commits of GitHub's own push webhook."""

from __future__ import annotations

from shared.web.entry_point import entry_point

github_webhook = entry_point("github_webhook", {})

"""The version of what runs here: that of the newest section of `CHANGELOG.md` with a number."""

from __future__ import annotations

# Also in pyproject.toml, which no function is deployed with; a test holds all three together.
VERSION = "1.0.0"

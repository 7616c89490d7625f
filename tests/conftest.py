"""What every test shares: deterministic generators, and an environment without `LEDGER_`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ledger",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ledger")

# The functions read their settings when they are imported; the developer's own must not decide
# on the outcome of a test.
for _name in [name for name in os.environ if name.startswith("LEDGER_")]:
    del os.environ[_name]

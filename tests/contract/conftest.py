"""The ledger of a test, on each backend, with everything it sends in view."""

from __future__ import annotations

import pytest
from google.cloud.firestore import Client

from shared.store.ledger import Ledger
from tests.contract.reports import ledger_of
from tests.contract.spy import Spy


@pytest.fixture
def spy(client: Client) -> Spy:
    """What `ledger` sends to Firestore."""
    return Spy(client)


@pytest.fixture
def ledger(spy: Spy) -> Ledger:
    """An empty ledger."""
    return ledger_of(spy.client)

"""What `make smoke` records, to see that a ledger works: by nobody, and in no repository.

It stays in the ledger, voided, and in no list and no count, since nobody contributed it: lists drop
its two documents after the query, and counts take them off, which an index could do only for the
price of every other query.
"""

from __future__ import annotations

from shared.domain.identifiers import (
    contributor_document_id,
    repository_asset_id,
    repository_document_id,
)
from shared.domain.repository import Repository

REPOSITORY = "ledger/smoke-check"
# https://www.rfc-editor.org/rfc/rfc2606: nobody can have this address.
EMAIL = "smoke-check@ledger.invalid"

CONTRIBUTOR = contributor_document_id(EMAIL)
ASSET = repository_document_id(Repository.parse(REPOSITORY))
ACCOUNTS = frozenset({CONTRIBUTOR, ASSET})
ASSET_ID = repository_asset_id(Repository.parse(REPOSITORY))

"""The index file holds what the code's queries need, and nothing else.

Nothing local enforces composite indexes, so they are derived from the queries as they are sent.
Each query must find one index that serves all of it: what must be equal, then what an array must
contain, then the order. Firestore could also merge several indexes, and would then read
contributions that it does not return.
https://firebase.google.com/docs/firestore/query-data/index-overview
"""

from __future__ import annotations

import ast
import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest
from google.cloud.firestore import Client
from google.cloud.firestore_v1.types import StructuredQuery

from shared.domain.asset import NewAsset
from shared.domain.contribution import CommitReport, NewContribution
from shared.domain.contributor import ContributorChange, ContributorType
from shared.domain.errors import NotFound
from shared.domain.fields import parse
from shared.domain.identifiers import contributor_id
from shared.domain.sort import PartSort, Sort
from shared.embedded import open_embedded
from shared.store.browsing import collections
from shared.store.ledger import Ledger, ledger_on
from shared.store.listing import (
    ContributionFilter,
    Cursor,
    Page,
    accounts_query,
    contributions_query,
)
from shared.store.reconciling import Reconciler

SHARED = Path(__file__).parents[2] / "shared"
INDEX_FILE = json.loads((SHARED / "firestore/firestore.indexes.json").read_text("utf-8"))
COLLECTIONS = ("assets", "contributions", "contributors", "participations")
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)

# Indexed although no query of the code asks for them: somebody at the console may.
FOR_THE_CONSOLE = {
    "assets": {"asset_type", "created_at", "github_id", "name"},
    "contributions": {"contributor_email", "cost_basis", "recorded_by", "repository"},
    "contributors": {"contributor_type", "created_at", "email", "name"},
    "participations": set(),
}

# In documents that this version has not written.
OF_OLDER_VERSIONS = {
    "assets": {"last_contribution_at"},
    "contributors": {"last_contribution_at"},
}


class Part(NamedTuple):
    """One field of an index."""

    field: str
    mode: str


class Index(NamedTuple):
    """An index of one collection, or the need for one."""

    collection: str
    parts: tuple[Part, ...]

    @property
    def is_composite(self) -> bool:
        return len(self.parts) > 1


def index_for(query: StructuredQuery) -> Index:
    """The one index that serves a query; without parts where the document ids do."""
    [source] = query.from_
    assert not source.all_descendants, "a collection group needs indexes of its own scope"
    operators = StructuredQuery.FieldFilter.Operator
    fields: dict[str, set[str]] = {"equal": set(), "contains": set(), "range": set()}
    for condition in conditions(query.where):
        match condition.op:
            case operators.EQUAL:
                fields["equal"].add(condition.field.field_path)
            case operators.ARRAY_CONTAINS | operators.ARRAY_CONTAINS_ANY:
                fields["contains"].add(condition.field.field_path)
            case operators.LESS_THAN | operators.GREATER_THAN_OR_EQUAL:
                fields["range"].add(condition.field.field_path)
            case other:
                pytest.fail(f"teach this test what index the operator {other} needs")
    order = [Part(o.field.field_path, o.direction.name) for o in query.order_by]
    if not order:
        order = [Part(field, "ASCENDING") for field in fields["range"]]
    # An order begins with what a range is over, and every index ends with the document id, in
    # the direction of its last field.
    assert fields["range"] <= {part.field for part in order[:1]}
    before = order[-2].mode if len(order) > 1 else "ASCENDING"
    if order and order[-1] == Part("__name__", before):
        order.pop()
    parts = [Part(field, "ASCENDING") for field in sorted(fields["equal"])]
    parts += [Part(field, "CONTAINS") for field in sorted(fields["contains"])]
    return Index(source.collection_id, (*parts, *order))


def conditions(where: StructuredQuery.Filter) -> Iterator[StructuredQuery.FieldFilter]:
    """The conditions that must all hold."""
    if "composite_filter" in where:
        assert where.composite_filter.op is StructuredQuery.CompositeFilter.Operator.AND
        for part in where.composite_filter.filters:
            yield from conditions(part)
    elif "field_filter" in where:
        yield where.field_filter
    else:
        assert not where, "teach this test about unary filters"


class Watched:
    """The Firestore API of a client, which remembers the queries that go through it."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self.queries: list[StructuredQuery] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def run_query(self, request: Any, **options: Any) -> Any:
        self.queries.append(request["structured_query"])
        return self._api.run_query(request=request, **options)

    def run_aggregation_query(self, request: Any, **options: Any) -> Any:
        self.queries.append(request["structured_aggregation_query"].structured_query)
        return self._api.run_aggregation_query(request=request, **options)


class Seen(NamedTuple):
    """What an exercise of everything that queries brought to light."""

    queries: list[StructuredQuery]
    code: set[tuple[str, int]]
    fields: dict[str, set[str]]


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    with open_embedded(None, project="demo-indexes") as store:
        client = store.client()
        watched = client._firestore_api_internal = Watched(client._firestore_api_internal)
        ledger = ledger_on(client, classify=lambda _: ContributorType.HUMAN, clock=lambda: NOW)
        code: set[tuple[str, int]] = set()

        def note(frame: FrameType, event: str, _: Any) -> None:
            code.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

        sys.setprofile(note)
        try:
            exercise(ledger, client)
        finally:
            sys.setprofile(None)
        fields = {
            name: {field for d in client.collection(name).stream() for field in d.to_dict()}
            for name in COLLECTIONS
        }
        yield Seen(watched.queries[:], code, fields)


def exercise(ledger: Ledger, client: Client) -> None:
    """Send every query that the code has, second pages included."""
    for person, repository in itertools.product(("ada@example.com", "bob@example.com"), "rs"):
        report = {"contributor_email": person, "repository": f"o/{repository}"}
        for number in range(2):
            commit = {"commit_hash": f"{ord(person[0]):x}{number:04x}", "co_authors": []}
            ledger.commits.record(parse(CommitReport, report | commit), recorded_by="test")
    for login in ("ada", "lovelace"):
        email = f"123+{login}@users.noreply.github.com"
        report = {"contributor_email": email, "repository": "o/r"}
        commit = {"commit_hash": email[4:5].encode().hex().rjust(6, "0")}
        ledger.commits.record(parse(CommitReport, report | commit), recorded_by="test")
    person_id = ledger.find.contributor("ada@example.com").stored.id
    asset_id = ledger.find.asset("o/r").stored.id
    for find, known in (
        (ledger.find.contributor, person_id),
        (ledger.find.asset, asset_id),
        (ledger.find.contribution, ledger.find.contribution("o/r@610000").stored.id),
    ):
        assert find(known).stored.id == known
        with pytest.raises(NotFound):
            find("00000000-0000-0000-0000-000000000000")
    by_ids = {"contributor_id": person_id, "asset_id": asset_id, "cost_amount": 1}
    ledger.by_ids.record(parse(NewContribution, by_ids), recorded_by="test")
    ledger.registrar.create_asset(parse(NewAsset, {"type": "DATA", "description": "d"}))
    ledger.voids.void("o/s@610000", voided_by="test", reason=None)

    whose = ((), (person_id,), (person_id, contributor_id("bob@example.com")))
    for people, (assets, since, until, voided) in itertools.product(
        whose, itertools.product((False, True), repeat=4)
    ):
        chosen = ContributionFilter(
            contributor_ids=people,
            asset_id=asset_id if assets else None,
            since=datetime(2000, 1, 1, tzinfo=UTC) if since else None,
            until=datetime(2100, 1, 1, tzinfo=UTC) if until else None,
            include_voided=voided,
        )
        follow(ledger.lists.contributions(chosen, limit=1), ledger.lists.contributions, chosen)
    for people, asset in itertools.product(whose, (None, asset_id)):
        chosen = ContributionFilter(contributor_ids=people, asset_id=asset, month="2024-05")
        follow(ledger.lists.contributions(chosen, limit=1), ledger.lists.contributions, chosen)
    for order in PartSort:
        of_asset = partial(ledger.participations.of_asset, ledger.find.asset("o/r"))
        follow(of_asset(order, limit=1), of_asset, order)
        ada = ledger.people.accounts("ada@example.com")
        of_person = partial(ledger.participations.of_contributor, ada)
        follow(of_person(order, limit=1), of_person, order)
    ledger.months.of_ledger()
    ledger.registrar.change_contributor(
        "ada@example.com", parse(ContributorChange, {"name": "Ada"})
    )
    ledger.people.join("ada@example.com", "a@example.com", joined_by="test", reason=None)
    ledger.people.ids(person_id)
    for sort in Sort:
        follow(ledger.lists.contributors(sort, limit=1), ledger.lists.contributors, sort)
        follow(ledger.lists.assets(sort, limit=1), ledger.lists.assets, sort)
    follow(ledger.search.repositories("o/", limit=1), ledger.search.repositories, "o/")
    for search in (ledger.search.people_by_email, ledger.search.people_by_name):
        follow(search("", limit=1), search, "")
    ledger.participations.people_of(ledger.find.asset("o/r"))
    for month in (None, "2020-05"):
        ledger.distributor.parts(ledger.find.asset("o/r"), until=month, most=None)
    commit_hash = "610000"
    first = ledger.lists.contributions_of_commit(commit_hash, limit=1)
    follow(first, ledger.lists.contributions_of_commit, commit_hash)

    ledger.probe.ready()
    ledger.tracker.activity(NOW)
    ledger.tracker.activity_of("o/r")
    ledger.keys.any()
    ledger.keys.all()
    client.document("assets/o:r").update({"total_cost_micros": 0})
    reconciler = Reconciler(ledger.connection, page_size=1)
    assert list(reconciler.spelt_otherwise()) == []
    assert len(list(reconciler.findings(repair=True, progress=lambda *_: None))) == 1
    for collection in collections(client):
        collection.count()
        assert list(collection.documents(1000))


def follow(first: Page[Any], read: Any, what: object) -> None:
    """Read the page behind the first one."""
    assert isinstance(first.next, Cursor)
    assert read(what, limit=1, after=first.next).items


def held() -> list[Index]:
    """The composite indexes of the file."""
    return [
        Index(
            index["collectionGroup"],
            tuple(
                Part(f["fieldPath"], f.get("order") or f["arrayConfig"]) for f in index["fields"]
            ),
        )
        for index in INDEX_FILE["indexes"]
    ]


def exempt(collection: str) -> list[str]:
    """The fields of a collection that no automatic index covers."""
    overrides = INDEX_FILE["fieldOverrides"]
    return [o["fieldPath"] for o in overrides if o["collectionGroup"] == collection]


def needed(queries: Iterable[StructuredQuery]) -> set[Index]:
    return {index_for(query) for query in queries}


class TestCompositeIndexes:
    def test_every_query_finds_the_one_it_needs(self, seen: Seen) -> None:
        composites = {index for index in needed(seen.queries) if index.is_composite}
        assert composites - set(held()) == set()

    def test_none_is_kept_that_no_query_needs(self, seen: Seen) -> None:
        assert set(held()) - needed(seen.queries) == set()

    def test_none_stands_there_twice(self) -> None:
        assert len(held()) == len(set(held()))

    def test_all_are_of_one_collection_and_not_of_a_group(self) -> None:
        assert {index["queryScope"] for index in INDEX_FILE["indexes"]} == {"COLLECTION"}

    def test_the_exercise_calls_every_function_that_builds_a_query(self, seen: Seen) -> None:
        forgotten = {name for name, place in query_builders().items() if place not in seen.code}
        assert forgotten == set()


class TestExemptions:
    """Every index entry is stored and written with its document, so what is never asked for has
    none: free-form content, what only a replay is compared with, and the totals, which change
    with every commit. A composite index covers a field all the same.
    https://firebase.google.com/docs/firestore/solutions/shard-timestamp
    """

    @pytest.mark.parametrize("collection", COLLECTIONS)
    def test_a_field_is_exempt_unless_it_is_asked_for(self, seen: Seen, collection: str) -> None:
        asked_for = {
            index.parts[0].field
            for index in needed(seen.queries)
            if index.collection == collection and len(index.parts) == 1
        }
        fields = seen.fields[collection] | OF_OLDER_VERSIONS.get(collection, set())
        console = FOR_THE_CONSOLE[collection]
        assert console <= fields
        assert sorted(exempt(collection)) == sorted(fields - asked_for - console)

    def test_each_one_switches_every_index_of_its_field_off(self) -> None:
        overrides = INDEX_FILE["fieldOverrides"]
        assert all(override["indexes"] == [] for override in overrides)
        assert {override["collectionGroup"] for override in overrides} <= set(COLLECTIONS)


class TestWhatAQueryNeeds:
    """By hand, so that the derivation is not its own witness."""

    @pytest.mark.parametrize(
        ("chosen", "parts"),
        [
            (ContributionFilter(include_voided=True), ["timestamp DESCENDING"]),
            (ContributionFilter(), ["voided ASCENDING", "timestamp DESCENDING"]),
            (
                ContributionFilter(asset_id="a", include_voided=True),
                ["asset_id ASCENDING", "timestamp DESCENDING"],
            ),
            (
                ContributionFilter(asset_id="a"),
                ["asset_id ASCENDING", "voided ASCENDING", "timestamp DESCENDING"],
            ),
            (
                ContributionFilter(contributor_ids=("c",), include_voided=True),
                ["contributor_ids CONTAINS", "timestamp DESCENDING"],
            ),
            (
                ContributionFilter(contributor_ids=("c",)),
                ["voided ASCENDING", "contributor_ids CONTAINS", "timestamp DESCENDING"],
            ),
            (
                ContributionFilter(asset_id="a", contributor_ids=("c",), include_voided=True),
                ["asset_id ASCENDING", "contributor_ids CONTAINS", "timestamp DESCENDING"],
            ),
            (
                ContributionFilter(asset_id="a", contributor_ids=("c",)),
                [
                    "asset_id ASCENDING",
                    "voided ASCENDING",
                    "contributor_ids CONTAINS",
                    "timestamp DESCENDING",
                ],
            ),
            (
                ContributionFilter(asset_id="a", since=NOW, until=NOW, include_voided=True),
                ["asset_id ASCENDING", "timestamp DESCENDING"],
            ),
        ],
    )
    def test_a_filter_of_contributions(self, chosen: ContributionFilter, parts: list[str]) -> None:
        query = contributions_query(offline_client().collection("contributions"), chosen)
        index = index_for(query._to_protobuf())
        assert [" ".join(part) for part in index.parts] == parts

    def test_an_order_of_assets(self) -> None:
        query = accounts_query(offline_client().collection("assets"), Sort.TOTAL_COST)
        assert index_for(query._to_protobuf()) == Index(
            "assets", (Part("total_cost_micros", "DESCENDING"), Part("id", "DESCENDING"))
        )

    def test_a_document_id_against_the_direction_of_the_order_counts(self) -> None:
        query = offline_client().collection("c").order_by("a").order_by("__name__", "DESCENDING")
        assert index_for(query._to_protobuf()).is_composite

    def test_the_order_of_document_ids_alone_needs_nothing(self) -> None:
        query = offline_client().collection("c").order_by("__name__")
        assert index_for(query._to_protobuf()) == Index("c", ())


def offline_client() -> Client:
    with open_embedded(None, project="demo-indexes") as store:
        return store.client()


def query_builders() -> dict[str, tuple[str, int]]:
    """Every function that gives a query a condition or an order, and where its code begins."""
    found: dict[str, tuple[str, int]] = {}
    for path in sorted(SHARED.rglob("*.py")):
        if "embedded" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(_restricts, ast.walk(node))):
                line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                found[f"{path.name}:{node.name}"] = (str(path), line)
    return found


def _restricts(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"where", "order_by", "collection_group"}
    )

"""Generated requests find no answer that the OpenAPI document does not foretell.

Requests are made from the document: valid ones, which the service must not refuse as invalid, and
invalid ones, which it must not take. The seed is fixed, and each test has a ledger of its own, so
that every run sends the same.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData, ServerError
from schemathesis.openapi.checks import RejectedPositiveData, UndefinedStatusCode, UseAfterFree

from shared.commands.openapi.declared import operations
from tests.http.documented_service import (
    WITH_KEY,
    DocumentedService,
    documented_service,
    signature,
)

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

WEBHOOK = "/v1/webhooks/github"

# Rules that the document tells in words, since no schema can: by these, a request that is valid by
# its schema is a 422.
IN_WORDS = {
    "a string holds a NUL or half a surrogate pair",
    "does not go with month: only live ones count",
    "does not go with email",
    "does not go with name",
    "goes with format=csv or format=ndjson",
    "must hold no control characters",
    "must be from 0 to 10,000,000",
    "must be text that can be seen",
    "goes with repository and include_voided only",
    "is given in the body too",
    "must be at most 100 without a key",
    "must be at most 8 levels deep",
    "must have at most 6 decimals",
    "must have no empty key",
    "must have no key that begins and ends with two underscores",
    "must hold integers of at most 64 bits",
    "must hold no list directly inside a list",
    "was not given for this list",
    "was used before, with another request; choose a new key",
    "with commit_hash there is one contribution, and no pages",
}


class FrontDoor:
    """The service of the test under way, as one WSGI application.

    Nobody can guess a signature: whatever is signed at all gets the right one here, and is a push.
    """

    def __init__(self) -> None:
        self.service: DocumentedService | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert self.service is not None
        if "HTTP_X_HUB_SIGNATURE_256" in environ:
            body = environ["wsgi.input"].read()
            environ["wsgi.input"] = io.BytesIO(body)
            environ["HTTP_X_HUB_SIGNATURE_256"] = signature(body)
            environ["HTTP_X_GITHUB_EVENT"] = "push"
        return self.service.hosting(environ, start_response)


# Nothing is learnt from answers or from the code, so what is sent does not depend on which tests
# ran before, nor on names in the code.
_LEARN_NOTHING = {"extra-data-sources": {"responses": False}}
CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 1,
        "generation": {"with-security-parameters": False},
        "analysis": {"constants": {"enabled": False}},
        "phases": {
            "examples": _LEARN_NOTHING,
            "coverage": _LEARN_NOTHING,
            "fuzzing": {**_LEARN_NOTHING, "error-feedback": {"enabled": False}},
        },
    }
)

DOOR = FrontDoor()


def _api() -> Any:
    with documented_service() as service:
        DOOR.service = service
        api = schemathesis.openapi.from_wsgi("/v1/openapi.json", DOOR, config=CONFIG)
    api.hook(filter_failure)
    return api


@pytest.fixture(autouse=True)
def service() -> Iterator[None]:
    with documented_service() as service:
        assert service.ask("track_commit").status_code == 201
        DOOR.service = service
        yield


def filter_failure(_: Any, failure: Exception, case: Any, response: Any) -> bool:
    """Whether a failure is one: not where the document says in words what is to be expected."""
    match failure:
        case RejectedPositiveData() | AcceptedNegativeData() if case.path == WEBHOOK:
            # What a push has to hold, no other event needs; the rest is read with tolerance.
            return False
        case RejectedPositiveData():
            return not {fault["message"] for fault in response.json()["errors"]} <= IN_WORDS
        case AcceptedNegativeData() if case.path.endswith("/batch"):
            # What is wrong with a commit of a batch stands in its outcome.
            return bool(response.json()["counts"]["invalid"] == 0)
        case ServerError() if case.path == "/v1/health/tracking":
            return bool(case.query.get("strict") != "true")
        case UndefinedStatusCode() if case.path.startswith("/v1/assets/{asset}/aliases"):
            # With a key that is neither a UUID nor owner/name it is the path of a repository.
            return bool(response.status_code != 405)
        case UseAfterFree():
            # What is voided stays.
            return False
    return True


API = _api()


def _test_with_a_key(operation: str) -> Any:
    @API.include(operation_id=operation).parametrize()  # type: ignore[untyped-decorator]
    @settings(max_examples=12)
    def test(case: Any) -> None:
        case.call_and_validate(headers=WITH_KEY)

    return test


def _test_without_a_key(operation: str) -> Any:
    @API.include(operation_id=operation).parametrize()  # type: ignore[untyped-decorator]
    @settings(max_examples=6, phases=[Phase.generate])
    def test(case: Any) -> None:
        case.call_and_validate()

    return test


# One function for each operation: the items that schemathesis makes of one function share a node
# id, and of those with one id pytest-xdist runs one.
for _operation in operations():
    _name = f"test_answers_of_{_operation.name}"
    globals()[f"{_name}_with_a_key_are_documented"] = _test_with_a_key(_operation.name)
    if _operation.method == "GET":
        globals()[f"{_name}_without_a_key_are_documented"] = _test_without_a_key(_operation.name)


def test_every_operation_has_a_test_of_its_own(request: pytest.FixtureRequest) -> None:
    collected = [item.nodeid for item in request.session.items if item.path == request.path]
    assert len(collected) == len(set(collected))


def test_answers_to_requests_that_follow_from_each_other_are_documented() -> None:
    answered: Counter[tuple[str, int]] = Counter()

    # Those that go on with a recorded commit; among all operations hardly any story does.
    steps = ("track_commit", "get_contribution", "get_contributor", "void_contribution")
    api = _api().include(operation_id=list(steps))

    class Story(api.as_state_machine()):  # type: ignore[misc]
        """Requests that go on with what earlier ones were answered: ids, keys, hashes."""

        def setup(self) -> None:
            self.closing = ExitStack()
            DOOR.service = self.closing.enter_context(documented_service())

        def teardown(self) -> None:
            self.closing.close()

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": WITH_KEY}

        def validate_response(self, response: Any, case: Any, **kwargs: Any) -> None:
            answered[case.operation.label, response.status_code] += 1
            case.validate_response(
                response, headers=WITH_KEY, transport_kwargs=kwargs, recorder=self.recorder
            )

    run_state_machine_as_test(Story, settings=settings(max_examples=30, stateful_step_count=10))
    for step in ("GET /v1/contributions/{id}", "DELETE /v1/contributions/{id}"):
        assert answered[step, 200], "no story went on with a recorded contribution"

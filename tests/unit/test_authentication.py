"""Credentials: which header counts, and how keys that are kept in Firestore are looked after."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.domain.api_key import ApiKey, Scope, key_digest, make_key
from shared.domain.errors import Forbidden, Unauthenticated, Unavailable
from shared.store.keys import KeyStore
from shared.web.authentication import Authenticator, Credential
from shared.web.operations import Access

BEGIN = datetime(2024, 5, 1, 12, tzinfo=UTC)
KEY_ID, KEY = make_key(id_bytes=bytes(10), secret_bytes=bytes(32))
OTHER_SECRET = make_key(id_bytes=bytes(10), secret_bytes=b"\x01" * 32)[1]
OTHER_ID = make_key(id_bytes=b"\x01" * 10, secret_bytes=bytes(32))[1]


@dataclass
class Keys:
    """Keys as Firestore would have them, and what was asked of them."""

    kept: dict[str, ApiKey] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    touches: list[str] = field(default_factory=list)

    def find(self, key_id: str) -> ApiKey | None:
        self.reads.append(key_id)
        return self.kept.get(key_id)

    def any(self) -> bool:
        return bool(self.kept)

    def touch(self, key_id: str) -> bool:
        self.touches.append(key_id)
        return True


@dataclass
class Clock:
    now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def request(**headers: str) -> Request:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request(EnvironBuilder(headers=named).get_environ())


def key(scope: Scope = Scope.RECORD, **changes: Any) -> ApiKey:
    fields = {"id": KEY_ID, "name": "kept", "scope": scope, "digest": key_digest(KEY.encode())}
    return ApiKey.model_validate(fields | changes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys() -> Keys:
    return Keys({KEY_ID: key()})


@pytest.fixture
def authenticator(keys: Keys, clock: Clock) -> Authenticator:
    """One that knows no key of the environment."""
    store = cast(KeyStore, keys)
    return Authenticator({}, public_reads=False, clock=clock, key_store=lambda: store)


class TestCredential:
    @pytest.mark.parametrize(
        ("headers", "secret", "is_token"),
        [
            ({"X_API_Key": "k"}, b"k", False),
            ({"X_API_Key": " k "}, b"k", False),
            ({"Authorization": "Bearer k"}, b"k", False),
            ({"Authorization": "BEARER  k "}, b"k", False),
            ({"X_API_Key": "k", "Authorization": "Bearer other"}, b"k", False),
            ({"Authorization": "Bearer a.b.c"}, b"a.b.c", True),
            ({"Authorization": "Bearer a.b"}, b"a.b", False),
            ({"Authorization": "Bearer a.b.c.d"}, b"a.b.c.d", False),
            ({"X_API_Key": "a.b.c"}, b"a.b.c", False),
            ({"X_API_Key": "schl\xc3\xbcssel"}, "schlüssel".encode(), False),
        ],
    )
    def test_is_found_in_either_header(
        self, headers: dict[str, str], secret: bytes, is_token: bool
    ) -> None:
        assert Credential.of(request(**headers)) == Credential(secret, is_token)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"X_API_Key": ""},
            {"X_API_Key": "  "},
            {"Authorization": "Bearer"},
            {"Authorization": "Bearer "},
            {"Authorization": "Basic a2V5"},
            {"Authorization": "k"},
        ],
    )
    def test_is_none_where_there_is_none(self, headers: dict[str, str]) -> None:
        assert Credential.of(request(**headers)) is None


class TestKeptKey:
    def test_is_admitted_by_its_name_and_scope(self, authenticator: Authenticator) -> None:
        caller = authenticator.admit(request(X_API_Key=KEY), Access.RECORD)
        assert caller
        assert (caller.name, caller.scopes) == ("kept", frozenset({Scope.RECORD}))

    @pytest.mark.parametrize("presented", [OTHER_SECRET, OTHER_ID, KEY[:-1], KEY + "x", KEY_ID, ""])
    def test_is_the_whole_key(self, authenticator: Authenticator, presented: str) -> None:
        with pytest.raises(Unauthenticated):
            authenticator.admit(request(X_API_Key=presented), Access.RECORD)

    @pytest.mark.parametrize(
        "changes",
        [
            {"revoked_at": BEGIN - timedelta(days=1)},
            {"expires_at": BEGIN},
            {"expires_at": BEGIN - timedelta(days=1)},
        ],
    )
    def test_is_refused_when_it_is_revoked_or_expired(
        self, authenticator: Authenticator, keys: Keys, changes: dict[str, Any]
    ) -> None:
        keys.kept[KEY_ID] = key(**changes)
        with pytest.raises(Unauthenticated, match="expired or was revoked"):
            authenticator.admit(request(X_API_Key=KEY), Access.RECORD)

    def test_is_read_at_most_once_a_minute_and_noted_as_often(
        self, authenticator: Authenticator, keys: Keys, clock: Clock
    ) -> None:
        for _ in range(3):
            authenticator.admit(request(X_API_Key=KEY), Access.RECORD)
            clock.go_on(seconds=29)
        assert (keys.reads, keys.touches) == ([KEY_ID], [KEY_ID])
        authenticator.admit(request(X_API_Key=KEY), Access.RECORD)
        assert (keys.reads, keys.touches) == ([KEY_ID] * 2, [KEY_ID] * 2)

    def test_is_refused_within_a_minute_of_being_revoked(
        self, authenticator: Authenticator, keys: Keys, clock: Clock
    ) -> None:
        authenticator.admit(request(X_API_Key=KEY), Access.RECORD)
        keys.kept[KEY_ID] = key(revoked_at=BEGIN)
        clock.go_on(seconds=60)
        with pytest.raises(Unauthenticated):
            authenticator.admit(request(X_API_Key=KEY), Access.RECORD)

    def test_expires_on_time_although_it_is_remembered(
        self, authenticator: Authenticator, keys: Keys, clock: Clock
    ) -> None:
        keys.kept[KEY_ID] = key(expires_at=BEGIN + timedelta(seconds=10))
        authenticator.admit(request(X_API_Key=KEY), Access.RECORD)
        clock.go_on(seconds=10)
        with pytest.raises(Unauthenticated):
            authenticator.admit(request(X_API_Key=KEY), Access.RECORD)

    def test_that_does_not_exist_is_looked_for_once(
        self, authenticator: Authenticator, keys: Keys
    ) -> None:
        for _ in range(3):
            with pytest.raises(Unauthenticated):
                authenticator.admit(request(X_API_Key=OTHER_ID), Access.RECORD)
        assert len(keys.reads) == 1
        assert keys.touches == []

    def test_that_has_not_the_form_of_one_is_not_looked_for(
        self, authenticator: Authenticator, keys: Keys
    ) -> None:
        with pytest.raises(Unauthenticated):
            authenticator.admit(request(X_API_Key="anything"), Access.RECORD)
        assert keys.reads == []

    @pytest.mark.parametrize(
        ("scope", "allowed"),
        [
            (Scope.READ, {Access.READ}),
            (Scope.RECORD, {Access.RECORD}),
            (Scope.ADMIN, {Access.READ, Access.RECORD, Access.ADMIN}),
        ],
    )
    def test_allows_what_its_scope_says(
        self, authenticator: Authenticator, keys: Keys, scope: Scope, allowed: set[Access]
    ) -> None:
        keys.kept[KEY_ID] = key(scope)
        for access in (Access.READ, Access.RECORD, Access.ADMIN):
            caller = authenticator.admit(request(X_API_Key=KEY), access)
            assert caller
            if access in allowed:
                authenticator.authorize(caller, access)
            else:
                with pytest.raises(Forbidden):
                    authenticator.authorize(caller, access)


class TestNothingConfigured:
    @pytest.mark.parametrize("headers", [{}, {"X_API_Key": ""}, {"X_API_Key": KEY}])
    @pytest.mark.parametrize("secrets", [{}, {"ci": ""}])
    def test_admits_nobody(
        self, clock: Clock, headers: dict[str, str], secrets: dict[str, str]
    ) -> None:
        store = cast(KeyStore, Keys())
        nobody = Authenticator(secrets, public_reads=True, clock=clock, key_store=lambda: store)
        for access in (Access.RECORD, Access.ADMIN):
            with pytest.raises(Unavailable) as caught:
                nobody.admit(request(**headers), access)
            assert caught.value.code == "no_key_configured"

    def test_leaves_open_what_is_open(self, clock: Clock) -> None:
        nobody = Authenticator({}, public_reads=True, clock=clock)
        for access in (Access.OPEN, Access.SIGNED, Access.READ):
            assert nobody.admit(request(), access) is None

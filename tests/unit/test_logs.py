"""The log's lines: their fields, what a request is called, and what stands for an address."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.web.logs import Log, request_id_of, trace_of, where_raised

TRACE = "105445aa7843bc8bf206b12000100000"


def request(**headers: str) -> Request:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request(EnvironBuilder(method="POST", headers=named).get_environ())


def logged(*, log: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The line about a request, parsed."""
    lines: list[str] = []
    fields: dict[str, Any] = {
        "request_id": "r-1",
        "function": "track_github",
        "path": "/v1/contributions/github",
        "status": 201,
        "seconds": 0.0123456789,
        "outcome": "recorded",
        "facts": {"caller": "ci"},
    }
    about = changes.pop("request", request())
    Log(write=lines.append, **(log or {})).request(about, **fields | changes)
    [line] = lines
    assert "\n" not in line
    parsed: dict[str, Any] = json.loads(line)
    return parsed


class TestLine:
    def test_has_the_fields_of_cloud_logging(self) -> None:
        assert logged() == {
            "severity": "INFO",
            "message": "POST /v1/contributions/github 201 recorded",
            "httpRequest": {
                "requestMethod": "POST",
                "requestUrl": "/v1/contributions/github",
                "status": 201,
                "latency": "0.012346s",
            },
            "function": "track_github",
            "request_id": "r-1",
            "outcome": "recorded",
            "caller": "ci",
        }

    @pytest.mark.parametrize(
        ("status", "severity"),
        [
            (200, "INFO"),
            (399, "INFO"),
            (400, "WARNING"),
            (499, "WARNING"),
            (500, "ERROR"),
            (503, "ERROR"),
        ],
    )
    def test_is_as_severe_as_its_status(self, status: int, severity: str) -> None:
        assert logged(status=status)["severity"] == severity

    def test_is_one_line_of_ascii_whatever_stands_in_it(self) -> None:
        lines: list[str] = []
        Log(write=lines.append).request(
            request(),
            request_id="r",
            function="f",
            path="/\u2028\r\n\x00\x1b[31m\ud800é",
            status=200,
            seconds=0,
            outcome="ok",
            facts={"reason": 'a\n{"severity":"EMERGENCY"}'},
        )
        [line] = lines
        assert line.isascii()
        assert line.isprintable()
        assert json.loads(line)["severity"] == "INFO"

    def test_goes_to_standard_output_at_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        Log().request(
            request(),
            request_id="r",
            function="f",
            path="/",
            status=200,
            seconds=0,
            outcome="ok",
            facts={},
        )
        printed = capsys.readouterr().out
        assert printed.endswith("}\n")
        assert json.loads(printed)["request_id"] == "r"


class TestTrace:
    @pytest.mark.parametrize(
        ("headers", "trace"),
        [
            ({"X_Cloud_Trace_Context": TRACE}, TRACE),
            ({"X_Cloud_Trace_Context": f"{TRACE}/1"}, TRACE),
            ({"X_Cloud_Trace_Context": f"{TRACE}/1234;o=1"}, TRACE),
            ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
            (
                {"X_Cloud_Trace_Context": TRACE, "traceparent": f"00-{'b' * 32}-{'c' * 16}-00"},
                TRACE,
            ),
            (
                {"X_Cloud_Trace_Context": "nonsense", "traceparent": f"00-{TRACE}-{'c' * 16}-00"},
                TRACE,
            ),
            ({}, None),
            ({"X_Cloud_Trace_Context": ""}, None),
            ({"X_Cloud_Trace_Context": TRACE[:-1]}, None),
            ({"X_Cloud_Trace_Context": f"{TRACE}0"}, None),
            ({"X_Cloud_Trace_Context": f"x{TRACE}"}, None),
            ({"X_Cloud_Trace_Context": TRACE.upper()}, None),
            ({"X_Cloud_Trace_Context": "../../traces/x"}, None),
            ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7"}, None),
            ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01-more"}, None),
            ({"traceparent": TRACE}, None),
        ],
    )
    def test_is_that_of_either_header(self, headers: dict[str, str], trace: str | None) -> None:
        assert trace_of(request(**headers)) == trace

    def test_stands_in_the_line_under_the_project(self) -> None:
        line = logged(log={"project": "p-1"}, request=request(X_Cloud_Trace_Context=f"{TRACE}/1"))
        assert line["logging.googleapis.com/trace"] == f"projects/p-1/traces/{TRACE}"

    @pytest.mark.parametrize(
        ("project", "headers"), [(None, {"X_Cloud_Trace_Context": TRACE}), ("p-1", {})]
    )
    def test_stands_in_no_line_without_project_or_header(
        self, project: str | None, headers: dict[str, str]
    ) -> None:
        line = logged(log={"project": project}, request=request(**headers))
        assert not any("trace" in name for name in line)


class TestRequestId:
    @pytest.mark.parametrize(
        "given_id", ["a", "A-1_b.c", "0" * 64, "1e0d3a8e-7c1b-4f0e-9a55-6e2d3f0f2b11"]
    )
    def test_is_the_clients_where_it_is_harmless(self, given_id: str) -> None:
        assert request_id_of(request(X_Request_Id=given_id)) == given_id

    @pytest.mark.parametrize(
        "given_id",
        [
            "",
            " ",
            "a b",
            "a,b",
            "0" * 65,
            "x" * 10_000,
            "é",
            "\xff\xfe",
            "test@example.com",
            '"}',
            "<script>",
            "a\tb",
            "%0d%0a",
        ],
        ids=lambda text: repr(text)[:20],
    )
    def test_is_one_of_our_own_otherwise(self, given_id: str) -> None:
        made_up = [request_id_of(request(X_Request_Id=given_id)) for _ in range(2)]
        assert len(set(made_up)) == 2
        assert all(len(text) == 32 and text.isalnum() for text in made_up)

    @pytest.mark.parametrize("given_id", ["a\n", "a\r\nSet-Cookie: b", "a\x00", "\u2028"])
    def test_never_ends_a_header(self, given_id: str) -> None:
        # No server lets these through; they are put where the server puts a header.
        environ = EnvironBuilder().get_environ() | {"HTTP_X_REQUEST_ID": given_id}
        assert request_id_of(Request(environ)).isalnum()

    @given(st.text(max_size=80))
    def test_is_always_fit_for_a_header(self, given_id: str) -> None:
        environ = EnvironBuilder().get_environ() | {"HTTP_X_REQUEST_ID": given_id}
        chosen = request_id_of(Request(environ))
        assert chosen.isascii()
        assert chosen.isprintable()
        assert 0 < len(chosen) <= 64


class TestPseudonym:
    def test_is_the_same_for_the_same_salt_and_address(self) -> None:
        one, other = Log(salt="s"), Log(salt="s")
        assert one.pseudonym("a@x.org") == other.pseudonym("a@x.org")
        assert one.pseudonym("a@x.org") != one.pseudonym("b@x.org")

    def test_cannot_be_found_out_without_the_salt(self) -> None:
        names = {Log(salt=salt).pseudonym("a@x.org") for salt in ("s", "t", "", "")}
        assert len(names) == 4

    def test_is_short_and_tells_nothing(self) -> None:
        # printf a@x.org | openssl dgst -sha256 -hmac s
        assert Log(salt="s").pseudonym("a@x.org") == "5c4bcf5e0d6fb7d2"

    def test_has_a_salt_that_the_representation_does_not_tell(self) -> None:
        log = Log(salt="very-secret-salt")
        assert "very-secret-salt" not in repr(log)


class TestWhereRaised:
    def test_names_class_and_place_and_not_the_text(self) -> None:
        def explode() -> NoReturn:
            raise RuntimeError("test@example.com")

        with pytest.raises(RuntimeError) as caught:
            explode()
        place = where_raised(caught.value)
        assert place.startswith(f"RuntimeError in {__name__}:")
        assert place.rpartition(":")[2].isdigit()

    def test_names_the_class_of_what_was_never_raised(self) -> None:
        assert where_raised(ValueError("test@example.com")) == "ValueError"

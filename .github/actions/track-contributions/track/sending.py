"""Requests, tried again within bounds."""

from __future__ import annotations

import email.utils
import http.client
import itertools
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from common import Runtime, ServiceError
from text import public

ANSWER_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """An answer, or with status 0 and an `error` that there was none."""

    status: int
    headers: Message = field(default_factory=Message)
    body: bytes = b""
    error: str = ""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        """Whether the same request would be answered the same again."""
        return 0 < self.status < 500 and self.status != 429

    def parsed(self) -> Any:
        """Return the JSON of the body, or None where it holds none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: urllib would carry the credential to whatever origin it names."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Http:
    """Requests that are tried again where trying again can help, for `patience` seconds.

    429, 5xx and network failures wait by exponential backoff with full jitter, and no less than
    `Retry-After` says: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    TIMEOUT = 60.0
    PATIENCE = 600.0  # longer than a ledger takes to be deployed anew or to be restarted
    FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0

    def __init__(self, runtime: Runtime, patience: float = PATIENCE) -> None:
        self._runtime, self._patience = runtime, patience
        self._opener = urllib.request.build_opener(_NoRedirect)

    def exchange(self, ask: Callable[[], urllib.request.Request]) -> Any:
        """Return the JSON of the first 2xx answer; ServiceError with the last failure's reason.

        `ask` makes the request of each try, because what it shows may not last as long.
        """
        deadline = self._runtime.clock() + self._patience
        for attempt in itertools.count(1):
            answer = self._once(ask())
            if answer.is_success:
                return answer.parsed()
            failure = describe_failure(answer)
            if answer.is_final:
                break
            delay = self._delay(answer, attempt)
            if self._runtime.clock() + delay > deadline:
                tries = "1 try" if attempt == 1 else f"{attempt} tries"
                failure += f"; given up after {tries}, the next would be {delay:.0f} s away"
                break
            print(f"{public(failure)}; next try in {delay:.1f} s", file=self._runtime.stderr)
            self._runtime.sleep(delay)
        raise ServiceError(failure)

    def _once(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=self.TIMEOUT) as response:
                return Answer(response.status, response.headers, response.read(ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read(ANSWER_BYTES))
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            return Answer(0, error=f"no answer: {cause or type(cause).__name__}")

    def _delay(self, answer: Answer, attempt: int) -> float:
        uniform = self._runtime.uniform
        own = uniform(0.0, min(self.LONGEST_DELAY, self.FIRST_DELAY * 2 ** min(attempt - 1, 9)))
        asked = _retry_after(answer.headers.get("Retry-After", ""), self._runtime.wall_clock())
        # A little more than asked, or all who were turned away come back at the same moment.
        return max(own, asked * uniform(1.0, 1.1)) if asked else own


def _retry_after(value: str, now: float) -> float | None:
    """Return the seconds of a Retry-After header: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None


def describe_failure(answer: Answer) -> str:
    """Return why a request failed: the service's problem document (RFC 9457), or less."""
    text = answer.error or f"HTTP {answer.status}"
    if 300 <= answer.status < 400:
        target = urllib.parse.urlsplit(answer.headers.get("Location", ""))
        where = f"{target.scheme}://{target.netloc}" if target.netloc else "another path"
        return f"{text}: redirected to {where}, and redirects are not followed; correct the url"
    problem = answer.parsed()
    if not isinstance(problem, dict):
        return text
    said = [str(problem[key]) for key in ("title", "detail") if problem.get(key)]
    text = ": ".join([text, *said])
    if problem.get("code"):
        text += f" ({problem['code']})"
    return "; ".join(filter(None, [text, describe_errors(problem.get("errors"))]))


def describe_errors(errors: object) -> str:
    """Return `[{pointer, message}]` as one line, cut after the third."""
    entries = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    texts = [f"{e.get('pointer', '')} {e.get('message', '')}".strip() for e in entries[:3]]
    return "; ".join(texts + (["..."] if len(entries) > 3 else []))

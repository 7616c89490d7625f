"""A list as a table, sent page by page while it is read: never more than a page is kept."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from contextvars import copy_context
from typing import ClassVar, NamedTuple, TypeVar

from werkzeug.wrappers import Response

from shared.domain.errors import LedgerError
from shared.web.answer import Page
from shared.web.call import Call
from shared.web.connections import LastAnswer, connection_of
from shared.web.formats import VARY
from shared.web.logs import where_raised
from shared.web.table import Form, Row

_M = TypeVar("_M")


class Rows(NamedTuple):
    """The rows of a page, and the page token of the next one; None at the end."""

    rows: Sequence[Row]
    next: str | None


# Reads a page of so many items behind a place.
ReadRows = Callable[[int, str | None], Rows]


class Stream(Page[_M]):
    """A table that is sent while it is read, within the `StreamBounds`.

    Its last line says whether it is complete, where it goes on, or what failed. What came of it is
    known when it has ended.
    """

    STREAMS: ClassVar[bool] = True

    def __init__(
        self,
        call: Call,
        form: Form,
        columns: Sequence[str],
        read: ReadRows,
        *,
        limit: int | None,
        token: str | None,
    ) -> None:
        """With a `limit` it is one page of so many items; without one it goes on to the end.

        Raises what reading the first page raises.
        """
        super().__init__(None, VARY, media_type=form.media_type)
        self._call, self._form, self._columns, self._read = call, form, columns, read
        self._connection = connection_of(call.request)
        self._bounds, self._timing = call.services.streams, call.services.timing
        self._began = self._timing.monotonic()
        self._is_one_page, self._limit = limit is not None, limit or self._bounds.page
        self._first = self._page(token)
        while len(self._first[1]) > self._bounds.bytes and self._limit > 1:
            self._limit //= 2
            self._first = self._page(token)

    def response(self, *, streamed: bool = False) -> Response:
        """The HTTP response, of which nothing is read yet but the first page."""
        kind = LastAnswer if streamed else Response
        return kind(self._sent(), headers=self.headers, content_type=self.media_type)

    def _sent(self) -> Iterator[bytes]:
        """The parts, each of which the client has to take in time.

        What reading takes is not the client's, and so in no limit of its connection.
        """
        connections = self._call.services.connections
        ends_at = connections.now() + self._bounds.ends_after
        with closing(self._parts()) as parts:
            for part in parts:
                limit = connections.of_an_answer(self._connection, ends_at=ends_at)
                with connections.limited(limit):
                    yield part

    def _parts(self) -> Generator[bytes]:
        (page, text), rows, sent, largest = self._first, 0, 0, 0
        # The request's own context, with its deadline, has ended.
        context, has_room = copy_context(), False
        # Unless it comes to its end.
        self.outcome = "cut"
        try:
            yield self._form.head(self._columns).encode()
            while True:
                yield text
                rows, sent, largest = (
                    rows + len(page.rows),
                    sent + len(text),
                    max(largest, len(text)),
                )
                token = page.next
                if token is None:
                    yield self._end("complete", self._form.complete(rows))
                    return
                has_room = has_room or (not self._is_one_page and self._bounds.enter())
                if not has_room or self._is_late() or sent + largest > self._bounds.bytes:
                    break
                page, text = context.run(self._next_page, token)
                if sent + len(text) > self._bounds.bytes:
                    break
            yield self._end("continues", self._form.continues(token))
        except Exception as error:  # noqa: BLE001 - the client is told, in the last line
            yield self._failed(error, token or "")
        finally:
            self._call.facts["rows"] = rows
            if has_room:
                self._bounds.leave()

    def _is_late(self) -> bool:
        return self._timing.monotonic() - self._began > self._bounds.reads_for

    def _next_page(self, token: str) -> tuple[Rows, bytes]:
        self._timing.begin_request()
        return self._page(token)

    def _page(self, token: str | None) -> tuple[Rows, bytes]:
        page = self._read(self._limit, token)
        return page, self._form.rows(self._columns, page.rows).encode()

    def _end(self, outcome: str, line: str) -> bytes:
        self.outcome = outcome
        return line.encode()

    def _failed(self, error: Exception, token: str) -> bytes:
        if not isinstance(error, LedgerError):
            self._call.facts["error"] = where_raised(error)
            error = LedgerError("An unexpected error")
        self._call.facts["code"] = error.code
        # As it would have been before anything was sent: for the log.
        self.status = error.status
        return self._end("failed", self._form.failed(error.code, token))

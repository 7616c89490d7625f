"""The request's body: read within bounds."""

from __future__ import annotations

from collections.abc import Iterator

from werkzeug.wrappers import Request

from shared.domain.errors import MalformedRequest, PayloadTooLarge, UnsupportedMedia

_CHUNK = 64 * 1024
# A client that sends too much has to be heard out before it listens; up to here.
_DRAIN_LIMIT = 32 * 1024 * 1024


def read_body(request: Request, limit: int) -> bytes:
    """The body's bytes; raises `PayloadTooLarge` above `limit` without keeping what is beyond.

    Any `Content-Encoding` is refused: a few kilobytes can unpack to gigabytes.
    """
    if "Content-Encoding" in request.headers:
        raise UnsupportedMedia("Send the body without Content-Encoding")
    if request.content_length is not None and request.content_length > _DRAIN_LIMIT:
        raise PayloadTooLarge(limit)
    chunks: list[bytes] = []
    size = 0
    for chunk in _chunks(request):
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
        if size > _DRAIN_LIMIT:
            break
    if size > limit:
        raise PayloadTooLarge(limit)
    if request.content_length is not None and size < request.content_length:
        # https://www.rfc-editor.org/rfc/rfc9112#section-8
        raise MalformedRequest("The body ended early")
    return b"".join(chunks)


def drain(request: Request) -> bool:
    """Read what is left of a body and throw it away; False where it is too long for that.

    Left to itself, the framework would read all of it into memory before it answers.
    """
    if request.content_length is not None and request.content_length > _DRAIN_LIMIT:
        return False
    size = 0
    try:
        for chunk in _chunks(request):
            size += len(chunk)
            if size > _DRAIN_LIMIT:
                return False
    except MalformedRequest:
        return False
    return True


def _chunks(request: Request) -> Iterator[bytes]:
    try:
        while chunk := request.stream.read(_CHUNK):
            yield chunk
    except Exception:  # noqa: BLE001 - each server has errors of its own for this
        raise MalformedRequest("The body ended early, or is not framed as HTTP wants it") from None


def require_json(request: Request) -> None:
    """Raises `UnsupportedMedia` unless the body is declared as JSON."""
    if request.mimetype != "application/json":
        raise UnsupportedMedia("Send Content-Type: application/json")

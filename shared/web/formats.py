"""In which form an answer is wanted: by `format`, or else by `Accept`."""

from __future__ import annotations

from collections.abc import Mapping

from shared.web.call import Call
from shared.web.queries import choice

# For caches: another `Accept` may get another form.
VARY = {"Vary": "Accept"}


def wanted_form(call: Call, media_types: Mapping[str, str]) -> str:
    """One of the names of some forms, each with its media type; the first where none is asked for.

    Raises `InvalidInput` for a `format` that is none of them.
    """
    if "format" in call.query:
        return choice(call.query, "format", [*media_types])
    names = {told.partition(";")[0]: name for name, told in media_types.items()}
    # Who takes none of them gets the first one, as clients who send no `Accept` do.
    best = call.request.accept_mimetypes.best_match(names, default=next(iter(names)))
    return names[best]

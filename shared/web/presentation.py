"""How a reader sees what is stored: in full with a key, without one with addresses masked."""

from __future__ import annotations

from typing import Any

from shared.domain.contributor import PRIVATE_FIELDS, Contributor
from shared.domain.email import mask_text
from shared.domain.fields import Stored
from shared.domain.participation import AssetContributor, ContributorMonth


def present(stored: Stored, *, masked: bool) -> dict[str, Any]:
    """The JSON form of what is stored."""
    shown = stored.shown()
    if not masked:
        return shown
    if isinstance(stored, Contributor):
        shown["name"] = stored.masked_name()
        for name in PRIVATE_FIELDS:
            del shown[name]
    elif isinstance(stored, AssetContributor | ContributorMonth):
        shown["name"] = stored.masked_name()
    result: dict[str, Any] = mask(shown)
    return result


def columns_of(model: type[Stored], *, masked: bool) -> list[str]:
    """The names of what `present` shows of such a model, in order."""
    fields = (name for name, field in model.model_fields.items() if not field.exclude)
    names = [*fields, *model.model_computed_fields]
    return [name for name in names if not (masked and name in PRIVATE_FIELDS)]


def mask(value: Any) -> Any:
    """A JSON value with every address in its strings and keys masked."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, list):
        return [mask(item) for item in value]
    if isinstance(value, dict):
        masked: dict[str, Any] = {}
        for key, item in value.items():
            hidden = name = mask_text(key)
            # Two keys can look alike once masked; neither may hide the other.
            number = 2
            while name in masked:
                name, number = f"{hidden} ({number})", number + 1
            masked[name] = mask(item)
        return masked
    return value

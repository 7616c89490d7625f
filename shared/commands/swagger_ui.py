"""The files of Swagger UI that the page `/docs` is made of, from the package `flask-swagger-ui`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from shared.commands.errors import CommandError

_PACKAGE = "flask_swagger_ui"
_NAMES = ("swagger-ui.css", "swagger-ui-bundle.js")


def swagger_ui_files() -> Mapping[str, Path]:
    """Each file by where it belongs in hosting's public folder, beside the page.

    Raises `CommandError` where the package is not installed.
    """
    # Found and not imported: nothing but its files is wanted.
    found = find_spec(_PACKAGE)
    if not found or not found.origin:
        raise CommandError(
            f"The package {_PACKAGE} is missing: it is in shared/commands/requirements.txt"
        )
    folder = Path(found.origin).parent / "dist"
    return {f"docs/{name}": folder / name for name in _NAMES}

"""Write the OpenAPI document to where hosting serves it (`make openapi`)."""

from __future__ import annotations

from shared.commands.openapi.document import FILE, as_text


def main() -> None:
    """Write the file; a test fails where this was forgotten."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(as_text(), encoding="utf-8")


if __name__ == "__main__":
    main()

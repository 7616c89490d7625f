"""Prints the first value of a secret, for gcloud to read: `label=random`, or only `random`."""

from __future__ import annotations

import argparse
import secrets

_BYTES = 32


def first_value(label: str | None) -> str:
    """A value that nobody knows, without a line end."""
    value = secrets.token_hex(_BYTES)
    return f"{label}={value}" if label else value


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--label")
    print(first_value(parser.parse_args().label), end="")


if __name__ == "__main__":
    main()

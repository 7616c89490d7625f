"""`make deploy`: run the script, or print it with `--dry-run`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from shared.commands.deploy.options import DEFAULT_REGION, Options
from shared.commands.deploy.script import script
from shared.commands.deploy.variables import settings_to_deploy
from shared.commands.errors import CommandError
from shared.commands.rewrites import Rewrites

ROOT = Path(__file__).resolve().parents[3]


def options_from(arguments: argparse.Namespace) -> Options:
    """The options that were given on the command line and in the environment."""
    return Options(
        project=arguments.project,
        region=arguments.region,
        database_location=arguments.database_location,
        site=arguments.site,
        alert_email=arguments.alert_email,
        max_instances=arguments.max_instances,
        concurrency=arguments.concurrency,
        memory=arguments.memory,
        settings=settings_to_deploy(os.environ, arguments.set),
        python=sys.executable,
    )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m shared.commands.deploy", description=__doc__)
    made.add_argument("--project", required=True, help="id of a project with billing")
    made.add_argument("--region", default=DEFAULT_REGION, help="of the functions (%(default)s)")
    made.add_argument("--database-location", default="", help="of a new database (the region)")
    made.add_argument("--site", default="", help="hosting site, which is taken over (the project)")
    made.add_argument("--alert-email", default="", help="who is told; without it, nobody new is")
    made.add_argument("--max-instances", type=int, default=10, help="of a function (%(default)s)")
    made.add_argument("--concurrency", type=int, default=16, help="of an instance (%(default)s)")
    made.add_argument("--memory", default="", help="of an instance (512Mi, the webhook's 1Gi)")
    made.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="LEDGER_NAME=VALUE",
        help="a setting of the functions, beside those in the environment; may be repeated",
    )
    made.add_argument("--dry-run", action="store_true", help="print the script, and run none of it")
    return made


def main() -> int:
    """Run the command; returns its exit code, where bash does not take its place."""
    arguments = parser().parse_args()
    try:
        options = options_from(arguments)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    functions = Rewrites.load(ROOT / "firebase.json").function_ids()
    text = script(options, functions, root=ROOT)
    if not arguments.dry_run:
        # In place of this process: a Ctrl-C and the exit code are its own.
        os.execvp("bash", ["bash", "-c", text])  # noqa: S606
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())

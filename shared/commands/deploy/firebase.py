"""How firebase-tools is called."""

from __future__ import annotations

from shared.commands.deploy.firebase_source import FOLDER
from shared.commands.deploy.options import Options
from shared.commands.deploy.steps import Argument, Command, Step, command, run


def own(options: Options, module: str, *arguments: Argument) -> Command:
    """A command of this project."""
    return command(options.python, "-m", f"shared.commands.{module}", *arguments)


def firebase(options: Options, *arguments: Argument) -> Command:
    """A firebase-tools command that acts on the project and asks nothing."""
    return command("firebase", *arguments, f"--project={options.project}", "--non-interactive")


def listed(options: Options, path: str, value: str, *arguments: Argument) -> tuple[Command, ...]:
    """Prints `value` if it is at `path` in the JSON that a firebase-tools command prints."""
    return (command("firebase", *arguments, "--json"), own(options, "deploy.pick", path, value))


def deploy_to_firebase(options: Options, what: str) -> tuple[Step, ...]:
    """Deploy one part of `firebase.json`, with the region and the site that were chosen."""
    return (
        run(
            own(
                options,
                "deploy.firebase_source",
                f"--region={options.region}",
                f"--site={options.site}",
            )
        ),
        run(firebase(options, "deploy", f"--only={what}", f"--config={FOLDER}/firebase.json")),
    )

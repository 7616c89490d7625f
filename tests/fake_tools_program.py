"""What the stand-ins of `fake_tools` run: `fake_tools_program.py FOLDER TOOL ARGUMENTS...`.

They note every call, keep what was created, and refuse to create it again or to update what is
not there, as the real ones do. It runs without site packages.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent


class Refused(Exception):
    """The tool ends with an error."""


class Tool:
    """One run of one tool."""

    def __init__(self, state: dict[str, Any], arguments: list[str]) -> None:
        self.state = state
        self.words = [a for a in arguments if not a.startswith("-")]
        self.flags = dict(a[2:].partition("=")[::2] for a in arguments if a.startswith("--"))

    def names(self, kind: str) -> list[Any]:
        found: list[Any] = self.state.get(kind, [])
        return found

    def create(self, kind: str, name: str) -> None:
        if name in self.names(kind):
            raise Refused(f"ALREADY_EXISTS: {name}")
        self.add(kind, name)

    def add(self, kind: str, name: str) -> None:
        self.state.setdefault(kind, []).append(name)

    def require(self, kind: str, name: str) -> None:
        if name not in self.names(kind):
            raise Refused(f"NOT_FOUND: {name}")


# Commands by their words, with the names that they take as arguments left out.
_LISTS = {
    "iam service-accounts list": "service_accounts",
    "logging metrics list": "metrics",
    "firestore databases list": "databases",
    "firestore backups schedules list": "schedules",
    "secrets list": "secrets",
    "monitoring uptime list-configs": "checks",
    "alpha monitoring channels list": "channels",
    "alpha monitoring policies list": "policies",
}


def gcloud(tool: Tool) -> None:
    words = " ".join(tool.words)
    if words == "version":
        print("2026.01.01")
        return
    if "gcloud" not in tool.state["logged_in"]:
        raise Refused("You do not currently have an active account selected.")
    for prefix, kind in _LISTS.items():
        if words == prefix:
            for number, name in enumerate(tool.names(kind)):
                print(f"{name}|{number}" if "separator" in tool.flags["format"] else name)
            return
    for pattern, act in _ACTS.items():
        match = re.fullmatch(pattern, words)
        if match:
            act(tool, *match.groups())
            return
    raise Refused(f"unknown command: {words}")


def _describe_project(tool: Tool, name: str) -> None:
    tool.require("projects", name)
    print(name)


def _add_version(tool: Tool, name: str) -> None:
    tool.require("secrets", name)
    tool.add(f"versions of {name}", sys.stdin.read())


def _list_versions(tool: Tool, name: str) -> None:
    tool.require("secrets", name)
    for number in range(len(tool.names(f"versions of {name}")), 0, -1):
        print(number)


def _access_version(tool: Tool, number: str) -> None:
    print(tool.names(f"versions of {tool.flags['secret']}")[int(number) - 1], end="")


def _bind_secret(tool: Tool, name: str) -> None:
    tool.require("secrets", name)
    tool.require("service_accounts", tool.flags["member"].partition(":")[2])


def _deploy_function(tool: Tool, name: str) -> None:
    if name in tool.state.get("broken", []):
        raise Refused(f"{name}: the build failed")
    tool.require("service_accounts", tool.flags["service-account"])
    tool.state.setdefault("functions", {})[name] = tool.flags


def _policy_name() -> str:
    # Whoever writes into the pipe is ended by a signal where nobody reads it.
    policy = sys.stdin.read()
    match = re.search(r'^displayName: "(.*)"$', policy, re.MULTILINE)
    assert match, policy
    return match[1]


def _put_policy(tool: Tool) -> None:
    name = _policy_name()
    tool.create("policies", name)
    tool.state.setdefault("told", {})[name] = tool.flags.get("notification-channels", "")


def _replace_policy(tool: Tool, policy_id: str) -> None:
    name = tool.names("policies")[int(policy_id)]
    assert name == _policy_name()
    tool.state["told"][name] = tool.flags["set-notification-channels"]


def _describe_policy(tool: Tool, policy_id: str) -> None:
    print(tool.state["told"][tool.names("policies")[int(policy_id)]])


_ACTS: dict[str, Callable[..., None]] = {
    r"projects describe (\S+)": _describe_project,
    r"services enable (.+)": lambda _tool, _names: None,
    r"iam service-accounts create (\S+)": lambda tool, name: tool.create(
        "service_accounts", f"{name}@{tool.flags['project']}.iam.gserviceaccount.com"
    ),
    r"projects add-iam-policy-binding (\S+)": lambda tool, _name: tool.require(
        "service_accounts", tool.flags["member"].partition(":")[2]
    ),
    r"logging metrics create (\S+)": lambda tool, name: tool.create("metrics", name),
    r"logging metrics update (\S+)": lambda tool, name: tool.require("metrics", name),
    r"firestore databases create": lambda tool: tool.create("databases", tool.flags["database"]),
    r"firestore databases update": lambda tool: tool.require("databases", tool.flags["database"]),
    r"firestore backups schedules create": lambda tool: tool.create("schedules", "daily"),
    r"secrets create (\S+)": lambda tool, name: tool.create("secrets", name),
    r"secrets versions list (\S+)": _list_versions,
    r"secrets versions add (\S+)": _add_version,
    r"secrets versions access (\S+)": _access_version,
    r"secrets add-iam-policy-binding (\S+)": _bind_secret,
    r"functions deploy (\S+)": _deploy_function,
    r"monitoring uptime create (.+)": lambda tool, name: tool.create("checks", name),
    r"monitoring uptime update (\S+)": lambda _tool, _check: None,
    r"alpha monitoring channels create": lambda tool: tool.create(
        "channels", tool.flags["channel-labels"].partition("=")[2]
    ),
    r"alpha monitoring policies create": _put_policy,
    r"alpha monitoring policies update (\S+)": _replace_policy,
    r"alpha monitoring policies describe (\S+)": _describe_policy,
}


def firebase(tool: Tool) -> None:
    command, *names = tool.words
    if "firebase" not in tool.state["logged_in"]:
        print(json.dumps({"status": "error", "error": "Failed to authenticate"}))
        raise Refused("Failed to authenticate")
    match command:
        case "projects:list":
            projects = [{"projectId": name} for name in tool.names("firebase_projects")]
            print(json.dumps({"status": "success", "result": projects}))
        case "projects:addfirebase":
            tool.create("firebase_projects", names[0])
        case "hosting:sites:list":
            sites = [{"name": f"projects/p/sites/{name}"} for name in tool.names("sites")]
            print(json.dumps({"status": "success", "result": {"sites": sites}}))
        case "hosting:sites:create":
            tool.create("sites", names[0])
        case "deploy":
            file = Path(tool.flags["config"])
            config = json.loads(file.read_text(encoding="utf-8"))
            named = [*config["firestore"].values(), config["hosting"]["public"]]
            missing = [name for name in named if not (file.parent / name).exists()]
            if missing:
                raise Refused(f"not found: {missing}")
            tool.state.setdefault("deployed", {})[tool.flags["only"]] = config
        case _:
            raise Refused(f"unknown command: {command}")


def python(tool: Tool) -> None:
    """Stands in for the smoke check alone."""
    tool.state["smoke"] = {"url": tool.flags["url"], "keys": sys.stdin.read()}
    if "smoke" in tool.state.get("broken", []):
        raise Refused("list    failed")


def main() -> None:
    folder, name, *arguments = sys.argv[1:]
    with Path(folder, "calls").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps([name, *arguments]) + "\n")
    if name == "python" and arguments[:2] != ["-m", "shared.commands.smoke"]:
        os.chdir(_ROOT)
        os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606
    file = Path(folder, "state")
    tool = Tool(json.loads(file.read_text(encoding="utf-8")), arguments)
    try:
        {"gcloud": gcloud, "firebase": firebase, "python": python}[name](tool)
    except Refused as refusal:
        sys.exit(f"ERROR: {refusal}")
    finally:
        # The tools of a pipeline run at the same time: what only reads must not write.
        if tool.state != json.loads(file.read_text(encoding="utf-8")):
            file.write_text(json.dumps(tool.state), encoding="utf-8")


if __name__ == "__main__":
    main()

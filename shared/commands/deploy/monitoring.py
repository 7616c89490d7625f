"""Who is told when something goes wrong: metrics, an uptime check, alert policies."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from shared.commands.deploy.gcloud import PAIRS, Gcloud, only, second
from shared.commands.deploy.options import Options
from shared.commands.deploy.steps import Keep, Stage, Step, Variable, command, ensure, run

UPTIME_FLAGS = "shared/monitoring/uptime.yaml"

# Stands in an alert's file for what only exists once the check does.
CHECK_ID = "UPTIME_CHECK_ID"

_CHECK = Variable("UPTIME_CHECK")
_CHANNEL = Variable("ALERT_CHANNEL")


def metrics(options: Options, files: Iterable[str]) -> Stage:
    """Metrics counted from the log, each named as its file.

    Made early: an alert may be refused until its metric is known everywhere.
    """
    gcloud = Gcloud(options.project)
    steps: list[Step] = []
    for file in files:
        name, definition = PurePath(file).stem, f"--config-from-file={file}"
        steps += ensure(
            Variable("METRIC"),
            gcloud("logging metrics list", "--format=value(name)"),
            only(name),
            create=(run(gcloud("logging metrics create", name, definition)),),
            update=(run(gcloud("logging metrics update", name, definition)),),
        )
    return Stage("Metrics from the log", tuple(steps))


def alerts(options: Options, files: Iterable[str]) -> Stage:
    """The uptime check, and the policies that say when somebody is told."""
    channel = _channel(options) if options.alert_email else ()
    policies = [step for file in files for step in _policy(options, file)]
    return Stage("Uptime check and alerts", (*_uptime_check(options), *channel, *policies))


def display_name(file: str) -> str:
    """The name by which an alert's policy is found again; its file has the same."""
    return f"Contribution ledger: {PurePath(file).stem.replace('_', ' ')}"


def _uptime_check(options: Options) -> tuple[Step, ...]:
    gcloud = Gcloud(options.project)
    # What a check looks at cannot be changed: another host has another check.
    name = f"Contribution ledger at {options.host}"
    look_up = (
        gcloud("monitoring uptime list-configs", f"--format={PAIRS}(displayName,name.basename())"),
        *second(name),
    )
    flags = f"--flags-file={UPTIME_FLAGS}"
    target = f"--resource-labels=host={options.host},project_id={options.project}"
    create = gcloud(
        "monitoring uptime create",
        name,
        "--resource-type=uptime-url",
        target,
        "--protocol=https",
        flags,
    )
    return ensure(
        _CHECK,
        *look_up,
        create=(run(create), Keep(_CHECK, look_up)),
        update=(run(gcloud("monitoring uptime update", _CHECK, flags)),),
    )


def _channel(options: Options) -> tuple[Step, ...]:
    gcloud = Gcloud(options.project)
    look_up = (
        gcloud("alpha monitoring channels list", f"--format={PAIRS}(labels.email_address,name)"),
        *second(options.alert_email),
    )
    create = gcloud(
        "alpha monitoring channels create",
        "--display-name=Contribution ledger",
        "--type=email",
        f"--channel-labels=email_address={options.alert_email}",
    )
    return ensure(_CHANNEL, *look_up, create=(run(create), Keep(_CHANNEL, look_up)))


def _policy(options: Options, file: str) -> tuple[Step, ...]:
    gcloud = Gcloud(options.project)
    known, told = Variable("ALERT_POLICY"), Variable("ALERTS_TOLD")
    filled = command("sed", ("s/", CHECK_ID, "/", _CHECK, "/"), file)
    create = gcloud(
        "alpha monitoring policies create",
        "--policy-from-file=-",
        *([("--notification-channels=", _CHANNEL)] if options.alert_email else []),
        "--format=none",
    )
    # Replacing a policy would forget whom people have had it tell.
    keep_told = Keep(
        told,
        (
            gcloud(
                "alpha monitoring policies describe",
                known,
                "--format=value(notificationChannels.list())",
            ),
        ),
    )
    replace = gcloud(
        "alpha monitoring policies update",
        known,
        "--policy-from-file=-",
        ("--set-notification-channels=", _CHANNEL if options.alert_email else told),
        "--format=none",
    )
    return ensure(
        known,
        gcloud("alpha monitoring policies list", f"--format={PAIRS}(displayName,name)"),
        *second(display_name(file)),
        create=(run(filled, create),),
        update=(*(() if options.alert_email else (keep_told,)), run(filled, replace)),
    )

"""The functions, their secrets, and the addresses under which hosting serves them."""

from __future__ import annotations

from collections.abc import Iterable

from shared.commands.deploy.firebase import deploy_to_firebase, firebase, listed, own
from shared.commands.deploy.gcloud import FIRST, Gcloud, assignments, only
from shared.commands.deploy.options import Options
from shared.commands.deploy.steps import (
    Choose,
    Command,
    Keep,
    Stage,
    Step,
    Variable,
    ensure,
    run,
)
from shared.commands.deploy.variables import SECRETS, Secret

# The one that the tests run on.
_RUNTIME = "python311"
_TIMEOUT = "60s"
_MEMORY = "512Mi"
# A delivery has up to 25 MiB, and is read as a whole before its signature can be verified.
_MEMORY_OF = {"github_webhook": "1Gi"}


def secrets(options: Options) -> Stage:
    """Secrets, each with a value, that the functions' account may read."""
    steps = [step for secret in SECRETS for step in _secret(options, secret)]
    return Stage("Secrets", tuple(steps))


def functions(options: Options, entry_points: Iterable[str]) -> Stage:
    """All functions, each from the same source with an entry point of its own."""
    deploy = [run(_deploy(options, entry_point)) for entry_point in entry_points]
    return Stage("Functions", tuple(deploy))


def hosting(options: Options) -> Stage:
    """One address for all functions."""
    create = firebase(options, "hosting:sites:create", options.site)
    return Stage(
        "Hosting",
        (
            *ensure(
                Variable("SITE"),
                *listed(
                    options,
                    "result.sites.name",
                    options.site,
                    "hosting:sites:list",
                    f"--project={options.project}",
                ),
                create=(run(create),),
            ),
            *deploy_to_firebase(options, "hosting"),
        ),
    )


def smoke(options: Options) -> Stage:
    """See that it works, with the first of the keys."""
    return Stage(
        f"Smoke check of {options.url}",
        (
            run(
                Gcloud(options.project)(
                    "secrets versions access",
                    _version_of(SECRETS[0]),
                    f"--secret={SECRETS[0].name}",
                ),
                own(
                    options, "smoke", f"--url={options.url}", "--keys-from-stdin", "--patience=300"
                ),
            ),
        ),
    )


def _version_of(secret: Secret) -> Variable:
    return Variable(f"{secret.variable.removeprefix('LEDGER_')}_VERSION")


def _secret(options: Options, secret: Secret) -> tuple[Step, ...]:
    gcloud = Gcloud(options.project)
    version = _version_of(secret)
    newest = Keep(
        version,
        (
            gcloud(
                "secrets versions list",
                secret.name,
                "--filter=state=ENABLED",
                "--sort-by=~createTime",
                "--format=value(name.basename())",
            ),
            # Not with gcloud's own limit, which counts before it filters.
            FIRST,
        ),
    )
    label = (f"--label={secret.label}",) if secret.label else ()
    first = run(
        own(options, "deploy.first_value", *label),
        gcloud("secrets versions add", secret.name, "--data-file=-"),
    )
    allow = gcloud(
        "secrets add-iam-policy-binding",
        secret.name,
        f"--member=serviceAccount:{options.service_account}",
        "--role=roles/secretmanager.secretAccessor",
        "--format=none",
    )
    return (
        *ensure(
            Variable("SECRET"),
            gcloud("secrets list", "--format=value(name.basename())"),
            only(secret.name),
            create=(run(gcloud("secrets create", secret.name, "--replication-policy=automatic")),),
        ),
        newest,
        Choose(version, found=(), absent=(first, newest)),
        run(allow),
    )


def _deploy(options: Options, entry_point: str) -> Command:
    environment = {
        **options.settings,
        "GOOGLE_CLOUD_PROJECT": options.project,
        # functions-framework answers this many requests at a time, whatever Cloud Run sends.
        "THREADS": str(options.concurrency),
    }
    pinned: list[str | Variable] = ["--set-secrets="]
    for number, secret in enumerate(SECRETS):
        pinned += [f"{',' if number else ''}{secret.variable}={secret.name}:", _version_of(secret)]
    return Gcloud(options.project)(
        "functions deploy",
        entry_point.replace("_", "-"),
        "--gen2",
        f"--region={options.region}",
        f"--runtime={_RUNTIME}",
        "--source=.",
        f"--entry-point={entry_point}",
        "--trigger-http",
        # The functions check keys, tokens and signatures themselves.
        "--allow-unauthenticated",
        f"--service-account={options.service_account}",
        f"--max-instances={options.max_instances}",
        f"--concurrency={options.concurrency}",
        "--cpu=1",
        f"--memory={options.memory or _MEMORY_OF.get(entry_point, _MEMORY)}",
        f"--timeout={_TIMEOUT}",
        # Replaces what was set before, so that a setting can be taken away.
        f"--set-env-vars={assignments(environment)}",
        tuple(pinned),
        "--format=none",
    )

"""What the functions stand on: the project's services, an identity, and Firestore."""

from __future__ import annotations

from shared.commands.deploy.firebase import deploy_to_firebase, firebase, listed
from shared.commands.deploy.gcloud import Gcloud, only
from shared.commands.deploy.options import Options
from shared.commands.deploy.steps import (
    Choose,
    Keep,
    Require,
    Stage,
    Variable,
    ensure,
    run,
)

_SERVICES = (
    "artifactregistry",
    "cloudbuild",
    "cloudfunctions",
    "cloudresourcemanager",
    "firebase",
    "firebasehosting",
    "firebaserules",
    "firestore",
    "iam",
    "logging",
    "monitoring",
    "run",
    "secretmanager",
)
_ON_DATABASE = "--database=(default)"
_PROTECTED = ("--delete-protection", "--enable-pitr")

_FIREBASE_PROJECT = Variable("FIREBASE_PROJECT")


def checks(options: Options) -> Stage:
    """Name what is missing while nothing is changed yet."""
    gcloud = Gcloud(options.project)
    alpha = Variable("ALPHA_COMMANDS")
    project = gcloud("projects describe", options.project, "--format=value(projectId)")
    return Stage(
        "What this needs is there (changes nothing)",
        (
            # Alert policies and notification channels have no other commands in every release.
            Keep(alpha, (gcloud("version", "--format=value(alpha)"),)),
            Require(alpha, "gcloud lacks alpha commands. Run: gcloud components install alpha"),
            # Not `auth list`: it knows nothing of tokens, and lists what has expired.
            Keep(
                Variable("PROJECT"),
                (project,),
                f"gcloud is not logged in (gcloud auth login), or there is no {options.project}.",
            ),
            Keep(
                _FIREBASE_PROJECT,
                listed(options, "result.projectId", options.project, "projects:list"),
                "firebase-tools is not logged in (firebase login).",
            ),
        ),
    )


def services(options: Options) -> Stage:
    """Enable what is used, and make the project one of Firebase's."""
    gcloud = Gcloud(options.project)
    names = [f"{name}.googleapis.com" for name in _SERVICES]
    add = firebase(options, "projects:addfirebase", options.project)
    return Stage(
        "Services of the project",
        (
            run(gcloud("services enable", *names)),
            Choose(_FIREBASE_PROJECT, found=(), absent=(run(add),)),
        ),
    )


def identity(options: Options) -> Stage:
    """The account that the functions act as.

    Made early, because a new account is not known everywhere at once.
    """
    gcloud = Gcloud(options.project)
    name = options.service_account.partition("@")[0]
    create = gcloud("iam service-accounts create", name, "--display-name=Contribution ledger")
    return Stage(
        "Service account",
        ensure(
            Variable("SERVICE_ACCOUNT"),
            gcloud("iam service-accounts list", "--format=value(email)"),
            only(options.service_account),
            create=(run(create),),
        ),
    )


def database(options: Options) -> Stage:
    """Firestore: protected from deletion, with any minute of a week and a daily backup to go to."""
    gcloud = Gcloud(options.project)
    create = gcloud(
        "firestore databases create",
        _ON_DATABASE,
        f"--location={options.database_location}",
        "--type=firestore-native",
        *_PROTECTED,
    )
    back_up = gcloud(
        "firestore backups schedules create", _ON_DATABASE, "--recurrence=daily", "--retention=14d"
    )
    allow = gcloud(
        "projects add-iam-policy-binding",
        options.project,
        f"--member=serviceAccount:{options.service_account}",
        "--role=roles/datastore.user",
        "--condition=None",
        "--format=none",
    )
    return Stage(
        "Firestore: database, backups, access, rules, indexes",
        (
            *ensure(
                Variable("DATABASE"),
                gcloud("firestore databases list", "--format=value(name.basename())"),
                only("(default)"),
                create=(run(create),),
                update=(run(gcloud("firestore databases update", _ON_DATABASE, *_PROTECTED)),),
            ),
            *ensure(
                Variable("BACKUP_SCHEDULE"),
                gcloud(
                    "firestore backups schedules list",
                    _ON_DATABASE,
                    # gcloud takes the empty object that stands for a daily one for nothing.
                    "--filter=NOT weeklyRecurrence:*",
                    "--format=value(name)",
                ),
                create=(run(back_up),),
            ),
            run(allow),
            # Before the functions, so that indexes are built while these are deployed.
            *deploy_to_firebase(options, "firestore"),
        ),
    )

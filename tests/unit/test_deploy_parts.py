"""What a deployment plan holds, and the small commands that it is made of."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from shared.commands.deploy import first_value, pick
from shared.commands.deploy.firebase_source import configuration, prepare
from shared.commands.deploy.gcloud import assignments, only, second
from shared.commands.deploy.options import Options
from shared.commands.deploy.plan import Source, plan
from shared.commands.deploy.shell import script
from shared.commands.deploy.steps import Stage, Variable, command, commands_of, run
from shared.commands.deploy.variables import LOCAL, PASSED_ON, SECRETS, settings_to_deploy
from shared.commands.errors import CommandError
from shared.web.settings import Settings, SettingsError

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "test-project"


class Names(dict[str, str]):
    """Gives every variable a value that shows its name."""

    def __missing__(self, name: str) -> str:
        return f"${name}"


def words_of(options: Options) -> list[list[str]]:
    """Every command line of a plan, with `$NAME` for what is only known when it runs."""
    stages = plan(options, Source.read(ROOT))
    values = {
        name: f"${name}" for name in re.findall(r"\b[A-Z_]{2,}\b", script(stages, directory=""))
    }
    return [one.words(values) for stage in stages for one in commands_of(stage.steps)]


class TestPlan:
    def test_threads_equal_the_concurrency(self) -> None:
        options = Options(project=PROJECT, concurrency=7)
        deployed = [w for w in words_of(options) if w[1:3] == ["functions", "deploy"]]
        assert deployed
        for words in deployed:
            assert "--concurrency=7" in words
            assert any(re.search(r"^--set-env-vars=.*\bTHREADS=7\b", word) for word in words)

    def test_every_gcloud_command_names_the_project_and_asks_nothing(self) -> None:
        for words in words_of(Options(project=PROJECT)):
            if words[0] == "gcloud":
                assert f"--project={PROJECT}" in words
                assert "--quiet" in words

    def test_the_account_gets_firestore_and_these_secrets_alone(self) -> None:
        granted = [w for w in words_of(Options(project=PROJECT)) if "add-iam-policy-binding" in w]
        roles = {
            (tuple(words[1:3]), role.removeprefix("--role="), words[3])
            for words in granted
            for role in words
            if role.startswith("--role=")
        }
        assert roles == {
            (("projects", "add-iam-policy-binding"), "roles/datastore.user", PROJECT),
            *(
                (
                    ("secrets", "add-iam-policy-binding"),
                    "roles/secretmanager.secretAccessor",
                    secret.name,
                )
                for secret in SECRETS
            ),
        }

    def test_no_secret_is_pinned_to_latest(self) -> None:
        assert ":latest" not in json.dumps(words_of(Options(project=PROJECT)))


class TestVariables:
    def test_every_setting_is_passed_on_or_secret_or_local(self) -> None:
        # Whatever the settings do not know is refused, and so what they know is found out.
        source = (ROOT / "shared" / "web" / "settings.py").read_text(encoding="utf-8")
        known = set(re.findall(r'"(LEDGER_[A-Z_]+)"', source))
        assert known == PASSED_ON | LOCAL | {secret.variable for secret in SECRETS}
        assert not PASSED_ON & LOCAL

    def test_the_environment_is_taken_and_options_win(self) -> None:
        chosen = settings_to_deploy(
            {"LEDGER_READ_ACCESS": "key", "LEDGER_QUIET_AFTER_HOURS": "9", "HOME": "/"},
            ["LEDGER_READ_ACCESS=public"],
        )
        assert chosen == {"LEDGER_READ_ACCESS": "public", "LEDGER_QUIET_AFTER_HOURS": "9"}

    def test_what_only_clients_read_is_left_alone(self) -> None:
        assert settings_to_deploy({"LEDGER_API_KEY": "x", "LEDGER_URL": "https://x"}, []) == {}

    def test_the_first_values_are_valid_settings(self) -> None:
        environment = {s.variable: first_value.first_value(s.label) for s in SECRETS}
        settings = Settings.from_environment(environment)
        assert list(settings.api_keys) == ["first"]
        assert list(settings.webhook_secrets) == ["github"]
        with pytest.raises(SettingsError):
            Settings.from_environment({"LEDGER_API_KEYS": first_value.first_value(None)})


class TestGcloud:
    @pytest.mark.parametrize(
        ("values", "written"),
        [
            ({"A": "1", "B": "x=y"}, "A=1,B=x=y"),
            ({"A": "1,2", "B": "3"}, "^;^A=1,2;B=3"),
            ({"A": "1,2;3|4", "B": "~0~"}, "^~1~^A=1,2;3|4~1~B=~0~"),
        ],
    )
    def test_assignments_are_separated_by_what_is_in_none(
        self, values: dict[str, str], written: str
    ) -> None:
        assert assignments(values) == written

    def test_a_line_is_looked_for_as_it_is_written(self) -> None:
        assert only("a.b/[c]*").words({}) == ["sed", "-n", r"/^a\.b\/\[c\]\*$/p"]
        found, _ = second("o'hara@x.org")
        assert found.words({}) == ["sed", "-n", r"s/^o'hara@x\.org|//p"]


class TestScript:
    def test_whatever_an_argument_holds_stays_one_argument(self) -> None:
        awkward = command(
            "printf", "a b", "--x=$HOME `id`", ("--y=", Variable("V"), "'z"), "", "--empty="
        )
        text = script((Stage("t", (run(awkward),)),), directory="/tmp")
        assert text.endswith(
            "\n# t\nprintf 'a b' --x='$HOME `id`' --y=\"${V}\"''\"'\"'z' '' --empty=\n"
        )


class TestFirebaseSource:
    def test_region_and_site_are_changed_and_nothing_else(self) -> None:
        original = json.loads((ROOT / "firebase.json").read_text(encoding="utf-8"))
        made = configuration(original, region="us-central1", site="my-site")
        assert made["hosting"].pop("site") == "my-site"
        assert made == {name: original[name] for name in ("firestore", "hosting")}
        schema = ROOT / "tests" / "data" / "firebase-config.json"
        validator = jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8")))
        elsewhere = configuration(original, region="asia-east1", site="s")
        regions = {r["function"]["region"] for r in elsewhere["hosting"]["rewrites"]}
        assert regions == {"asia-east1"}
        validator.validate(elsewhere)

    def test_all_that_the_configuration_names_lies_beside_it(self, tmp_path: Path) -> None:
        for name in ("firebase.json", "shared/firestore", "shared/hosting"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).symlink_to(ROOT / name)
        stale = tmp_path / ".firebase" / "deploy" / "stale"
        stale.mkdir(parents=True)
        folder = prepare(tmp_path, region="r", site="s")
        config = json.loads((folder / "firebase.json").read_text(encoding="utf-8"))
        for name in (*config["firestore"].values(), config["hosting"]["public"]):
            assert (folder / name).exists()
        assert not stale.exists()


class TestPick:
    SITES = json.dumps(
        {
            "status": "success",
            "result": {
                "sites": [{"name": "projects/p/sites/two"}, {"name": "projects/p/sites/one"}]
            },
        }
    )

    @pytest.mark.parametrize(
        ("path", "value", "there"),
        [
            ("result.sites.name", "one", True),
            ("result.sites.name", "on", False),
            ("result.sites.nothing", "one", False),
            ("result.name", "one", False),
            ("result.sites", "one", False),
        ],
    )
    def test_looks_a_value_up(self, path: str, value: str, there: bool) -> None:
        assert pick.is_there(self.SITES, path, value) is there

    @pytest.mark.parametrize(
        ("printed", "said"),
        [
            ('{"status": "error", "error": "Failed to authenticate"}', "Failed to authenticate"),
            ("not json", "no JSON"),
            ("[]", "no success"),
        ],
    )
    def test_an_error_is_not_taken_for_an_absence(self, printed: str, said: str) -> None:
        with pytest.raises(CommandError, match=said):
            pick.is_there(printed, "result.name", "x")

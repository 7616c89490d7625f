"""What a deployment is told, and the small commands that it runs."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest

from shared.commands.deploy import pick
from shared.commands.deploy.firebase_source import configuration, prepare
from shared.commands.deploy.options import Options
from shared.commands.deploy.script import script
from shared.commands.deploy.variables import (
    LOCAL,
    PASSED_ON,
    SECRETS,
    assignments,
    settings_to_deploy,
)
from shared.commands.errors import CommandError

ROOT = Path(__file__).resolve().parents[2]


class TestVariables:
    def test_every_setting_is_passed_on_or_secret_or_local(self) -> None:
        # Whatever the settings do not know is refused, and so what they know is found out.
        source = (ROOT / "shared" / "web" / "settings.py").read_text(encoding="utf-8")
        known = set(re.findall(r'"(LEDGER_[A-Z_]+)"', source))
        assert known == PASSED_ON | LOCAL | set(SECRETS)
        assert not PASSED_ON & LOCAL

    def test_the_environment_is_taken_and_options_win(self) -> None:
        chosen = settings_to_deploy(
            {"LEDGER_READ_ACCESS": "key", "LEDGER_QUIET_AFTER_HOURS": "9", "HOME": "/"},
            ["LEDGER_READ_ACCESS=public"],
        )
        assert chosen == {"LEDGER_READ_ACCESS": "public", "LEDGER_QUIET_AFTER_HOURS": "9"}

    def test_what_only_clients_read_is_left_alone(self) -> None:
        assert settings_to_deploy({"LEDGER_API_KEY": "x", "LEDGER_URL": "https://x"}, []) == {}


class TestAssignments:
    @pytest.mark.parametrize(
        ("values", "written"),
        [
            ({"A": "1", "B": "x=y"}, "A=1,B=x=y"),
            ({"A": "1,2", "B": "3"}, "^;^A=1,2;B=3"),
            ({"A": "1,2;3|4", "B": "~0~"}, "^~1~^A=1,2;3|4~1~B=~0~"),
        ],
    )
    def test_are_separated_by_what_is_in_none(self, values: dict[str, str], written: str) -> None:
        assert assignments(values) == written


class TestScript:
    def test_whatever_a_value_holds_stays_one_value(self, tmp_path: Path) -> None:
        awkward = 'o\'hara "$HOME" `id` \\ \n*'
        options = Options(project="test-project", settings={"LEDGER_TRACKED_BRANCHES": awkward})
        chosen, _, _ = script(options, [], root=tmp_path).partition("\n# What `make deploy` runs")
        printed = subprocess.run(
            ["bash", "-c", f'{chosen}\nprintf "%s" "$VARIABLES"'],
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"LEDGER_TRACKED_BRANCHES={awkward}," in printed.stdout

    @pytest.mark.parametrize(
        ("site", "settings", "url"),
        [
            ("", {}, "https://test-project.web.app"),
            ("my-site", {}, "https://my-site.web.app"),
            ("", {"LEDGER_PUBLIC_URL": "https://ledger.example"}, "https://ledger.example"),
        ],
    )
    def test_links_lead_to_hosting_or_where_the_settings_say(
        self, site: str, settings: dict[str, str], url: str
    ) -> None:
        options = Options(project="test-project", site=site, settings=settings)
        chosen, _, _ = script(options, [], root=ROOT).partition("\n# What `make deploy` runs")
        assert re.findall(r"LEDGER_PUBLIC_URL=([^,\s]*)", chosen) == [url]

    def test_no_secret_is_pinned_to_latest(self) -> None:
        assert ":latest" not in script(Options(project="test-project"), [], root=ROOT)


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
        for name in ("docs.js", "swagger-ui.css", "swagger-ui-bundle.js"):
            assert (folder / config["hosting"]["public"] / "docs" / name).stat().st_size > 0


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

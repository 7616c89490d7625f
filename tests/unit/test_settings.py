"""Settings: what the environment may say, and that a mistake stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.domain.contributor import ContributorType
from shared.web.settings import ReadAccess, Settings, SettingsError


def mistakes(**environment: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environment)
    return caught.value.mistakes


class TestFromEnvironment:
    def test_without_variables_lets_nobody_write_and_everybody_read(self) -> None:
        settings = Settings.from_environment({})
        assert settings.api_keys == {}
        assert settings.read_access is ReadAccess.PUBLIC
        assert not settings.embedded
        assert settings.data_dir == Path(".data")

    def test_reads_every_variable(self) -> None:
        assert Settings.from_environment(
            {
                "LEDGER_API_KEYS": " ci = s3cret=with= , ops=other ",
                "LEDGER_WEBHOOK_SECRETS": "hook=h, one:Octo/*|acme/site=a:b/*=c",
                "LEDGER_TRACKED_BRANCHES": "main, release",
                "LEDGER_CONTRIBUTOR_TYPES": "*@CI.example=BOT,a=b@x.org=AGENT",
                "LEDGER_READ_ACCESS": "key",
                "LEDGER_PUBLIC_URL": "https://ledger.example/",
                "LEDGER_CORS_ORIGINS": "https://pages.example, http://localhost:8000",
                "LEDGER_OIDC_AUDIENCE": "https://ledger.example",
                "LEDGER_OIDC_OWNERS": "583231, 9919",
                "LEDGER_OIDC_ISSUER": "https://issuer.example/",
                "LEDGER_QUIET_AFTER_HOURS": "24",
                "LEDGER_LOG_SALT": "salt",
                "LEDGER_BACKEND": "embedded",
                "LEDGER_DATA_DIR": "elsewhere",
                "GOOGLE_CLOUD_PROJECT": "demo",
                "PATH": "is none of ours",
            }
        ) == Settings(
            api_keys={"ci": "s3cret=with=", "ops": "other"},
            webhook_secrets={"hook": "h", "one": "a:b/*=c"},
            webhook_repositories={"one": ("octo/*", "acme/site")},
            tracked_branches=("main", "release"),
            contributor_types={
                "*@ci.example": ContributorType.BOT,
                "a=b@x.org": ContributorType.AGENT,
            },
            read_access=ReadAccess.KEY,
            public_url="https://ledger.example",
            cors_origins=frozenset({"https://pages.example", "http://localhost:8000"}),
            oidc_audience="https://ledger.example",
            oidc_owners=frozenset({"583231", "9919"}),
            oidc_issuer="https://issuer.example",
            quiet_after_hours=24,
            log_salt="salt",
            project="demo",
            embedded=True,
            data_dir=Path("elsewhere"),
        )

    @pytest.mark.parametrize("text", ["", " ", ",", " , ,"])
    def test_takes_no_keys_for_no_keys(self, text: str) -> None:
        assert Settings.from_environment({"LEDGER_API_KEYS": text}).api_keys == {}

    def test_drops_the_line_end_that_echo_adds_to_a_secret(self) -> None:
        assert Settings.from_environment({"LEDGER_API_KEYS": "ci=s3cret\n"}).api_keys == {
            "ci": "s3cret"
        }

    @pytest.mark.parametrize("text", ["ci", "ci=", "=s3cret", "ci=a,ops", "ci= ,", "ci=a,ci=b"])
    def test_refuses_keys_that_are_not_name_and_secret(self, text: str) -> None:
        [mistake] = mistakes(LEDGER_API_KEYS=text)
        assert mistake.startswith("LEDGER_API_KEYS")

    @pytest.mark.parametrize("name", ["anonymous", "webhook:github", "OIDC:octo/one", "a@b"])
    def test_no_key_is_named_like_somebody_without_one_or_by_an_address(self, name: str) -> None:
        [mistake] = mistakes(LEDGER_API_KEYS=f"{name}=s3cret")
        assert mistake.startswith("LEDGER_API_KEYS: the name of a key must")
        assert "s3cret" not in mistake

    def test_refuses_other_words(self) -> None:
        assert mistakes(LEDGER_READ_ACCESS="private") == [
            "LEDGER_READ_ACCESS must be one of public, key"
        ]
        assert mistakes(LEDGER_BACKEND="memory") == [
            "LEDGER_BACKEND must be one of emulator, embedded"
        ]

    @pytest.mark.parametrize(
        ("environment", "name"),
        [
            ({"LEDGER_QUIET_AFTER_HOURS": "0"}, "LEDGER_QUIET_AFTER_HOURS"),
            ({"LEDGER_QUIET_AFTER_HOURS": "-1"}, "LEDGER_QUIET_AFTER_HOURS"),
            ({"LEDGER_QUIET_AFTER_HOURS": "a day"}, "LEDGER_QUIET_AFTER_HOURS"),
            ({"LEDGER_CONTRIBUTOR_TYPES": "a@b"}, "LEDGER_CONTRIBUTOR_TYPES"),
            ({"LEDGER_CONTRIBUTOR_TYPES": "a@b=SYSTEM"}, "LEDGER_CONTRIBUTOR_TYPES"),
            ({"LEDGER_CONTRIBUTOR_TYPES": "=BOT"}, "LEDGER_CONTRIBUTOR_TYPES"),
            *(
                ({"LEDGER_CONTRIBUTOR_TYPES": f"{pattern}=BOT"}, repr(pattern))
                for pattern in (
                    "*[bot]@users.noreply.*",
                    "bot-*@x.org",
                    "dependabot",
                    "*@a@b",
                    "*@x .org",
                    "@x.org",
                )
            ),
            *(
                ({"LEDGER_TRACKED_BRANCHES": f"main,{pattern}"}, repr(pattern))
                for pattern in (
                    "refs/heads/main",
                    "!refs/heads/main",
                    "release/",
                    "/main",
                    "a b",
                    "a..b",
                    "v[12]",
                    "colou?r",
                    "main.lock",
                    ".hidden",
                    "!",
                )
            ),
            ({"LEDGER_TRACKED_BRANCHES": "!main,!release/*"}, "LEDGER_TRACKED_BRANCHES"),
            ({"LEDGER_OIDC_AUDIENCE": "a", "LEDGER_OIDC_OWNERS": "0583231"}, "LEDGER_OIDC_OWNERS"),
            *(
                ({"LEDGER_WEBHOOK_SECRETS": text}, "LEDGER_WEBHOOK_SECRETS")
                for text in ("h", ":octo/*=h", "one:=h", "one:octo=h", "one:a/b|=h", "a=h,a:b/*=i")
            ),
            # An audience without owners would let everybody's workflows in.
            ({"LEDGER_OIDC_AUDIENCE": "https://ledger.example"}, "LEDGER_OIDC_OWNERS"),
            ({"LEDGER_OIDC_OWNERS": "583231"}, "LEDGER_OIDC_AUDIENCE"),
            ({"LEDGER_OIDC_AUDIENCE": "a", "LEDGER_OIDC_OWNERS": "octo"}, "LEDGER_OIDC_OWNERS"),
        ],
    )
    def test_refuses_values_that_mean_nothing(self, environment: dict[str, str], name: str) -> None:
        [mistake] = mistakes(**environment)
        assert name in mistake

    def test_refuses_the_embedded_store_where_the_disk_goes_with_the_instance(self) -> None:
        with pytest.raises(SettingsError, match="embedded is for local runs only"):
            Settings.from_environment({"LEDGER_BACKEND": "embedded", "K_SERVICE": "track-github"})

    def test_refuses_a_variable_that_does_not_exist(self) -> None:
        assert mistakes(LEDGER_API_KEY="ci=s3cret") == ["LEDGER_API_KEY is not a setting"]

    def test_names_all_mistakes_at_once_and_no_secret(self) -> None:
        environment = {
            "LEDGER_API_KEYS": "s3cret",
            "LEDGER_READ_ACCESS": "private",
            "LEDGER_KEYS": "s3cret",
        }
        assert len(mistakes(**environment)) == 3
        with pytest.raises(SettingsError) as caught:
            Settings.from_environment(environment)
        assert "s3cret" not in str(caught.value)

    def test_shows_no_secret_in_its_representation(self) -> None:
        names = ("LEDGER_API_KEYS", "LEDGER_WEBHOOK_SECRETS", "LEDGER_LOG_SALT")
        settings = Settings.from_environment(dict.fromkeys(names, "ci=s3cret"))
        assert "s3cret" not in repr(settings)


class TestAddresses:
    @pytest.mark.parametrize(
        "text",
        ["ledger.example", "ftp://x.example", "https://x.example/?a=b", 'https://x"y', "https://"],
    )
    def test_of_the_ledger_are_urls(self, text: str) -> None:
        assert mistakes(LEDGER_PUBLIC_URL=text) == [
            "LEDGER_PUBLIC_URL must be like https://ledger.example"
        ]

    @pytest.mark.parametrize(
        "text",
        ["pages.example", "https://pages.example/", "https://x.example/a", "null", "https://*"],
    )
    def test_of_pages_are_origins(self, text: str) -> None:
        [mistake] = mistakes(LEDGER_CORS_ORIGINS=f"https://good.example,{text}")
        assert mistake.startswith("LEDGER_CORS_ORIGINS must be origins")

    def test_of_all_pages_are_a_star(self) -> None:
        settings = Settings.from_environment({"LEDGER_CORS_ORIGINS": "*"})
        assert settings.cors_origins == frozenset()

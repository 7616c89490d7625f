"""Settings: what the environment may say, and that a mistake stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

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
        settings = Settings.from_environment(
            {
                "LEDGER_API_KEYS": " ci = s3cret=with= , ops=other ",
                "LEDGER_READ_ACCESS": "key",
                "LEDGER_BACKEND": "embedded",
                "LEDGER_DATA_DIR": "elsewhere",
                "PATH": "is none of ours",
            }
        )
        assert settings.api_keys == {"ci": "s3cret=with=", "ops": "other"}
        assert settings.read_access is ReadAccess.KEY
        assert settings.embedded
        assert settings.data_dir == Path("elsewhere")

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

    def test_refuses_other_words(self) -> None:
        assert mistakes(LEDGER_READ_ACCESS="private") == [
            "LEDGER_READ_ACCESS must be one of public, key"
        ]
        assert mistakes(LEDGER_BACKEND="memory") == [
            "LEDGER_BACKEND must be one of emulator, embedded"
        ]

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
        settings = Settings.from_environment({"LEDGER_API_KEYS": "ci=s3cret"})
        assert "s3cret" not in repr(settings)

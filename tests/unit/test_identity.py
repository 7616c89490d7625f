"""Who is who: bots and agents by their addresses, people by everything else."""

from __future__ import annotations

import pytest

from shared.domain.contributor import ContributorType
from shared.domain.email import name_from_email
from shared.domain.github_account import GitHubAccount
from shared.domain.identity import Classifier
from shared.web.settings import Settings, SettingsError

HUMAN, BOT, AGENT = ContributorType.HUMAN, ContributorType.BOT, ContributorType.AGENT


class TestClassifier:
    @pytest.mark.parametrize(
        ("email", "expected"),
        [
            ("test@example.com", HUMAN),
            ("21031067+codertocat@users.noreply.github.com", HUMAN),
            ("codertocat@users.noreply.github.com", HUMAN),
            # A login cannot end in [bot]; an address elsewhere says nothing.
            ("someone[bot]@example.com", HUMAN),
            ("noreply@github.com", HUMAN),
            ("bot@example.com", HUMAN),
            ("49699333+dependabot[bot]@users.noreply.github.com", BOT),
            ("41898282+github-actions[bot]@users.noreply.github.com", BOT),
            ("29139614+renovate[bot]@users.noreply.github.com", BOT),
            ("some-app[bot]@users.noreply.github.com", BOT),
            ("support@dependabot.com", BOT),
            ("bot@renovateapp.com", BOT),
            ("action@github.com", BOT),
            ("actions@github.com", BOT),
            ("198982749+copilot@users.noreply.github.com", AGENT),
            ("198982749+copilot-swe-agent[bot]@users.noreply.github.com", AGENT),
            ("158243242+devin-ai-integration[bot]@users.noreply.github.com", AGENT),
            ("161369871+google-labs-jules[bot]@users.noreply.github.com", AGENT),
            ("209825114+claude[bot]@users.noreply.github.com", AGENT),
            ("noreply@anthropic.com", AGENT),
            ("cursoragent@cursor.com", AGENT),
            ("codex@openai.com", AGENT),
            ("noreply@openai.com", AGENT),
            ("noreply@opencode.ai", AGENT),
            ("openhands@all-hands.dev", AGENT),
            ("amp@ampcode.com", AGENT),
            ("223556219+copilot@users.noreply.github.com", AGENT),
            ("81847+claude@users.noreply.github.com", AGENT),
            ("cursoragent@users.noreply.github.com", AGENT),
            ("devin-ai-integration[bot]@users.noreply.github.com", AGENT),
            ("138933559+factory-droid[bot]@users.noreply.github.com", AGENT),
            ("66853113+pre-commit-ci[bot]@users.noreply.github.com", BOT),
            # GitHub Enterprise: a server of one's own, and a tenant of GitHub's.
            ("7+copilot-swe-agent[bot]@users.noreply.github.corp.example", AGENT),
            ("7+google-labs-jules[bot]@users.noreply.octo.ghe.com", AGENT),
            ("7+build[bot]@users.noreply.github.corp.example", BOT),
            ("build[bot]@users.noreply.github.corp.example", BOT),
            ("7+octocat@users.noreply.github.corp.example", HUMAN),
            # There, a person may be called like an agent's account on github.com.
            ("7+claude@users.noreply.github.corp.example", HUMAN),
            ("codex@users.noreply.github.com.corp.example", HUMAN),
            ("copilot@github.com", AGENT),
            ("aider@aider.chat", AGENT),
            # Somebody whose login merely begins or ends like an agent's.
            ("1+claudette@users.noreply.github.com", HUMAN),
            ("1+not-copilot@users.noreply.github.com", HUMAN),
            ("1+claude[bot]x@users.noreply.github.com", HUMAN),
            ("xnoreply@openai.com", HUMAN),
            ("noreply@openai.com.example.com", HUMAN),
            # Those who make an agent are people.
            ("paul@aider.chat", HUMAN),
            ("claude@anthropic.com", HUMAN),
        ],
    )
    def test_goes_by_the_address(self, email: str, expected: ContributorType) -> None:
        assert Classifier()(email) is expected

    def test_an_operators_rule_comes_before_the_known_ones(self) -> None:
        classify = Classifier({"49699333+dependabot[bot]@users.noreply.github.com": HUMAN})
        assert classify("49699333+dependabot[bot]@users.noreply.github.com") is HUMAN
        assert classify("1+renovate[bot]@users.noreply.github.com") is BOT

    def test_the_first_of_two_rules_that_fit_counts(self) -> None:
        classify = Classifier({"ci@corp.example": AGENT, "*@corp.example": BOT})
        assert classify("ci@corp.example") is AGENT
        assert classify("build@corp.example") is BOT

    def test_a_pattern_without_a_star_is_the_whole_address(self) -> None:
        assert Classifier({"corp.example": BOT})("someone@corp.example") is HUMAN

    def test_a_lone_star_fits_everybody(self) -> None:
        assert Classifier({"*": AGENT})("anybody@example.com") is AGENT


class TestContributorTypesSetting:
    def test_reads_addresses_and_patterns_in_their_order(self) -> None:
        value = "Release@Corp.example=BOT, *@agents.example = AGENT ,boss@agents.example=HUMAN"
        settings = Settings.from_environment({"LEDGER_CONTRIBUTOR_TYPES": value})
        assert list(settings.contributor_types.items()) == [
            ("release@corp.example", BOT),
            ("*@agents.example", AGENT),
            ("boss@agents.example", HUMAN),
        ]

    def test_takes_an_address_with_an_equals_sign(self) -> None:
        settings = Settings.from_environment({"LEDGER_CONTRIBUTOR_TYPES": "a=b@corp.example=BOT"})
        assert settings.contributor_types == {"a=b@corp.example": BOT}

    @pytest.mark.parametrize(
        "value", ["ci@corp.example", "=BOT", "ci@corp.example=ROBOT", "a@b=bot"]
    )
    def test_refuses_what_is_no_rule(self, value: str) -> None:
        with pytest.raises(SettingsError, match="must be address=HUMAN, =BOT or =AGENT"):
            Settings.from_environment({"LEDGER_CONTRIBUTOR_TYPES": value})


class TestGitHubAccount:
    @pytest.mark.parametrize(
        ("email", "account"),
        [
            (
                "49699333+dependabot[bot]@users.noreply.github.com",
                GitHubAccount("dependabot[bot]", 49699333),
            ),
            ("octocat@users.noreply.github.com", GitHubAccount("octocat", None)),
            ("a+b@users.noreply.github.com", GitHubAccount("a+b", None)),
            ("1+@users.noreply.github.com", GitHubAccount("1+", None)),
            ("²+octocat@users.noreply.github.com", GitHubAccount("²+octocat", None)),
            (
                "7+octocat@users.noreply.github.corp.example",
                GitHubAccount("octocat", 7, "github.corp.example"),
            ),
            ("octocat@users.noreply.octo.ghe.com", GitHubAccount("octocat", None, "octo.ghe.com")),
            ("octocat@github.com", None),
            ("octocat@noreply.github.com", None),
            ("octocat@users.noreply.", None),
        ],
    )
    def test_is_told_by_a_no_reply_address(self, email: str, account: GitHubAccount | None) -> None:
        assert GitHubAccount.of(email) == account

    def test_gives_a_bot_its_login_as_name(self) -> None:
        email = "49699333+dependabot[bot]@users.noreply.github.com"
        assert name_from_email(email) == "dependabot[bot]"

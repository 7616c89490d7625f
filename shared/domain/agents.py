"""What bots and coding agents really write as the author or co-author of a commit.

Taken from the tools themselves and from public commits, November 2026. An address stands here only
where nobody is reached by it: people who work at an agent's maker write commits too.
"""

from __future__ import annotations

AGENT_ADDRESSES = frozenset(
    {
        "agent@cosine.sh",
        "agent@replit.com",
        "agent@warp.dev",
        "aider@aider.chat",
        "amp@ampcode.com",
        "cascade@windsurf.ai",
        "codex@openai.com",
        "copilot@github.com",
        "crush@charm.land",
        "cursoragent@cursor.com",
        "droid@factory.ai",
        "gemini-cli-agent@google.com",
        "junie@jetbrains.com",
        "noreply@aider.chat",
        "noreply@aider.dev",
        "noreply@anthropic.com",
        "noreply@cline.bot",
        "noreply@continue.dev",
        "noreply@google.com",
        "noreply@kiro.dev",
        "noreply@openai.com",
        "noreply@opencode.ai",
        "noreply@tabnine.com",
        "noreply@x.ai",
        "openhands@all-hands.dev",
        "oz-agent@warp.dev",
        "qoder_ai@qoder.com",
        "qwen-coder@alibabacloud.com",
        "traecli@bytedance.com",
        "vibe@mistral.ai",
    }
)

# GitHub Apps, by the login that stands in their no-reply address on any GitHub host. People can't
# be called so: https://docs.github.com/en/apps/creating-github-apps/about-creating-github-apps
AGENT_APPS = frozenset(
    {
        "amazon-q-developer[bot]",
        "augmentcode[bot]",
        "chatgpt-codex-connector[bot]",
        "claude[bot]",
        "coderabbitai[bot]",
        "copilot-swe-agent[bot]",
        "cursor[bot]",
        "devin-ai-integration[bot]",
        "factory-droid[bot]",
        "gemini-code-assist[bot]",
        "google-labs-jules[bot]",
        "gpt-engineer-app[bot]",
        "grokkybara[bot]",
        "lovable-dev[bot]",
        "opencode-agent[bot]",
        "sourcegraph-cody[bot]",
        "sweep-ai[bot]",
        "v0[bot]",
        "windsurf-bot[bot]",
    }
)

# Accounts of agents among those of people, by their login on github.com. Elsewhere a person may
# be called so.
AGENT_ACCOUNTS = frozenset(
    {
        "aaif-goose",
        "ampagent",
        "claude",
        "codex",
        "copilot",
        "cursoragent",
        "factorydroid",
        "gemini-cli",
        "gemini-cli-robot",
        "kiro-agent",
    }
)

BOT_ADDRESSES = frozenset(
    {
        "action@github.com",
        "actions@github.com",
        "bot@renovateapp.com",
        "support@dependabot.com",
    }
)

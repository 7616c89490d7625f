"""What people and tools call agents and models, and the one name that the ledger has for each.

Taken from the trailers of public commits and from the tools themselves, November 2026. Words are
in lower case, and whatever stands between two words is a blank: `Claude-Code` is `claude code`.
"""

from __future__ import annotations

_SPELLINGS = {
    "Aider": ("aider",),
    "Amazon Q": ("amazon q",),
    "Amp": ("amp", "ampcode", "sourcegraph amp"),
    "Antigravity": ("antigravity", "google antigravity"),
    "Augment": ("augment", "augmentcode", "auggie"),
    "ChatGPT": ("chatgpt", "openai", "openai chatgpt"),
    "Claude": (
        *("anthropic", "claude", "claude code", "claudecode", "fable", "haiku", "opus", "sonnet"),
    ),
    "Cline": ("cline",),
    "CodeRabbit": ("coderabbit", "coderabbitai"),
    "Codex": ("codex", "openai codex", "chatgpt codex"),
    "Continue": ("continue dev",),
    "Cosine": ("cosine",),
    "Crush": ("crush",),
    "Cursor": ("composer", "cursor", "cursoragent"),
    "DeepSeek": ("deepseek",),
    "Devin": ("cognition", "devin"),
    "Factory Droid": ("droid", "factory droid", "factorydroid"),
    "Gemini": ("gemini", "gemini cli", "gemini code assist", "google"),
    "Gemma": ("gemma",),
    "GitHub Copilot": ("copilot", "github copilot", "vscode copilot"),
    "GLM": ("glm",),
    "Goose": ("goose",),
    "GPT": ("gpt",),
    "Granite": ("granite",),
    "Grok": ("grok", "x ai", "xai"),
    "IBM Bob": ("ibm bob",),
    "Jules": ("jules",),
    "Junie": ("junie",),
    "Kilo Code": ("kilo code", "kilocode"),
    "Kimi": ("kimi", "kimi code", "moonshot"),
    "Kiro": ("kiro",),
    "Llama": ("llama",),
    "Lovable": ("lovable", "gpt engineer app"),
    "MiniMax": ("minimax",),
    "Mistral": ("codestral", "devstral", "mistral"),
    "OpenCode": ("opencode",),
    "OpenHands": ("openhands",),
    "Pi": ("pi", "pi dev", "pi coding agent"),
    "Qoder": ("qoder",),
    "Qwen": ("qwen", "qwen code"),
    "Replit": ("replit",),
    "Roo Code": ("roo code", "roocode"),
    "Sourcegraph Cody": ("cody", "sourcegraph cody"),
    "Sourcery": ("sourcery",),
    "Sweep": ("sweep ai",),
    "Tabnine": ("tabnine",),
    "Trae": ("trae", "traecli"),
    "VS Code": ("vscode", "vs code"),
    "Warp": ("oz", "warp"),
    "Windsurf": ("codeium", "windsurf"),
    "Zed": ("zed",),
}
AGENTS = {
    tuple(spelling.split()): name
    for name, spellings in _SPELLINGS.items()
    for spelling in spellings
}
LONGEST_NAME = max(map(len, AGENTS))

# Those whose name is also a person's, or an ordinary word: it has to stand alone.
ORDINARY_NAMES = frozenset(
    {
        *("Amp", "Augment", "Claude", "Cosine", "Crush", "Cursor", "Devin", "Factory Droid"),
        *("Gemini", "Goose", "Granite", "Jules", "Junie", "Mistral", "Pi", "Sourcegraph Cody"),
        *("Warp", "Windsurf", "Zed"),
    }
)
COMPANIONS = frozenset(
    {
        *("a", "agent", "agents", "ai", "and", "app", "assistant", "auto", "bot", "by", "chat"),
        *("cli", "code", "com", "dev", "from", "ide", "in", "llm", "model", "of", "powered"),
        *("the", "tool", "using", "via", "web", "with"),
    }
)

# The words that the name of a model begins with; `o` as in o3.
FAMILIES = frozenset(
    {
        *("chatgpt", "claude", "codestral", "codex", "composer", "deepseek", "devstral", "fable"),
        *("gemini", "gemma", "glm", "gpt", "granite", "grok", "haiku", "kimi", "llama", "minimax"),
        *("mistral", "o", "opus", "qwen", "sonnet"),
    }
)
# What may follow in it. How long or how hard it thinks is no part of its name.
VARIANTS = frozenset(
    {
        *("astra", "chat", "coder", "codex", "fable", "flash", "haiku", "large", "lite", "luna"),
        *("mini", "nano", "opus", "plus", "pro", "reasoner", "small", "sol", "sonnet", "terra"),
        "turbo",
    }
)
# Where another word is the family's.
FAMILY_OF = {"chatgpt": "gpt", "codex": "gpt"} | dict.fromkeys(
    ("fable", "haiku", "opus", "sonnet"), "claude"
)
NO_MODEL = frozenset({"auto", "default", "none", "unknown", "unspecified"})

"""Tools that help to write a commit, as its trailers name them.

Spellings are many, so each is folded. An agent has one name: `Claude Code` and `claude` are
`Claude`. A model is in lower case with hyphens: `Claude Opus 4.6 (1M context)` and
`claude-4-6-opus-20260101` are `claude-opus-4.6`; other families have their version in front.
https://docs.kernel.org/process/coding-assistants.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from shared.domain.agent_names import (
    AGENTS,
    COMPANIONS,
    FAMILIES,
    FAMILY_OF,
    LONGEST_NAME,
    NO_MODEL,
    ORDINARY_NAMES,
    VARIANTS,
)
from shared.domain.contributor import ContributorType
from shared.domain.email import normalise_email
from shared.domain.identity import Classifier

_ADDRESS = re.compile(r"<([^<>]*@[^<>]*)>")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
# `AGENT:MODEL [TOOL1] [TOOL2]`; a path or a URL is none.
_PAIR = re.compile(r"(?P<agent>[^\s:/@(][^:/@(]*?)\s*:\s*(?P<model>[^\s:/][^:]*)")
# With one of these a text tells of a tool whose name is not known here.
_TELLING = re.compile(r"\b(?:AI|LLMs?|(?i:chatbot|models?))\b")
_SEGMENT = re.compile(r"[()\[\]<>,;|/]+|\s[+&-]\s")
_WORD = re.compile(r"[^\W_]+(?:\.\d+)*")
# `qwen3.5`, `o3`, `chatgptv5`
_GLUED = re.compile(r"([a-z]+?)v?(\d[\d.]*[a-z]?)")
_VERSION = re.compile(r"[krv]?\d{1,3}(?:\.\d+)*[a-z]?")
_PART_OF_VERSION = re.compile(r"\d{1,2}")


class Tool(NamedTuple):
    """An agent, and the model that it ran where that is told."""

    agent: str
    model: str | None = None


def tool_of_trailer(value: str) -> Tool | None:
    """The tool that the value of an `Assisted-by` or `Generated-by` trailer tells of.

    None where it tells of a person, who may be thanked with the same trailer, or of nobody.
    """
    address = _ADDRESS.search(value)
    text = _LINK.sub(r"\1", _ADDRESS.sub(" ", value)).strip()
    if address and _is_agent(address[1]):
        return tool_of_co_author(address[1], text)
    pair = _PAIR.fullmatch(text)
    tool = (pair and _tool_of_pair(pair["agent"], pair["model"])) or _tool_in(text)
    if tool and address and text in ORDINARY_NAMES:
        # Beside such a name alone, only an address at its maker's makes it the agent.
        return tool if tool.agent in _Reading(address[1].rpartition("@")[2]).agents else None
    return tool


def tool_of_co_author(email: str, name: str | None) -> Tool:
    """The tool with an agent's address; the name beside it may tell the model too."""
    named = _Reading(name or "")
    agents = [*named.agents, *_Reading(email).agents, named.maker, name, email.partition("@")[0]]
    return Tool(next(agent for agent in agents if agent), named.model)


def agent_named(text: str) -> str:
    """The one name of an agent; another text stays as it is."""
    return AGENTS.get(tuple(_words(text)), text)


def model_named(text: str) -> str | None:
    """The one name of a model; None for a text that says that there is none to tell."""
    words = _words(text)
    if not words or words[0] in NO_MODEL:
        return None
    return _Reading(text).model or "-".join(text.lower().partition("[")[0].split()) or None


def _is_agent(address: str) -> bool:
    try:
        return Classifier()(normalise_email(address)) is ContributorType.AGENT
    except ValueError:
        return False


def _tool_of_pair(agent: str, model: str) -> Tool | None:
    """The tool that `AGENT:MODEL` tells of, where it is no sentence with a colon in it."""
    head = _Reading(agent)
    known = _Reading(model).model or _Reading(f"{agent} {model}").model
    first = model.split()[0].rstrip(".,;")
    looks_like_one = bool(re.search(r"[\d-]", first)) or first.lower() in NO_MODEL
    agents = [name for name in head.agents if name not in ORDINARY_NAMES]
    if head.model or not (known or looks_like_one or agents):
        return None
    return Tool(head.agent or agent, known or model_named(first))


def _tool_in(text: str) -> Tool | None:
    """The tool that free text tells of."""
    reading = _Reading(text)
    agent = reading.agent
    if agent:
        stands_alone = agent not in ORDINARY_NAMES or reading.others <= COMPANIONS
        told = reading.model or stands_alone or re.search(r"\d", text)
        return Tool(agent, reading.model) if told else None
    return Tool(text.partition(" (")[0]) if _TELLING.search(text) else None


class _Reading:
    """What is known of the words of a text.

    `agents` are those named beside models, in order, and one behind `via` in front. `model` is the
    first one, as exactly as it is told anywhere, and `maker` the agent that goes by its name.
    `others` are the words beside the first agent that are not known.
    """

    def __init__(self, text: str) -> None:
        self.agents: list[str] = []
        self.model: str | None = None
        self.maker: str | None = None
        self.others: set[str] = set()
        for segment in _SEGMENT.split(text):
            self._read(_words(segment))

    @property
    def agent(self) -> str | None:
        return self.agents[0] if self.agents else self.maker

    def _read(self, words: Sequence[str]) -> None:
        at, others, is_first = 0, set(), not self.agents
        while at < len(words):
            begin = at
            model, at = _model_at(words, begin)
            if model:
                self._note(model, words[begin:at])
                continue
            agent, at = _agent_at(words, begin)
            if agent:
                self.agents.insert(0 if "via" in words[:begin] else len(self.agents), agent)
            else:
                others.add(words[begin])
        if is_first and self.agents:
            self.others = others

    def _note(self, model: str, words: Sequence[str]) -> None:
        if self.model is None:
            self.maker = next(
                (AGENTS[word,] for word in reversed(words) if (word,) in AGENTS), "GPT"
            )
        if self.model is None or model.startswith(self.model):
            self.model = model


def _agent_at(words: Sequence[str], at: int) -> tuple[str | None, int]:
    """The agent whose name begins there, and where it ends."""
    for end in range(min(at + LONGEST_NAME, len(words)), at, -1):
        agent = AGENTS.get(tuple(words[at:end]))
        if agent:
            return agent, end
    return None, at + 1


def _model_at(words: Sequence[str], at: int) -> tuple[str | None, int]:
    """The model whose name begins there, and where it ends; the name of a family alone is none."""
    if words[at] not in FAMILIES:
        return None, at + 1
    family = FAMILY_OF.get(words[at], words[at])
    variants = [words[at]] if words[at] in VARIANTS else []
    version, end = "", at + 1
    for word in words[end:]:
        if not version and _VERSION.fullmatch(word):
            version = word
        elif _PART_OF_VERSION.fullmatch(word) and _PART_OF_VERSION.fullmatch(words[end - 1]):
            version += f".{word}"
        elif word in VARIANTS and word not in variants:
            variants.append(word)
        else:
            break
        end += 1
    if not version and not set(variants) - {"codex"}:
        return None, at + 1
    parts = [*variants, version] if family == "claude" else [version, *variants]
    name = "-".join([family, *filter(None, parts)])
    return (name.replace("o-", "o", 1) if family == "o" else name), end


def _words(text: str) -> list[str]:
    """The words of a text in lower case, the name of a model apart from its version."""
    words: list[str] = []
    for word in _WORD.findall(text.lower()):
        glued = _GLUED.fullmatch(word)
        words += glued.groups() if glued and glued[1] in FAMILIES else [word]
    return words

"""What every part shares: the errors, and the world outside."""

from __future__ import annotations

import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TextIO


class TrackError(Exception):
    """Something could not be reported; the text says why and is fit for a public log."""


class ConfigurationError(TrackError):
    """An input or an option cannot be used."""


class GitError(TrackError):
    """git refused a command."""


class MissingTool(TrackError):
    """The machine has no git: nothing can be reported, and nothing is wrong with the push."""


class ServiceError(TrackError):
    """The ledger, or GitHub's token service, did not do what it was asked."""


@dataclass(frozen=True)
class Runtime:
    """The world outside, handed in so that a test neither patches nor waits."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform
    columns: Callable[[], int] = lambda: shutil.get_terminal_size().columns

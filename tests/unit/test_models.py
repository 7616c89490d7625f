"""Models are built when they are first used, by whichever requests come first, many at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import main

FIRST_USE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from pydantic import ValidationError

from functions import contributors, track_github
from shared.domain.fields import Request, Stored


def models_of(base):
    for model in base.__subclasses__():
        yield model
        yield from models_of(model)


def use(_):
    for model in models:
        together.wait()
        try:
            assert type(model.model_validate({})) is model
        except ValidationError as error:
            assert error.title == model.__name__


sys.setswitchinterval(1e-6)
models = [*models_of(Request), *models_of(Stored)]
assert any(not model.__pydantic_complete__ for model in models)
together = Barrier(16, timeout=30)
with ThreadPoolExecutor(16) as pool:
    list(pool.map(use, range(16)))
"""


# With pydantic before 2.14 it fails in every second run.
# https://github.com/pydantic/pydantic/issues/13419
def test_many_threads_use_each_for_the_first_time() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_USE],
        cwd=Path(main.__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

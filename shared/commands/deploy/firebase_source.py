"""Prepares what `firebase deploy` reads, for another region or site than `firebase.json` names.

firebase-tools looks for everything beside its configuration, so the files that are named there go
into a folder of their own together with a changed copy of it. `firebase.json` stays as it is.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from shared.commands.swagger_ui import swagger_ui_files

# Ignored by git, and firebase-tools' own place for what it makes.
FOLDER = ".firebase/deploy"


def configuration(firebase_json: dict[str, Any], *, region: str, site: str) -> dict[str, Any]:
    """The parts that are deployed, with every rewrite's function in `region`."""
    hosting = dict(firebase_json["hosting"])
    hosting["site"] = site
    hosting["rewrites"] = [
        {**rewrite, "function": {**rewrite["function"], "region": region}}
        for rewrite in hosting["rewrites"]
    ]
    return {"firestore": firebase_json["firestore"], "hosting": hosting}


def prepare(root: Path, *, region: str, site: str) -> Path:
    """Write the folder anew and return it."""
    config = configuration(
        json.loads((root / "firebase.json").read_text(encoding="utf-8")), region=region, site=site
    )
    folder = root / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "firebase.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    for name in config["firestore"].values():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, folder / name)
    public = folder / config["hosting"]["public"]
    shutil.copytree(root / config["hosting"]["public"], public)
    for name, file in swagger_ui_files().items():
        shutil.copy(file, public / name)
    return folder


def main() -> None:
    """Run the command in the project's root."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--region", required=True)
    parser.add_argument("--site", required=True)
    arguments = parser.parse_args()
    prepare(Path.cwd(), region=arguments.region, site=arguments.site)


if __name__ == "__main__":
    main()

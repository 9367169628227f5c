"""Creates a project folder: places for data and models, a commented configuration, an example environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tradewind.app.config import SETTINGS, load
from tradewind.app.settings.example import env_example, toml_example
from tradewind.errors import Misconfigured

FOLDERS: Final = (
    "data/raw",
    "data/features",
    "data/processed",
    "models/checkpoints",
    "models/promoted",
    "logs",
    "reports",
)
IGNORED: Final = ".env\n.env.aws\ndata/\nmodels/\nlogs/\nreports/\n"


def require_folder(folder: Path, where: str) -> None:
    """Raises ``Misconfigured`` when a file lies at ``folder``, or on the way to it."""
    for place in (folder.absolute(), *folder.absolute().parents):
        if place.exists():
            if not place.is_dir():
                raise Misconfigured(f"{place} is a file", where=where, allowed="a folder, or a name that is free")
            return


def create_project(folder: Path, values: dict[str, Any], *, force: bool) -> list[Path]:
    """Writes the project and returns what was created, in order; folders that exist are left as they are.

    ``values`` are the answers as ``{"symbols": ("EUR/USD",)}``; they are checked before anything is written.

    Raises:
        Misconfigured: an answer is wrong, or a file is there already and ``force`` is False; nothing was written.
    """
    load(environment={}, overrides=values, folder=folder / "nothing is read from here")
    require_folder(folder, "tradewind init")
    files = {
        folder / "tradewind.toml": toml_example(SETTINGS.values(), values),
        folder / ".env.example": env_example(SETTINGS.values()),
    }
    present = [str(path) for path in files if path.exists()]
    if present and not force:
        raise Misconfigured(
            f"already there: {', '.join(present)}",
            where="tradewind init",
            allowed="a folder without them",
            next_step="choose another folder, or overwrite these files with --force",
        )
    created = [folder / name for name in FOLDERS if not (folder / name).is_dir()]
    for place in created:
        place.mkdir(parents=True)
    for path, text in files.items():
        path.write_text(text, "utf-8")
        created.append(path)
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text(IGNORED, "utf-8")
        created.append(folder / ".gitignore")
    return created

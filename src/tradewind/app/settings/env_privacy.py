"""Whether files with secrets in them can be read by other users of the machine."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from tradewind.app.settings.sources import Names, read_env_file
from tradewind.errors import Misconfigured

FILES: Final = (".env", ".env.aws")


def open_to_others(folder: Path, names: Names) -> list[str]:
    """One line for each file of variables that holds a secret and lets group or others read it; none is printed."""
    found = []
    for name in FILES:
        path = folder / name
        if not path.is_file() or not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            continue
        try:
            written = read_env_file(path)
        except Misconfigured:  # whoever reads the configuration says that
            continue
        secret = [key for key, value in written.items() if value and _is_secret(key, names)]
        if secret:
            mode = stat.S_IMODE(path.stat().st_mode)
            found.append(f"{name} (mode {mode:04o}) holds {secret[0]} and other users can read it: chmod 600 {name}")
    return found


def _is_secret(variable: str, names: Names) -> bool:
    target = names.variables.get(variable)
    return target is not None and "Secret" in str(names.settings[target[0]].annotation)

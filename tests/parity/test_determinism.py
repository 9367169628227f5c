"""The same bars, configuration and program give the same bytes, whatever the hash seed, folder or time zone."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import scene
from tests.parity.conftest import Project, run_outside

PLACES = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/New_York"},
)


@pytest.mark.req("X05")
def test_a_backtest_is_the_same_document_under_every_hash_seed_folder_and_time_zone(
    finished: Project, stored_market: Path, tmp_path: Path
) -> None:
    """Three hash seeds, folders and zones, side by side: equal bytes, and every hash of what went in is shown."""
    folders = []
    for i in range(len(PLACES)):
        folders.append(tmp_path / f"place {i}")
        shutil.copytree(stored_market, folders[-1])

    def one(i: int) -> str:
        ran = run_outside(folders[i], "backtest", "--no-report", "--json", environment=PLACES[i])
        assert ran.returncode in (0, 4), ran.stderr
        return str(ran.stdout)

    with ThreadPoolExecutor(2) as pool:
        documents = list(pool.map(one, range(len(PLACES))))
    assert documents[0] == documents[1] == documents[2]
    result = json.loads(documents[0])["result"]
    print(f"{result['counts']['signals']} signals, {result['counts']['trades']} closed trades (SIMULATED)")
    assert result["counts"]["signals"] >= scene.MIN_SIGNALS
    assert result["counts"]["trades"] >= scene.MIN_TRADES
    assert all(result["stamp"][name] for name in ("data_hash", "config_hash", "code_version", "seed"))
    assert result["stamp"]["simulated"] is True
    assert result["digest"] == finished.result["digest"] == scene.planted().digest.hex()

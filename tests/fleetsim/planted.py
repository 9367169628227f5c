"""Bugs put into the product on purpose: a list of patches to its text, and a process of its own to run one in.

    python -m tests.fleetsim.planted                     every bug: which seed finds it, after how many
    python -m tests.fleetsim.planted forgets_the_latches --seeds 10 --days 36.5

A patch replaces text of one module while it is imported; nothing on the disk is touched, and no other module notices.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[2] / "src"
SEEDS = 10
DAYS = 36.5


class Patch(NamedTuple):
    """``old`` stands once in ``file`` and becomes ``new``; ``laws`` are those that may be the first to see it.

    INV-15 stands where the product itself may notice and stop.
    """

    file: str
    old: str
    new: str
    laws: str


PLANTED: dict[str, Patch] = {
    "forgets_the_latches_over_a_restart": Patch(
        "engine/guard.py", "self.latches = dict(found.latches)", "self.latches = {}", "INV-05 INV-10 INV-15"
    ),
    "clears_the_kill_switch_without_a_reason": Patch(
        "engine/guard.py", "if not order.reason:\n                return", "if False:\n                return", "INV-10"
    ),
    "trades_while_the_guard_objects": Patch(
        "engine/pipeline.py", "if self.paused else self.guard.reasons", "if self.paused else ()", "INV-10"
    ),
    "computes_the_floors_again_after_a_restart": Patch(
        "engine/account_guard.py", "self.firm.restore(self._state.firm)", "pass", "INV-05 INV-09 INV-15 INV-17"
    ),
    "begins_the_firms_day_at_midnight_utc": Patch(
        "risk/firm_account.py", "return midnight(day_of(ts, zone) + timedelta(days=1), zone)",
        "return (ts // 86_400_000_000_000 + 1) * 86_400_000_000_000", "INV-09 INV-17",
    ),
    "hangs_the_floor_from_the_equity": Patch(
        "risk/firm_account.py", '"balance": state.balance,', '"balance": state.equity,', "INV-09"
    ),
    "leaves_open_trades_out_of_the_worst_case": Patch(
        "engine/account_guard.py", "held = worst_of(self._open_trades(stops), plan.slippage)",
        "held = worst_of((), plan.slippage); ordered = 0.0; stops = {}", "INV-09",
    ),
    "looks_at_the_account_at_once_after_a_restart": Patch(
        "engine/account_guard.py", "= self._state.wake, self._state.low, self._state.high", "= 0, math.inf, -math.inf",
        "INV-05",
    ),
    "takes_silence_for_a_refusal": Patch(
        "engine/orders/manager.py", "known = report.kind is not ReportKind.UNKNOWN", "known = True",
        "INV-08 INV-13 INV-14 INV-15",
    ),
    "books_a_fill_as_often_as_it_is_told": Patch(
        "engine/orders/bookkeeping.py", "if execution.trade_id in order.trades:", "if False:",
        "INV-05 INV-07 INV-08 INV-13 INV-14 INV-15",
    ),
    "leaves_stops_behind_when_flat": Patch(
        "engine/orders/protection.py", "if order.client_id != exposure.entry:\n                order.unwanted = True",
        "if order.client_id != exposure.entry:\n                pass", "INV-08 INV-13",
    ),
    "asks_on_while_the_venue_wants_silence": Patch(
        "app/order_desk.py", "self._silent_until = max(self._silent_until, until)", "pass", "INV-20"
    ),
    "believes_no_position_but_its_own": Patch(
        "engine/orders/reconciliation.py", "    del book.suspicions[key]\n    _believe(post, key, symbol, difference)",
        "    del book.suspicions[key]", "INV-08 INV-13",
    ),
    "forgets_its_orders_over_a_restart": Patch(
        "engine/orders/manager.py", "self._post.book = msgspec.msgpack.decode(state, type=Book)", "pass",
        "INV-05 INV-08 INV-13 INV-15",
    ),
    "gives_two_orders_one_name": Patch(
        "engine/identity.py", 'f"{signal}|{leg}"', 'f"{signal[:14]}|{leg}"', "INV-07 INV-14 INV-15"
    ),
    "tells_one_part_of_a_trade_in_parts": Patch(
        "adapters/store/outbox_rows.py", 'said = said._replace(key=f"{said.key} {seq}-{number}")',
        'said = said._replace(key=f"{said.key} {seq}-0")', "INV-06",
    ),
    "repeats_a_doubtful_message_without_a_word": Patch(
        "model/delivery.py", "repeat=delivery.doubts > 0,", "repeat=False,", "INV-06"
    ),
    "writes_to_a_chat_that_asked_for_silence": Patch(
        "app/people/courier.py", "wait = None if error.retry_after_s is None else round(error.retry_after_s * SECOND)",
        "wait = 0", "INV-20",
    ),
    "tells_before_it_commits": Patch(
        "app/session.py",
        'self.journal.commit()\n        self.process.checkpoint("after-commit")\n'
        "        told, self._batch = self._batch, []",
        "told, self._batch = self._batch, []\n        for entry, outputs, made in told:\n"
        "            self._tell(outputs, made, repeated=False)\n        self.journal.commit()\n"
        '        self.process.checkpoint("after-commit")',
        "INV-04 INV-06",
    ),
    "takes_a_forming_bar_for_closed": Patch(
        "engine/finality.py", "        if closed:\n            events.append(self._close(bar,",
        "        if True:\n            events.append(self._close(bar,", "INV-01 INV-12",
    ),
    "believes_the_host_clock": Patch(
        "adapters/steady_clock.py", "return self._base + self._clock.monotonic()", "return self._clock.now()",
        "INV-01 INV-05 INV-08 INV-13 INV-15 INV-17",
    ),
    "believes_every_price": Patch(
        "engine/plausibility.py", "own = bar.fault()\n        if own:", "own = bar.fault()\n        if True:",
        "INV-11 INV-12",
    ),
    "lets_a_second_instance_in": Patch(
        "adapters/store/lease.py", "            _take(file)\n", "            pass\n", "INV-16"
    ),
    "trades_into_the_news": Patch(
        "filters/news.py", "if event.ts - margin * MINUTE <= desk.ts <= end:", "if event.ts <= desk.ts <= end:",
        "INV-11",
    ),
    "acts_on_an_update_twice": Patch(
        "app/people/bot_desk.py", "if update_id in self._seen or update_id <= self._last:", "if False:", "INV-23"
    ),
    "obeys_what_is_said_in_a_group": Patch(
        "app/people/bot_desk.py", 'if heard.chat_kind != "private":', "if False:", "INV-23"
    ),
    "goes_on_from_an_older_copy": Patch(
        "adapters/store/journal.py", "if rows and rows[0][0] == digest:", "if True:", "INV-04 INV-05 INV-15"
    ),
    "serves_a_model_of_other_inputs": Patch(
        "predictors/served.py", "if schema_hash != manifest.schema_hash:", "if False:", "INV-19"
    ),
    "never_starts_a_task_again": Patch(
        "app/service/supervision.py", 'task.state = "waiting"\n        task.restarts += 1', "task.restarts += 1",
        "INV-15",
    ),
    "ends_the_day_of_currencies_an_hour_late_in_winter": Patch(
        "model/session.py", "moment = datetime(day.year, day.month, day.day, _ROLLOVER_HOUR, tzinfo=NEW_YORK)",
        "moment = datetime(day.year, day.month, day.day, 21, tzinfo=UTC)", "INV-17",
    ),
    "pays_itself_a_little": Patch(
        "engine/ledger.py", '"gross": -(realised + spread + slippage)})',
        '"gross": -(realised + spread + slippage)}); self._balances[CASH] += realised / 1000', "INV-09 INV-14",
    ),
}  # fmt: skip


class _Planted(importlib.machinery.SourceFileLoader):
    """Loads one module with other text."""

    patch: Patch

    def source_to_code(self, data, path, *, _optimize=-1):  # type: ignore[no-untyped-def,override]
        text = bytes(data).decode()
        assert text.count(self.patch.old) == 1, f"{self.patch.file} holds the text {text.count(self.patch.old)} times"
        return super().source_to_code(text.replace(self.patch.old, self.patch.new).encode(), path, _optimize=_optimize)

    def get_code(self, fullname):  # type: ignore[no-untyped-def]
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Finder:
    """Finds the module of a patch before anybody else does."""

    def __init__(self, patch: Patch) -> None:
        self._name = "tradewind." + patch.file.removesuffix(".py").replace("/", ".")
        self._path = str(SOURCE / "tradewind" / patch.file)
        self._patch = patch

    def find_spec(self, fullname, path=None, target=None):  # type: ignore[no-untyped-def]
        if fullname != self._name:
            return None
        loader = _Planted(fullname, self._path)
        loader.patch = self._patch
        return importlib.util.spec_from_file_location(fullname, self._path, loader=loader)


def hunt(name: str, seeds: int, days: float) -> dict[str, object]:
    """Runs seeds with the bug ``name`` planted until a law is broken; in a fresh process only."""
    assert not any(module.startswith("tradewind") for module in sys.modules), "plant before anything is imported"
    sys.meta_path.insert(0, _Finder(PLANTED[name]))
    from tradewind.fleetsim.faults import FaultMix
    from tradewind.fleetsim.simulation import run_simulation
    from tradewind.fleetsim.world import BOT_YEAR

    for seed in range(1, seeds + 1):
        try:
            report = run_simulation(seed, days=days, mix=FaultMix.over(days), tier=BOT_YEAR)
        except Exception as error:  # the service died of it, which ends the run with its seed
            violations, after = [f"INV-15 {type(error).__name__}: {error}"], 0.0
        else:
            violations, after = list(report.violations), report.simulated_days
        if violations:
            return {"bug": name, "seeds": seed, "after_days": round(after, 2), "violations": violations}
    return {"bug": name, "seeds": 0, "after_days": seeds * days, "violations": []}


def found(name: str, seeds: int = SEEDS, days: float = DAYS) -> dict[str, object]:
    """``hunt`` in a process of its own."""
    command = [sys.executable, "-m", "tests.fleetsim.planted", name, "--seeds", str(seeds), "--days", str(days)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=SOURCE.parent)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", nargs="?", choices=sorted(PLANTED))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--days", type=float, default=DAYS)
    asked = parser.parse_args()
    if asked.name:
        print(json.dumps(hunt(asked.name, asked.seeds, asked.days)))
        return
    for name in PLANTED:
        print(json.dumps(found(name, asked.seeds, asked.days)), flush=True)


if __name__ == "__main__":
    main()

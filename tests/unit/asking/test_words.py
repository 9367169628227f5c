"""Every reason the core can give has words; the log lines are the ones operators search for."""

from __future__ import annotations

import ast
import functools
from typing import get_args, get_type_hints

import pytest

from tests.architecture.source import Module, dotted, modules
from tradewind.adapters.notify.console import LineNotifier
from tradewind.app.signal_text import WORDS, closed_log_line, opened_text, part_of, reason_line, signal_log_line
from tradewind.ensemble.params import EnsembleParams
from tradewind.model.decision import Bracket, Consensus, Reason, Signal
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.order import Fill, Leg
from tradewind.model.outcome import Trade
from tradewind.model.timeframe import Timeframe

SPEAKERS = ("engine", "ensemble", "filters", "risk", "simulation")


def texts(node: ast.AST) -> set[str]:
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


@functools.cache
def codes_of(module: Module) -> tuple[set[str], list[str]]:
    """Codes of all reasons and refusals a module can make, and the expressions that could not be followed."""
    found: set[str] = set()
    lost: list[str] = []
    scopes = [(node, set(ast.walk(node))) for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef)]
    for call in (node for node in ast.walk(module.tree) if isinstance(node, ast.Call)):
        name = dotted(call.func).split(".")[-1]
        if name == "Reason":
            given = next((one.value for one in call.keywords if one.arg == "code"), call.args[0] if call.args else None)
        elif name == "_refusal":
            given = call.args[2]
        else:
            continue
        scope = next((one for one, inside in scopes if call in inside), module.tree)
        codes = followed(given, scope)
        found |= codes
        if not codes:
            lost.append(f"{module.name}:{call.lineno} {ast.unparse(call)}")
    return found, lost


def followed(given: ast.expr | None, scope: ast.AST) -> set[str]:
    """What an expression can be: a literal, a choice of literals, a variable of this function, or ``applies_to``."""
    if isinstance(given, ast.Constant):
        return {given.value}
    if isinstance(given, ast.IfExp):
        return followed(given.body, scope) | followed(given.orelse, scope)
    if isinstance(given, ast.Attribute) and given.attr == "applies_to":
        return set(get_args(get_type_hints(EnsembleParams)["applies_to"]))
    if isinstance(given, ast.Name):
        found: set[str] = set()
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign) and given.id in {dotted(target) for target in node.targets}:
                found |= followed(node.value, scope)
            if isinstance(node, ast.comprehension | ast.For) and given.id in texts_of_names(node.target):
                rows = next(
                    one.value for one in ast.walk(scope) if isinstance(one, ast.Assign) and assigns(one, node.iter)
                )
                found |= {row.elts[0].value for row in rows.elts}
        return found - {""}
    return set()


def texts_of_names(target: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}


def assigns(node: ast.Assign, source: ast.expr) -> bool:
    return dotted(source) in {dotted(target) for target in node.targets}


def spoken() -> dict[str, set[str]]:
    return {one.name: codes_of(one)[0] for one in modules() if one.name.split("/")[0] in SPEAKERS}


def test_every_code_the_core_can_emit_is_found_by_this_test():
    """A code that is computed in a way the scan cannot follow would escape the next test."""
    lost = [text for one in modules() if one.name.split("/")[0] in SPEAKERS for text in codes_of(one)[1]]
    assert lost == []
    assert {
        "no_trigger",
        "tie",
        "win_probability",
        "bad_data",
        "max_lot",
        "order_pending",
        "stop_passed",
    } <= set().union(*spoken().values())


@pytest.mark.req("F10")
def test_every_code_the_core_can_emit_has_words_and_a_part():
    """WORDS is the one place where codes become sentences; nothing is shown as a bare code."""
    codes = set().union(*spoken().values())
    assert codes - set(WORDS) == set()
    assert {code for code in codes if not part_of(code)} == set()


def test_no_words_are_kept_for_codes_nobody_emits():
    assert set(WORDS) - set().union(*spoken().values()) == set()


def test_a_reason_is_shown_with_its_number_and_its_limit():
    text = reason_line(Reason(code="confidence", value=0.61, limit=0.80))
    assert text == "confidence: not sure enough that this pays after costs (0.61, limit 0.8)"
    assert reason_line(Reason(code="trend", value=3e-28)).endswith("(<0.0001)")
    assert reason_line(Reason(code="made_up_later")) == "made_up_later: made up later"


def planned(side: int = 1) -> Signal:
    bracket = Bracket(side, 43300.0, 43290.0, 43310.0, 43000.0, 43750.0, 0.1, 30.0, 48, 300.0, 0.05)
    consensus = Consensus(side, 1.0, ("A", "B"), 2, 1.0, 0.6, 0.4, 0.8245, 0.2, "90 closed trades")
    return Signal("id", "BTC/USDT", Timeframe.H1, 0, 1, bracket, consensus, "low", ())


@pytest.mark.req("E14")
def test_the_signal_log_line_is_the_one_operators_search_for():
    assert signal_log_line(planned(), "live") == "TRADING MODE: BUY @ 82.45% (live)"
    assert signal_log_line(planned(-1), "replay") == "TRADING MODE: SELL @ 82.45% (replay)"


@pytest.mark.req("H04")
def test_an_execution_is_told_with_its_price_in_dollars_where_it_is_in_dollars():
    """The whole line as the notifier writes it; a quote in pounds has no dollar sign."""
    bought = Fill("c", "s", "BTC/USDT", Leg.ENTRY, 1, 10, 4_330_000, 0, "0", "0", "0")
    told: list[str] = []
    notifier = LineNotifier(told.append, lambda signal: [], closed_log_line)
    notifier.trade_opened(opened_text(bought, INSTRUMENTS["BTC/USDT"]), repeated=False)
    assert told == ["✓ Paper trade executed: BUY BTC/USDT @ $43300.00"]
    sold = Fill("c", "s", "EUR/GBP", Leg.ENTRY, -1, 10, 86_123, 0, "0", "0", "0")
    assert opened_text(sold, INSTRUMENTS["EUR/GBP"]) == "SELL EUR/GBP @ 0.86123"


@pytest.mark.req("H05")
@pytest.mark.parametrize(
    ("exit_", "net", "line"),
    [(97.66, "-2.40", "Trade closed: ✗ LOSS (-2.34%)"), (101.5, "1.40", "Trade closed: ✓ WIN (+1.50%)"),
     (100.02, "-0.01", "Trade closed: ✗ LOSS (+0.02%)")],
)  # fmt: skip
def test_a_closed_trade_is_told_as_won_or_lost_after_costs(exit_, net, line):
    """The word follows the money after all costs; the percentage is the move between the fills."""
    trade = Trade(
        "s", "BTC/USDT", Timeframe.H1, 1, 1.0, 0, 1, 100.0, exit_, "stop", "0", "0", "0", "0", "0", net, 0.0, 0.0, 0.0
    )
    assert closed_log_line(trade) == line

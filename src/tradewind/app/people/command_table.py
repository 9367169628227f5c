"""The commands of the bot: names, who may use them, what they take, which of them change something."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from tradewind.app.people.access import Role

_PRESSED: Final = re.compile(r"^(approve|reject|confirm|drop):([A-Za-z0-9]{0,48})$")
_DATED: Final = re.compile(r"^(drift_report)_(\d{8})$")


class Said(NamedTuple):
    """A command as it was typed: ``name`` without the slash and the bot's own name, and its words."""

    name: str
    words: tuple[str, ...]


class BotCommand(NamedTuple):
    """``verb`` is what the run is asked for; empty for commands that only read. ``confirm``: needs a one-time code."""

    name: str
    role: Role
    help: str
    usage: str = ""
    verb: str = ""
    confirm: bool = False
    also: tuple[str, ...] = ()


_VIEW, _OPERATE, _ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN
COMMANDS: Final[tuple[BotCommand, ...]] = (
    BotCommand("start", _VIEW, "Is the bot alive?"),
    BotCommand("help", _VIEW, "All commands and the pairs."),
    BotCommand("signal", _VIEW, "The signal now, or why there is none.", "[pair]"),
    BotCommand("why", _VIEW, "What is behind the last decision.", "pair [time]"),
    BotCommand("status", _VIEW, "What runs, what it saw last, open positions.", "[table]"),
    BotCommand("stats", _VIEW, "Closed trades: win rate, profit factor, ways out."),
    BotCommand("strategies", _VIEW, "The best proven strategies."),
    BotCommand("drift_report", _VIEW, "Decay of the strategies; also /drift_report_YYYYMMDD."),
    BotCommand("risk", _VIEW, "Limits, what is used of them, the guard's state."),
    BotCommand("profit", _VIEW, "Result of the last days.", "[days]"),
    BotCommand("daily", _VIEW, "Result by day.", "[days]"),
    BotCommand("weekly", _VIEW, "Result by week.", "[weeks]"),
    BotCommand("monthly", _VIEW, "Result by month.", "[months]"),
    BotCommand("performance", _VIEW, "Result by pair."),
    BotCommand("trades", _VIEW, "The last closed trades.", "[count]"),
    BotCommand("order", _VIEW, "The orders of a signal.", "id"),
    BotCommand("entries", _VIEW, "Result by who agreed on the entry.", "[pair]"),
    BotCommand("exits", _VIEW, "Result by way out.", "[pair]"),
    BotCommand("mix_tags", _VIEW, "Result by entry and way out.", "[pair]"),
    BotCommand("locks", _VIEW, "What may not be traded now, and until when.", "[pair]"),
    BotCommand("balance", _VIEW, "Balance and equity."),
    BotCommand("count", _VIEW, "Open positions."),
    BotCommand("whitelist", _VIEW, "The pairs that are decided on."),
    BotCommand("blacklist", _VIEW, "What is never traded, and strategies switched off."),
    BotCommand("health", _VIEW, "Tasks, deliveries, last close."),
    BotCommand("show_config", _VIEW, "The main settings."),
    BotCommand("version", _VIEW, "Version of the program."),
    BotCommand("tg_info", _VIEW, "Your ids and your role."),
    BotCommand("logs", _OPERATE, "The last lines of the log.", "[count]"),
    BotCommand("backtest", _OPERATE, "Runs the strategies over stored candles.", "pair [90d|26w|1y]"),
    BotCommand("report", _OPERATE, "Tells how a signal really ended.", "<signal_id> <profit|loss> <amount>", "report"),
    BotCommand("pause", _OPERATE, "No new signals; what is open goes on.", "[reason]", "pause",
               also=("stopentry", "stop", "stopbuy")),
    BotCommand("resume", _OPERATE, "Signals again.", "[reason]", "resume"),
    BotCommand("reduce", _OPERATE, "Positions may only shrink.", "[reason]", "reduce"),
    BotCommand("kill", _OPERATE, "Kill switch on: no new risk at all. /kill off REASON clears it.", "[reason]",
               "kill_on"),
    BotCommand("kill_off", _ADMIN, "Clears the kill switch.", "reason", "kill_off", confirm=True),
    BotCommand("liquidate", _ADMIN, "Closes every position.", "[reason]", "liquidate", confirm=True,
               also=("forceexit", "fx", "forcesell")),
    BotCommand("rollback", _ADMIN, "Closes everything, stops, falls back to paper.", "[reason]", "rollback",
               confirm=True),
    BotCommand("approve", _ADMIN, "Lets a waiting order go.", "order_id", "approve", confirm=True),
    BotCommand("reject", _OPERATE, "Drops a waiting order.", "order_id [reason]", "reject"),
    BotCommand("confirm", _OPERATE, "Confirms with the code you were given.", "code"),
    BotCommand("drop", _OPERATE, "Forgets what waits for a code."),
)  # fmt: skip
BY_NAME: Final = {name: one for one in COMMANDS for name in (one.name, *one.also)}


def said(text: str) -> Said | None:
    """The command in a message; None where it is none. ``/drift_report_20251103`` is ``/drift_report 20251103``."""
    words = text.split()
    if not words or not words[0].startswith("/"):
        return None
    name = words[0][1:].partition("@")[0].lower()
    dated = _DATED.match(name)
    if dated:
        return Said(dated.group(1), (dated.group(2), *words[1:]))
    if name == "kill" and len(words) > 1 and words[1].lower() == "off":
        return Said("kill_off", tuple(words[2:]))
    return Said(name, tuple(words[1:]))


def typed(data: str) -> str:
    """What it would have been to type what a button stands for; empty for data that no button of ours has."""
    pressed = _PRESSED.match(data)
    return f"/{pressed.group(1)} {pressed.group(2)}".strip() if pressed else ""


def help_lines(role: Role, pairs: tuple[str, ...]) -> list[str]:
    """What a user of ``role`` may type."""
    lines = ["Tradewind"]
    for one in COMMANDS:
        if one.role <= role and one.name not in ("confirm", "drop"):
            lines.append(f"/{one.name}{' ' + one.usage if one.usage else ''} - {one.help}")
    return [*lines, "", f"Pairs: {', '.join(pairs)}"]

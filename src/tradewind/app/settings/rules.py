"""Rules that span several keys. Each names the keys it reads, so that it stays silent where one of them is faulty."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tradewind.app.firm_files import firm_rules
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.secret import Secret
from tradewind.app.settings.sources import Given
from tradewind.errors import Misconfigured
from tradewind.model.channel import TOPICS
from tradewind.model.instruments import resolve

Names = Callable[[str], str]
_SHORTEST_SECRET: Final = 32
_CHAT: Final = re.compile(r"-?[1-9][0-9]{0,18}|@[A-Za-z][A-Za-z0-9_]{3,31}")
_BOT_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{32,256}")


class Rule(NamedTuple):
    """``check(config, name)`` yields faults; ``name(path)`` is the name a key was written under."""

    keys: tuple[str, ...]
    check: Callable[[AppConfig, Names], Iterator[str]]


def broken_rules(config: AppConfig, given: Mapping[str, Given], faulty: frozenset[str]) -> list[str]:
    """Every fault of every rule whose keys are sound."""

    def name(path: str) -> str:
        return given[path].name if path in given else path

    return [fault for rule in RULES if not faulty.intersection(rule.keys) for fault in rule.check(config, name)]


def _telegram(config: AppConfig, name: Names) -> Iterator[str]:
    bot = config.telegram
    if not bot.enabled:
        return
    if not bot.bot_token:
        yield "TELEGRAM_BOT_TOKEN is not set"
    if not bot.chat_id:
        yield "TELEGRAM_CHAT_ID is not set"
    chats = ("chat_id", bot.chat_id), ("admin_chat_id", bot.admin_chat_id), ("cornix_chat_id", bot.cornix_chat_id)
    for path, chat in chats:
        if chat and not _CHAT.fullmatch(chat):
            yield f"{name('telegram.' + path)} must be a chat's number (-1001234567890) or @channel, got {chat!r}"
    if not bot.allowed_users:
        yield "TELEGRAM_ALLOWED_USERS is not set"
    for path, users in (("allowed_users", bot.allowed_users), ("admins", bot.admins), ("operators", bot.operators)):
        for user in users:
            if not user.isdigit():
                yield f"{name('telegram.' + path)} must be user ids (whole numbers), got {user!r}"
            elif user not in bot.allowed_users:
                yield f"{name('telegram.' + path)} names {user}, who is not in telegram.allowed_users"
    if bot.mode == "webhook":
        yield from _bot_webhook(bot.webhook_url, bot.webhook_secret, name)


def _bot_webhook(url: str, secret: Secret | None, name: Names) -> Iterator[str]:
    if not url.startswith("https://"):
        yield f"{name('telegram.webhook_url')} must be an https address, got {url!r}"
    if secret is None or not _BOT_SECRET.fullmatch(secret.reveal()):
        yield f"{name('telegram.webhook_secret')} must be 32 to 256 of A-Z a-z 0-9 _ - (openssl rand -hex 32)"


def _told(config: AppConfig, name: Names) -> Iterator[str]:
    """Where else people are told: an address without what it needs is a silent hole."""
    hook, mail = config.webhook, config.email
    if hook.url:
        if not hook.url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            yield f"{name('webhook.url')} must be https (http on this machine alone), got {hook.url!r}"
        if hook.secret is None or len(hook.secret.reveal()) < _SHORTEST_SECRET:
            yield f"{name('webhook.secret')} must have at least {_SHORTEST_SECRET} characters (openssl rand -hex 32)"
        for topic in hook.topics:
            if topic not in TOPICS:
                yield f"{name('webhook.topics')} has the unknown topic {topic!r}; there are {', '.join(TOPICS)}"
    if mail.host and not (mail.sender and mail.recipients):
        yield f"{name('email.sender')} and {name('email.recipients')} must be set where email.host is"
    if mail.security == "none" and mail.user:
        yield f"{name('email.security')} none would send the password of {mail.user!r} in the open"


def _symbols(config: AppConfig, name: Names) -> Iterator[str]:
    if not config.symbols:
        yield f"{name('symbols')} must name at least one pair"
    for path, symbols in (("symbols", config.symbols), ("auto_signals.pairs", config.auto_signals.pairs)):
        known: dict[str, str] = {}
        for symbol in symbols:
            try:
                canonical = resolve(symbol, config.instruments).symbol
                if canonical in known:
                    yield f"{name(path)} names {canonical} twice ({known[canonical]!r} and {symbol!r})"
                known[canonical] = symbol
            except Misconfigured as fault:
                near = f" {fault.next_step}" if fault.next_step else ""
                yield f"{name(path)} has the unknown pair {symbol!r}; there are {fault.allowed}.{near}"


def _weights(config: AppConfig, name: Names) -> Iterator[str]:
    intervals = config.timeframes.intervals
    total = sum(entry.weight for entry in intervals)
    where = name("timeframes.intervals")
    if not intervals:
        yield f"{where} must hold at least one timeframe"
    elif any(entry.weight <= 0.0 for entry in intervals):
        yield f"{where} must have weights above 0"
    elif abs(total - 1.0) > 1e-9:
        scaled = ", ".join(f"{entry.interval} {entry.weight / total:.4g}" for entry in intervals)
        yield f"{where} weights must sum to 1, got {total:.6g}; scaled they are {scaled}"
    if len({entry.interval for entry in intervals}) != len(intervals):
        yield f"{where} names a timeframe twice"
    base = config.timeframes.base
    if base is not None and any(base.ns > entry.interval.ns for entry in intervals):
        yield f"{name('timeframes.base')} must not be longer than the shortest voting timeframe, got {base}"


def _hysteresis(config: AppConfig, name: Names) -> Iterator[str]:
    confidence = config.continuous_learning.confidence
    if confidence.hysteresis >= confidence.trading_threshold:
        yield (
            f"{name('continuous_learning.confidence.hysteresis')} must be below trading_threshold "
            f"{confidence.trading_threshold:g}, got {confidence.hysteresis:g}"
        )
    if confidence.window < confidence.min_events:
        yield (
            f"{name('continuous_learning.confidence.window')} must be at least min_events {confidence.min_events}, got"
            f" {confidence.window}"
        )
    retraining = config.continuous_learning.retraining
    if retraining.calibration_warning > retraining.calibration_limit:
        yield (
            f"{name('continuous_learning.retraining.calibration_warning')} must not be above calibration_limit "
            f"{retraining.calibration_limit:g}, got {retraining.calibration_warning:g}"
        )
    target = retraining.target_confidence
    if target is not None and target < confidence.trading_threshold:
        yield (
            f"{name('continuous_learning.retraining.target_confidence')} must be at least trading_threshold "
            f"{confidence.trading_threshold:g}, got {target:g}"
        )


def _ordered(config: AppConfig, name: Names) -> Iterator[str]:
    hours = config.filters.liquidity
    pairs = (
        ("ensemble.tiers.medium", config.ensemble.tiers.medium, "ensemble.tiers.high", config.ensemble.tiers.high),
        ("risk.drawdown_alert", config.risk.drawdown_alert, "risk.max_drawdown", config.risk.max_drawdown),
        ("filters.liquidity.start", hours.start, "filters.liquidity.end", hours.end),
        ("risk.risk_per_trade", config.risk.risk_per_trade, "risk.daily_loss_limit", config.risk.daily_loss_limit),
        ("strategies.fallback_min_confidence", config.strategies.fallback_min_confidence,
         "strategies.min_confidence", config.strategies.min_confidence),
    )  # fmt: skip
    for low_path, low, high_path, high in pairs:
        if low > high:
            yield f"{name(low_path)} must not be above {high_path} {high:g}, got {low:g}"


def _firm(config: AppConfig, name: Names) -> Iterator[str]:
    if config.risk.firm:
        try:
            firm_rules(config.risk.firm).stage(config.risk.firm_stage)
        except Misconfigured as fault:
            yield f"{name('risk.firm')} {config.risk.firm!r} cannot be followed: {fault}"


def _zone(config: AppConfig, name: Names) -> Iterator[str]:
    zone = config.filters.news.zone
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"{name('filters.news.zone')} must be an IANA time zone such as America/New_York, got {zone!r}"


def _live(config: AppConfig, name: Names) -> Iterator[str]:
    if (config.runtime.mode == "live") != (config.live_trading.mode == "live") and config.runtime.mode == "live":
        yield f"{name('runtime.mode')} is live but live_trading.mode is {config.live_trading.mode}; both must say live"


def _made_up(config: AppConfig, name: Names) -> Iterator[str]:
    if config.runtime.mode == "dryrun" and config.execution == "none":
        return
    for predictor in config.predictors:
        if predictor.source != "promoted":
            yield (
                f"{name('predictors')} {predictor.name} has source {predictor.source}, allowed in dryrun only, "
                f"got mode {config.runtime.mode} with execution {config.execution}"
            )


RULES = (
    Rule(
        (
            *("telegram.enabled", "telegram.bot_token", "telegram.chat_id", "telegram.allowed_users"),
            *("telegram.admins", "telegram.operators", "telegram.mode", "telegram.webhook_url"),
            *("telegram.webhook_secret", "telegram.admin_chat_id", "telegram.cornix_chat_id"),
        ),
        _telegram,
    ),
    Rule(
        (
            *("webhook.url", "webhook.secret", "webhook.topics", "email.host", "email.sender", "email.recipients"),
            *("email.security", "email.user"),
        ),
        _told,
    ),
    Rule(("symbols", "instruments", "auto_signals.pairs"), _symbols),
    Rule(("timeframes.intervals", "timeframes.base"), _weights),
    Rule(
        (
            "continuous_learning.confidence.hysteresis",
            "continuous_learning.confidence.trading_threshold",
            "continuous_learning.confidence.min_events",
            "continuous_learning.confidence.window",
            "continuous_learning.retraining.calibration_limit",
            "continuous_learning.retraining.calibration_warning",
            "continuous_learning.retraining.target_confidence",
        ),
        _hysteresis,
    ),
    Rule(
        (
            "ensemble.tiers.medium",
            "ensemble.tiers.high",
            "risk.drawdown_alert",
            "risk.max_drawdown",
            "risk.risk_per_trade",
            "risk.daily_loss_limit",
            "filters.liquidity.start",
            "filters.liquidity.end",
            "strategies.fallback_min_confidence",
            "strategies.min_confidence",
        ),
        _ordered,
    ),
    Rule(("filters.news.zone",), _zone),
    Rule(("risk.firm", "risk.firm_stage"), _firm),
    Rule(("runtime.mode", "live_trading.mode", "execution"), _live),
    Rule(("predictors", "runtime.mode", "execution"), _made_up),
)

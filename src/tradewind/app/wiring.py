"""Where things are connected: a configuration becomes an engine, a sequencer and a session.

Backtest, replay, paper and live differ in the broker, the journal, the clock and the notifier handed in here, and in
nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from tradewind import __version__, filters
from tradewind.adapters.null_broker import NullBroker
from tradewind.app.firm_files import firm_rules
from tradewind.app.instruments import instrument_for
from tradewind.app.models.serving import seats_for
from tradewind.app.own_strategies import families_of
from tradewind.app.pool import Policy, Pool, Seats, seats_of
from tradewind.app.settings.root import AppConfig
from tradewind.catalog import plugins_of
from tradewind.engine.fallback import PaperAccount
from tradewind.engine.forecasts import ModelSource
from tradewind.engine.learning_plan import LearningParams
from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.orders.manager import OrderManager
from tradewind.engine.orders.params import OrderParams
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan, SymbolPlan
from tradewind.engine.portfolio import Portfolio
from tradewind.engine.rates import Rates
from tradewind.engine.scripted import ScriptedEngine
from tradewind.engine.sequencer import Sequencer, SeriesKey
from tradewind.ensemble.params import EnsembleParams
from tradewind.errors import Misconfigured
from tradewind.features.rule import Member, member_of
from tradewind.model.decision import Signal
from tradewind.model.event import Started
from tradewind.model.forecast import SEATS
from tradewind.model.instrument import AssetClass, Instrument
from tradewind.model.proven import ProvenStrategy
from tradewind.model.session import SessionCalendar, calendar_of
from tradewind.model.stamp import stamp_of
from tradewind.model.timeframe import DAY, HOUR, Timeframe
from tradewind.ports.broker import Broker
from tradewind.ports.plugins import Filter
from tradewind.risk.guard_params import FirmPlan, GuardParams
from tradewind.risk.params import RiskParams
from tradewind.simulation.broker import SimBroker


def members_for(config: AppConfig, timeframes: Sequence[Timeframe]) -> tuple[Member, ...]:
    """The configured members on ``timeframes``; without any configured, every family's own pool on each timeframe."""
    known = families_of(config)
    if not config.strategies.members:
        return tuple(
            member_of(family, timeframe, params, version)
            for timeframe in timeframes
            for family in known.values()
            for version, params in enumerate(family.pool, start=1)
        )
    made: list[Member] = []
    for settings in config.strategies.members:
        family = known.get(settings.family)
        if family is None:
            raise Misconfigured(
                f"unknown strategy family {settings.family!r}", where="strategies.members", allowed=", ".join(known)
            )
        for timeframe in (settings.timeframe,) if settings.timeframe else tuple(timeframes):
            version = 1 + sum(m.family == family.name and m.timeframe is timeframe for m in made)
            member = member_of(family, timeframe, family.params_of(settings.params), version, settings.weight)
            made.append(msgspec.structs.replace(member, id=settings.id) if settings.id else member)
    return tuple(member for member in made if member.timeframe in timeframes)


def filters_for(config: AppConfig, instrument: Instrument) -> tuple[Filter, ...]:
    """The enabled filters that apply to the instrument's asset class, with their configured parameters."""
    known = plugins_of(filters, "FILTER")
    settings: dict[str, dict[str, float]] = {
        "liquidity_hours": {
            "start_hour": config.filters.liquidity.start,
            "end_hour": config.filters.liquidity.end,
        },
        "volatility": {"percentile": config.filters.volatility_percentile},
        "news": {
            "tier_1": config.filters.news.tier_1_minutes,
            "tier_2": config.filters.news.tier_2_minutes,
            "max_age_days": config.filters.news.max_age_days,
            "crypto": config.filters.news.crypto,
        },
        "sentiment": {"limit": config.filters.sentiment.limit, "articles": config.filters.sentiment.articles},
        "correlation": {"limit": config.filters.max_correlation},
        "currency_exposure": {
            "max_currency_risk": config.filters.max_currency_risk,
            "max_portfolio_risk": config.filters.max_portfolio_risk,
        },
        "rate_limit": {
            "per_symbol": config.filters.rate_limit.per_symbol,
            "in_all": config.filters.rate_limit.in_all,
            "hours": config.filters.rate_limit.hours,
        },
    }
    chosen = []
    coins = instrument.asset_class is AssetClass.CRYPTO and not config.filters.news.crypto
    for name in config.filters.enabled:
        if name == "news" and coins:
            continue
        if name not in known:
            raise Misconfigured(f"unknown filter {name!r}", where="filters.enabled", allowed=", ".join(known))
        kind = known[name]
        if not kind.asset_classes or instrument.asset_class in kind.asset_classes:
            chosen.append(kind(**settings.get(name, {})))
    return tuple(chosen)


def ensemble_params(config: AppConfig) -> EnsembleParams:
    """The ensemble's thresholds out of the configuration."""
    own = config.ensemble
    return EnsembleParams(
        min_agreement=own.min_agreement,
        quorum=own.quorum,
        min_confidence=own.min_confidence,
        applies_to=own.applies_to,
        min_record=own.min_record,
        timeframe_weights={str(one.interval): one.weight for one in config.timeframes.intervals},
        missing_timeframe=config.timeframes.missing,
        tier_high=own.tiers.high,
        tier_medium=own.tiers.medium,
    )


def risk_params(config: AppConfig) -> RiskParams:
    """The limits of one trade and of all trades out of the configuration."""
    own = config.risk
    pips = own.min_stop.value if own.min_stop.unit == "pips" else 0.0
    return RiskParams(
        one_per_symbol=False,  # the engine's own reasons tell an open position from a waiting order
        risk_per_trade=own.risk_per_trade,
        max_position_size=own.max_position_size,
        leverage=own.leverage,
        crypto_leverage=own.crypto_leverage,
        max_open_positions=own.max_open_positions,
        max_open_risk=own.max_open_risk,
        max_cost_to_risk=own.max_cost_to_risk,
        min_stop_pips=pips,
        min_stop_fraction=0.0 if pips else own.min_stop.value,
        entry_zone=own.entry_zone,
        entry_zone_of_stop=own.entry_zone_of_stop,
        dynamic=own.sizing == "dynamic",
        target_volatility=own.target_volatility,
    )


def guard_params(config: AppConfig) -> GuardParams:
    """The limits of the account as a whole out of the configuration.

    Raises:
        Misconfigured: the firm, its file or its stage is none.
    """
    own = config.risk
    firm = None
    if own.firm:
        rules = firm_rules(own.firm)
        rules.stage(own.firm_stage)
        firm = FirmPlan(rules, own.firm_stage, own.firm_type)
    return GuardParams(
        daily_loss=own.daily_loss_limit,
        drawdown=own.max_drawdown,
        drawdown_alert=own.drawdown_alert,
        losses_in_a_row=own.cooldown_losses,
        pause_ns=round(own.cooldown_hours * HOUR),
        symbol_pause_ns=round(own.symbol_cooldown_hours * HOUR),
        firm=firm,
    )


def timeframes_of(config: AppConfig, base: Timeframe) -> tuple[Timeframe, ...]:
    """The configured timeframes that can be made from ``base``, shortest first; ``base`` alone when none can."""
    found = sorted({one.interval for one in config.timeframes.intervals if one.interval.rank >= base.rank}, key=_rank)
    return tuple(found) or (base,)


def plan_for(
    config: AppConfig,
    bases: Mapping[str, Timeframe],
    *,
    executes: bool,
    simulated: bool = False,
    members: Sequence[Member] | None = None,
    pool: Pool | None = None,
    learning: LearningParams | None = None,
    orders: OrderParams | None = None,
) -> EnginePlan:
    """The engine's plan for the symbols of ``bases`` (symbol -> base timeframe).

    ``members`` replaces the configured ones, for runs over a given set. ``pool`` says which of them are proven and who
    is heard; without one everybody is heard, and the plan is stamped UNPROVEN. Without ``learning`` no outcome is
    followed and nobody is taken off. Configured predictors have their seats, unless ``members`` were given.
    ``orders`` puts an order manager with a venue of its own where the simulated broker is.
    """
    symbols = []
    for name, base in sorted(bases.items()):
        instrument = instrument_for(config, name)
        timeframes = timeframes_of(config, base)
        configured = members_for(config, timeframes) if members is None else tuple(members)
        known = families_of(config) if pool is not None else {}
        seats = (
            Seats(configured, ())
            if pool is None
            else seats_of(pool, instrument.symbol, configured, known, config.strategies.seats)
        )
        models = () if members is not None else seats_for(config, instrument.symbol, timeframes, simulated=simulated)
        silent = SEATS if pool is not None and pool.policy is Policy.SHADOW else ("challenger",)
        symbols.append(
            SymbolPlan(
                instrument=instrument,
                base=base,
                timeframes=timeframes,
                members=(*seats.members, *(member for seat in models for member in seat.members)),
                filters=filters_for(config, instrument),
                unheard=(*seats.unheard, *(seat.member(one) for seat in models for one in silent)),
                reserve=seats.reserve,
                seats=models,
            )
        )
    modes = [ModeSeat.of_models(each.symbol, each.timeframe) for one in symbols for each in one.seats]
    plan = EnginePlan(
        symbols=tuple(symbols),
        ensemble=ensemble_params(config),
        risk=risk_params(config),
        account_currency=config.account.currency,
        opening_balance=config.account.balance,
        config_hash="",
        validity_bars=config.risk.valid_bars,
        frozen_bars=config.market.stale_bars,
        stamp=_stamp(pool, simulated=simulated),
        executes=executes,
        learning=learning,
        guard=guard_params(config) if executes else None,
        orders=orders if executes else None,
        modes=tuple(modes) if learning is not None else (),
    )
    if plan.asks_for("calendar"):
        plan = msgspec.structs.replace(plan, calendar_age=round(config.filters.news.max_age_days * DAY))
    return msgspec.structs.replace(plan, config_hash=plan_hash(plan))


def _stamp(pool: Pool | None, *, simulated: bool) -> str:
    if pool is None:
        return stamp_of(simulated=simulated, unproven=True)
    heard = pool.proven if pool.policy is Policy.PROVEN else ()
    unchecked = any(one.unchecked for one in heard)
    return stamp_of(simulated=simulated, unproven=pool.policy is Policy.UNPROVEN, unchecked=unchecked)


def plan_hash(plan: EnginePlan) -> str:
    """16 hex digits over everything in the plan that decisions depend on, and the code version."""
    text = [
        __version__,
        repr(msgspec.to_builtins(plan.ensemble)),
        repr(msgspec.to_builtins(plan.risk)),
        repr((plan.account_currency, plan.opening_balance, plan.validity_bars, plan.frozen_bars)),
        repr((plan.seeding, plan.stamp, plan.executes)),
        repr(msgspec.to_builtins(plan.guard)),
    ]
    if plan.learning is not None:
        text.append(repr(msgspec.to_builtins(plan.learning)))
    for one in plan.symbols:
        text.append(repr((msgspec.to_builtins(one.instrument), str(one.base), [str(tf) for tf in one.timeframes])))
        text.append(repr([(m.id, str(m.rule), m.weight, msgspec.to_builtins(m.rule.exits)) for m in one.members]))
        text.append(repr([(f.name, msgspec.to_builtins(f)) for f in one.filters]))
        text.append(repr(sorted(one.unheard)))
        if one.reserve:
            text.append(repr(one.reserve))
        text += [repr((seat.symbol, str(seat.timeframe), seat.schema.hash, seat.barriers)) for seat in one.seats]
    if plan.orders is not None:
        text.append(repr(msgspec.to_builtins(plan.orders)))
    if plan.modes:
        text.append(repr(msgspec.to_builtins(plan.modes)))
    return hashlib.sha256("\n".join(text).encode()).hexdigest()[:16]


def engine_for(plan: EnginePlan, *, keep_shadow: bool = False, models: ModelSource | None = None) -> Engine:
    """An engine with the broker its plan asks for: simulated fills, or none; ``keep_shadow`` for a report.

    ``models`` gives the models that may sit in the plan's seats.
    """
    account = _account(plan)
    stopped = paper_account(plan, account[2]) if plan.orders is not None and plan.orders.falls_back else None
    return Engine(plan, *account, keep_shadow=keep_shadow, stopped_account=stopped, models=models)


def paper_account(plan: EnginePlan, rates: Rates) -> PaperAccount:
    """Opens simulated brokers and accounts of a plan's instruments, for a run whose orders were stopped."""
    instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}

    def opened(balance: Decimal) -> tuple[Broker, Portfolio]:
        return SimBroker(instruments, rates), Portfolio(instruments, balance, rates, account_calendar(plan))

    return opened


def scripted_engine_for(plan: EnginePlan, signals: Iterable[Signal], factor: float) -> ScriptedEngine:
    """An engine that trades given signals at ``factor`` times the plan's spread and slippage."""
    return ScriptedEngine(plan, *_account(plan, factor), signals)


def _account(plan: EnginePlan, factor: float = 1.0) -> tuple[Broker, Portfolio, Rates]:
    """The broker, the account and its rates; ``factor`` multiplies spread and slippage."""
    instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
    rates = Rates(plan.account_currency, instruments.values())
    costs = {
        symbol: msgspec.structs.replace(one.costs, slippage_fraction=factor * one.costs.slippage_fraction)
        for symbol, one in instruments.items()
    }
    broker: Broker
    if plan.orders is not None:
        broker = OrderManager(instruments, plan.orders)
    elif plan.executes:
        broker = SimBroker(instruments, rates, costs, spread_scale=factor)
    else:
        broker = NullBroker()
    portfolio = Portfolio(instruments, Decimal(str(plan.opening_balance)), rates, account_calendar(plan))
    return broker, portfolio, rates


def sequencer_for(plan: EnginePlan) -> Sequencer:
    """A sequencer over the plan's base series."""
    return Sequencer(
        {SeriesKey(one.instrument.symbol, one.base): calendar_of(one.instrument.calendar) for one in plan.symbols}
    )


def started_event(
    plan: EnginePlan, ts: int, asked: Sequence[str] = (), proven: Sequence[ProvenStrategy] = ()
) -> Started:
    """The first event of a run of ``plan``; ``asked`` and ``proven`` as in ``Started``."""
    series = tuple(f"{one.instrument.symbol} {one.base}" for one in plan.symbols)
    return Started(
        ts, plan.config_hash, __version__, series, plan.simulated, tuple(asked), plan.unproven, tuple(proven)
    )


def calendars_of(plan: EnginePlan) -> tuple[SessionCalendar, ...]:
    """The session calendars of the plan's symbols, each once."""
    return tuple(calendar_of(name) for name in sorted({one.instrument.calendar for one in plan.symbols}))


def _rank(timeframe: Timeframe) -> int:
    return timeframe.rank


def account_calendar(plan: EnginePlan) -> SessionCalendar:
    """Days of the account: UTC days when anything trades around the clock, else the FX day from 17:00 New York."""
    names = {one.instrument.calendar for one in plan.symbols}
    return calendar_of("crypto" if "crypto" in names else "fx")

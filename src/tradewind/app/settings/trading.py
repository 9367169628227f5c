"""Sections that shape decisions: members, ensemble, filters, risk, account and costs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tradewind.app.settings.key import NOT_YET, Key, Name
from tradewind.app.settings.sentiment import SentimentFilterSettings
from tradewind.app.settings.units import Distance, Reading, Unit
from tradewind.model.timeframe import Timeframe

Share = Unit.FRACTION


class IntervalSettings(msgspec.Struct, frozen=True):
    """One timeframe the ensemble listens to and its weight; all weights sum to 1."""

    interval: Timeframe
    weight: float


class TimeframeSettings(msgspec.Struct, frozen=True):
    """Which bar lengths vote, with what weight."""

    intervals: Annotated[
        tuple[IntervalSettings, ...],
        Key("Timeframes that vote, each with its weight; weights sum to 1.", source="W07 E06", reader="ensemble"),
    ] = (IntervalSettings(Timeframe.H1, 1.0),)
    base: Annotated[
        Timeframe | None,
        Key("Bar length taken from the source; longer ones are made from it. Empty: the shortest that votes.",
            source="A14", reader="engine"),
    ] = None  # fmt: skip
    missing: Annotated[
        Literal["renormalise", "refuse"],
        Key("What a missing timeframe does: share its weight among the others, or refuse to decide.", source="E07",
            reader="ensemble"),
    ] = "renormalise"  # fmt: skip


class MemberSettings(msgspec.Struct, frozen=True):
    """One member of the ensemble: a strategy family at a timeframe with its parameters."""

    family: str
    timeframe: Timeframe | None = None
    id: str = ""
    weight: float = 1.0
    params: dict[str, Any] = {}


class StrategySettings(msgspec.Struct, frozen=True):
    """Who votes, and which strategies are good enough to be taken from the store."""

    members: Annotated[
        tuple[MemberSettings, ...],
        Key("Members beside the proven strategies (family, timeframe, weight, params); they vote in the shadow until "
            "a verdict speaks for them. Empty: every family with its defaults at every voting timeframe.",
            source="B06 E01 D24", reader="engine"),
    ] = ()  # fmt: skip
    folder: Annotated[
        str,
        Key("Folder with strategy files of your own, relative to the working folder; empty: none are run.",
            source="B02", reader="engine", decides=False),
    ] = "strategies"  # fmt: skip
    min_confidence: Annotated[
        float,
        Key("Confidence a stored strategy needs to be ranked.", Share, 0, 1, source="W18 DIS01 B09",
            reader="strategy book"),
    ] = 0.50  # fmt: skip
    fallback_min_confidence: Annotated[
        float,
        Key("Second try when nothing reaches min_confidence; below it the start is refused.", Share, 0, 1,
            source="W18 B10", reader="strategy book"),
    ] = 0.40  # fmt: skip
    min_trades: Annotated[
        int,
        Key("Trades a strategy needs before it may be ranked.", Unit.TRADES, 1, source="W18 DIS10",
            reader="strategy book"),
    ] = 30  # fmt: skip
    seats: Annotated[
        int,
        Key("How many proven strategies are heard on a symbol; the others, best first, are the reserve from which one "
            "that drifted is replaced. 0: all of them are heard.", low=0, high=10_000, source="B13", reader="run"),
    ] = 0  # fmt: skip
    limit: Annotated[
        int,
        Key("How many of the best strategies are loaded.", low=1, high=10_000, source="W18 B09",
            reader="strategy book"),
    ] = 100  # fmt: skip


class TierSettings(msgspec.Struct, frozen=True):
    """Lower bounds of the signal tiers; everything below ``medium`` is low."""

    high: Annotated[
        float,
        Key("Level from which a signal is of the high tier.", Share, 0, 1, source="E10", reader="ensemble"),
    ] = 0.95
    medium: Annotated[
        float,
        Key("Level from which a signal is of the medium tier.", Share, 0, 1, source="E10", reader="ensemble"),
    ] = 0.90


class EnsembleSettings(msgspec.Struct, frozen=True):
    """When the members agree enough and the answer is sure enough."""

    min_confidence: Annotated[
        float,
        Key("Smallest level a signal needs; `applies_to` says of which number.", Share, 0, 1,
            source="W10 W11 DIS01 DIS02 E02-E04", reader="ensemble",
            env=(Name("MIN_CONFIDENCE_THRESHOLD", Reading.HUNDRED), Name("CONFIDENCE_THRESHOLD"))),
    ] = 0.80  # fmt: skip
    applies_to: Annotated[
        Literal["confidence", "win_probability"],
        Key("Which number min_confidence is held against: the probability that the expectancy after costs is "
            "positive, or that the target is reached before the stop.", source="E02", reader="ensemble"),
    ] = "confidence"  # fmt: skip
    min_agreement: Annotated[
        float,
        Key("Weight of the winning side / weight of the members that voted.", Share, 0, 1, source="E01",
            reader="ensemble"),
    ] = 0.80  # fmt: skip
    quorum: Annotated[
        int,
        Key("Members that must have voted for the winning side.", low=1, high=1000, source="E01", reader="ensemble"),
    ] = 2
    min_record: Annotated[
        int,
        Key("Closed shadow trades below which a member's record says nothing.", Unit.TRADES, 2, source="E09 X25",
            reader="ensemble"),
    ] = 30  # fmt: skip
    tiers: TierSettings = TierSettings()


class LiquiditySettings(msgspec.Struct, frozen=True):
    """Hours of the day with enough liquidity, UTC; start inclusive, end exclusive."""

    start: Annotated[
        int, Key("First UTC hour in which signals are allowed.", Unit.HOURS, 0, 23, source="F05", reader="filters")
    ] = 8
    end: Annotated[
        int, Key("First UTC hour in which they no longer are.", Unit.HOURS, 1, 24, source="F05", reader="filters")
    ] = 20


class NewsSettings(msgspec.Struct, frozen=True):
    """The embargo around scheduled news, and where the calendar comes from."""

    tier_1_minutes: Annotated[
        int,
        Key("Minutes before and after payrolls, inflation and rate decisions in which nothing is entered.",
            low=0, high=240, source="F04 M05", reader="filters"),
    ] = 30  # fmt: skip
    tier_2_minutes: Annotated[
        int,
        Key("The same for other high-impact releases.", low=0, high=240, source="F04 M05", reader="filters"),
    ] = 10
    max_age_days: Annotated[
        float,
        Key("Age of the calendar above which rules block as well and people are told.", low=0.1, high=60,
            source="M04 HZ09", reader="filters"),
    ] = 7.0  # fmt: skip
    crypto: Annotated[
        bool,
        Key("Whether coins against dollars keep out of the dollar's news.", source="F04", reader="filters"),
    ] = False
    url: Annotated[
        str,
        Key("JSON feed of the economic calendar; empty: none is fetched.", source="M01", reader="calendar"),
    ] = ""
    file: Annotated[
        str,
        Key("Calendar file (CSV, JSON, Parquet) beside or instead of the feed.", source="M03", reader="calendar"),
    ] = ""
    refresh_hours: Annotated[
        float,
        Key("How often the feed is asked.", Unit.HOURS, low=0.1, high=168, source="M01", reader="calendar"),
    ] = 6.0
    zone: Annotated[
        str,
        Key("Zone of times in the feed and the file that name none (IANA, America/New_York); empty: they are refused.",
            source="M01 M03", reader="calendar"),
    ] = ""  # fmt: skip


class RateLimitSettings(msgspec.Struct, frozen=True):
    """How many signals are too many."""

    per_symbol: Annotated[
        int, Key("Most signals of one symbol in the window.", low=1, high=1000, source="F08", reader="filters")
    ] = 8
    in_all: Annotated[
        int, Key("Most signals of all symbols in the window.", low=1, high=10000, source="F08", reader="filters")
    ] = 20
    hours: Annotated[float, Key("The window.", Unit.HOURS, low=0.1, high=720, source="F08", reader="filters")] = 24.0


class FilterSettings(msgspec.Struct, frozen=True):
    """Vetoes before a trade."""

    enabled: Annotated[
        tuple[str, ...],
        Key("Filters in use, by name; every one that blocks is recorded.", source="F01-F08", reader="filters"),
    ] = (
        "trend", "higher_timeframe", "regime", "liquidity_hours", "volatility", "news", "correlation",
        "currency_exposure", "rate_limit",
    )  # fmt: skip
    liquidity: LiquiditySettings = LiquiditySettings()
    volatility_percentile: Annotated[
        float,
        Key("Percentile of its own past above which volatility blocks.", low=0, high=100, source="F06",
            reader="filters"),
    ] = 95.0  # fmt: skip
    news: NewsSettings = NewsSettings()
    sentiment: SentimentFilterSettings = SentimentFilterSettings()
    max_correlation: Annotated[
        float,
        Key("Correlation of two bets above which the second is blocked.", Share, 0.1, 1, source="F07",
            reader="filters"),
    ] = 0.7  # fmt: skip
    max_currency_risk: Annotated[
        float,
        Key("Largest net stake on one currency, at the stops, of equity.", Share, 0.001, 1, source="F07 G18",
            reader="filters"),
    ] = 0.03  # fmt: skip
    max_portfolio_risk: Annotated[
        float,
        Key("Largest risk of all trades together with their correlations, of equity.", Share, 0.001, 1,
            source="F07 G18", reader="filters"),
    ] = 0.03  # fmt: skip
    rate_limit: RateLimitSettings = RateLimitSettings()


class DrawdownBands(msgspec.Struct, frozen=True):
    """The drawdown levels that the stages judge by; `risk.max_drawdown` is the one that stops trading."""

    train: Annotated[
        float,
        Key("Largest drawdown of a strategy in its training window.", Share, 0, 1, source="G19 D04 DIS06",
            reader=NOT_YET + "strategy search", band="train"),
    ] = 0.25  # fmt: skip
    thirty_days: Annotated[
        float,
        Key("Largest drawdown over 30 live days.", Share, 0, 1, source="G19 P26 DIS06",
            reader=NOT_YET + "rollout reports", band="30 days"),
    ] = 0.20  # fmt: skip
    tight: Annotated[
        float,
        Key("Stop level of the tight risk preset.", Share, 0, 1, source="G19 G07 DIS06",
            reader=NOT_YET + "rollout reports", band="tight"),
    ] = 0.12  # fmt: skip
    good: Annotated[
        float,
        Key("Drawdown that counts as good, and the limit of the hourly check.", Share, 0, 1,
            source="G19 P05 P08 DIS06", reader=NOT_YET + "rollout reports", band="good and hourly"),
    ] = 0.10  # fmt: skip


class RiskSettings(msgspec.Struct, frozen=True):
    """How much may be lost, on one trade, in a day, from the peak."""

    risk_per_trade: Annotated[
        float,
        Key("Equity risked between entry and stop of one trade.", Share, 0, 0.10, source="G01 DIS08", reader="risk"),
    ] = 0.01
    max_drawdown: Annotated[
        float,
        Key("Fall of equity from its peak at which everything is closed and trading stops.", Share, above=0, high=1,
            source="W05 G03 DIS06", reader="account guard", band="rollback",
            also=(Name("risk.max_drawdown_percent", Reading.PERCENT),)),
    ] = 0.15  # fmt: skip
    drawdown_alert: Annotated[
        float,
        Key("Fall of equity from its peak that raises an alert without stopping.", Share, 0, 1, source="G04",
            reader="account guard"),
    ] = 0.125  # fmt: skip
    daily_loss_limit: Annotated[
        float,
        Key("Loss within one trading day after which no position is opened until the next.", Share, above=0, high=1,
            source="W05 G05 DIS07", reader="account guard",
            also=(Name("risk.daily_loss_limit_percent", Reading.PERCENT),)),
    ] = 0.05  # fmt: skip
    max_position_size: Annotated[
        float,
        Key("Largest margin of one position (value / leverage) as a share of equity; write the unit.", Share,
            above=0, high=1, source="W05 G06 DIS08", reader="risk",
            also=(Name("risk.max_position_size_percent", Reading.EXPLICIT),)),
    ] = 0.10  # fmt: skip
    max_open_risk: Annotated[
        float,
        Key("Equity at risk in all open positions together.", Share, above=0, high=1, source="G18", reader="risk"),
    ] = 0.05
    max_open_positions: Annotated[
        int, Key("Positions and waiting orders at one time.", low=1, high=1000, source="G18", reader="risk")
    ] = 5
    leverage: Annotated[
        float,
        Key(
            "Position value per unit of margin, for currencies and metals.",
            Unit.MULTIPLE,
            1,
            500,
            source="X10",
            reader="risk",
        ),
    ] = 100.0
    crypto_leverage: Annotated[
        float,
        Key(
            "Position value per unit of margin, for crypto; 1 is spot.",
            Unit.MULTIPLE,
            1,
            500,
            source="X10",
            reader="risk",
        ),
    ] = 1.0
    stop_mode: Annotated[
        Literal["pct", "atr", "wider_of"],
        Key("Where the stop stands: a share of price, a multiple of ATR, or the farther of both.",
            source="DIS37 B05", reader=NOT_YET + "strategy search; until then each family brings its own exits"),
    ] = "wider_of"  # fmt: skip
    min_stop: Annotated[
        Distance,
        Key("Nearest stop allowed; 0 leaves it to the costs and the venue.", Unit.DISTANCE, 0, source="B03 DIS37",
            reader="risk"),
    ] = Distance(0.0, "pips")  # fmt: skip
    max_cost_to_risk: Annotated[
        float,
        Key("Costs of the round trip / cash at risk above which a trade is refused.", Share, above=0, high=1,
            source="C08 HZ21", reader="risk"),
    ] = 0.35  # fmt: skip
    entry_zone: Annotated[
        float,
        Key("Half width of the entry zone around the expected price.", Share, 0, 0.05, source="E05 HZ20",
            reader="risk"),
    ] = 0.001  # fmt: skip
    entry_zone_of_stop: Annotated[
        float,
        Key("Cap of the half width of the entry zone, as a share of the stop distance.", Share, above=0, high=1,
            source="E05 HZ20", reader="risk"),
    ] = 0.25  # fmt: skip
    valid_bars: Annotated[
        int,
        Key("Bars after which an unfilled signal expires.", Unit.BARS, 1, 1000, source="X13", reader="engine"),
    ] = 1
    sizing: Annotated[
        Literal["fixed", "dynamic"],
        Key("fixed risks the same share each time; dynamic risks less where volatility is high or confidence low, and "
            "never more.", source="G17", reader="risk"),
    ] = "fixed"  # fmt: skip
    target_volatility: Annotated[
        float,
        Key("Yearly volatility one position may bring at most, with dynamic sizing.", Share, above=0, high=5,
            source="G17", reader="risk"),
    ] = 0.10  # fmt: skip
    firm: Annotated[
        str,
        Key("Prop firm whose rules hold: ftmo-2step, ftmo-1step or the path of a TOML file of your own; empty: none.",
            source="G11 HZ31", reader="account guard"),
    ] = ""  # fmt: skip
    firm_stage: Annotated[
        str, Key("Stage of the firm's account, one of its file.", source="G11", reader="account guard")
    ] = "challenge"
    firm_type: Annotated[
        str, Key("Type of the firm's account, such as standard or swing.", source="G11", reader="account guard")
    ] = "standard"
    cooldown_losses: Annotated[
        int,
        Key("Losing trades in a row after which no new risk is taken for a while; 0: never.", low=0, high=1000,
            source="G05", reader="account guard"),
    ] = 0  # fmt: skip
    cooldown_hours: Annotated[
        float,
        Key("How long that pause lasts.", Unit.HOURS, 0, 720, source="G05", reader="account guard"),
    ] = 24.0
    symbol_cooldown_hours: Annotated[
        float,
        Key("How long a symbol rests after a trade of it was stopped out; 0: not at all.", Unit.HOURS, 0, 720,
            source="G05", reader="account guard"),
    ] = 0.0  # fmt: skip
    drawdown: DrawdownBands = DrawdownBands()


class AccountSettings(msgspec.Struct, frozen=True):
    """The account that sizes are computed for."""

    currency: Annotated[str, Key("Account currency, three letters.", source="G01 X10", reader="ledger")] = "USD"
    balance: Annotated[
        float,
        Key("Balance at the start of a back-test or a paper account.", Unit.CURRENCY, above=0, source="G01 G12",
            reader="ledger"),
    ] = 10_000.0  # fmt: skip


class CostSettings(msgspec.Struct, frozen=True):
    """Trading costs where neither the bar nor the instrument knows better; fractions of price, per side."""

    spread: Annotated[
        float, Key("Spread charged per side where a bar carries none.", Share, 0, 0.1, source="C02 X11",
                   reader="simulated broker")
    ] = 0.0001  # fmt: skip
    slippage: Annotated[float, Key("Slippage per fill.", Share, 0, 0.1, source="C01", reader="simulated broker")] = (
        0.0002
    )
    multiplier: Annotated[
        float,
        Key("Factor on the costs above, to see what a result survives; not on the spread that bars carry themselves.",
            Unit.MULTIPLE, 0, 100, source="X11",
            reader="simulated broker"),
    ] = 1.0  # fmt: skip


class PositionSizeSettings(msgspec.Struct, frozen=True):
    """Constant sizes of the first live phases: micro 0.001 BTC and 0.01 ETH, later 0.01 and 0.1."""

    btc: Annotated[
        float,
        Key("BTC per order in the current phase.", Unit.COINS, above=0, source="W16 H09 H11",
            reader=NOT_YET + "rollout phases", env=(Name("POSITION_SIZE_BTC"),)),
    ] = 0.001  # fmt: skip
    eth: Annotated[
        float,
        Key("ETH per order in the current phase.", Unit.COINS, above=0, source="W16 H09 H11",
            reader=NOT_YET + "rollout phases", env=(Name("POSITION_SIZE_ETH"),)),
    ] = 0.01  # fmt: skip

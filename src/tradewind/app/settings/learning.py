"""Sections of strategy search, learning, drift and models: checked and explained now, read by later parts."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tradewind.app.settings.key import NOT_YET, Key, Name
from tradewind.app.settings.units import Unit
from tradewind.model.timeframe import Timeframe

Share = Unit.FRACTION
LEARNING = "continuous learning"
DRIFT = "drift monitoring"
SELECTOR = "selector"
MODELS = "train, evaluate, promote"
LIVE = NOT_YET + "live execution"


class LiveTradingSettings(msgspec.Struct, frozen=True):
    """The second of the two keys that must both say live."""

    enabled: Annotated[bool, Key("Whether the trading loop runs at all.", source="W01 H01", reader=LIVE)] = True
    mode: Annotated[
        Literal["paper", "live"],
        Key("Paper or live; live needs `runtime.mode = live` too.", source="W01 DIS24 H01", reader="run"),
    ] = "paper"


class ConfidenceSettings(msgspec.Struct, frozen=True):
    """When a model trades and when it goes back to learning."""

    trading_threshold: Annotated[
        float,
        Key("Confidence at which a model starts to trade.", Share, 0, 1, source="W03 DIS01 J01 E04", reader=LEARNING,
            also=(Name("mode.trading_threshold"),)),
    ] = 0.80  # fmt: skip
    hysteresis: Annotated[
        float,
        Key("How far below the threshold confidence must fall before it stops.", Share, 0, 1, source="W03 J02",
            reader=LEARNING),
    ] = 0.05  # fmt: skip
    min_events: Annotated[
        int, Key("Shadow events below which there is no confidence.", low=30, high=10_000, source="J01",
                 reader=LEARNING)
    ] = 100  # fmt: skip
    window: Annotated[
        int, Key("Newest shadow events that it is computed on.", low=30, high=10_000, source="J01", reader=LEARNING)
    ] = 250
    return_evidence: Annotated[
        float,
        Key("What a model that traded and fell must show to return: 20 lets one market without an edge in twenty back, "
            "however often it is looked at; 1 asks for nothing.", low=1, high=1_000_000, source="J09 HZ22",
            reader=LEARNING),
    ] = 20.0  # fmt: skip


class RetrainingSettings(msgspec.Struct, frozen=True):
    """When a model is trained again and how long."""

    on_loss: Annotated[bool, Key("Whether a losing trade asks for retraining.", source="W04 J04", reader=LEARNING)] = (
        True
    )
    max_epochs: Annotated[
        int, Key("Upper bound of training epochs.", low=1, high=10_000, source="W04 I06", reader=LEARNING)
    ] = 50
    target_confidence: Annotated[
        float | None,
        Key("Held-out confidence a candidate must show; empty: trading_threshold + 0.02. Never below the threshold.",
            Share, 0, 1, source="W04 DIS20 J09", reader=LEARNING),
    ] = None  # fmt: skip
    patience: Annotated[
        int, Key("Epochs without progress before training stops.", low=1, high=1000, source="W04 I06", reader=LEARNING)
    ] = 12
    min_interval_hours: Annotated[
        float, Key("Shortest time between two trainings of one model.", Unit.HOURS, 0, 720, source="W04 J06 HZ23",
                   reader=LEARNING)
    ] = 2.0  # fmt: skip
    drift_threshold: Annotated[
        float,
        Key("Drift score that asks for retraining; higher is less sensitive. Not `drift.drift_threshold`.", Share, 0, 1,
            source="W04 DIS16 J05", reader=LEARNING, also=(Name("drift.score.trigger"),)),
    ] = 0.70  # fmt: skip
    calibration_warning: Annotated[
        float, Key("Calibration error that is told.", Share, 0, 1, source="K18", reader=LEARNING)
    ] = 0.05
    calibration_limit: Annotated[
        float, Key("Calibration error that asks for retraining.", Share, 0, 1, source="I15 K18", reader=LEARNING)
    ] = 0.10
    every_days: Annotated[
        float, Key("Time after which a model is trained again in any case; 0: never.", Unit.DAYS, 0, 3650, source="J18",
                   reader=LEARNING)
    ] = 30.0  # fmt: skip
    new_labels: Annotated[
        int, Key("Shadow events after which it is; 0: never.", low=0, high=1_000_000, source="J06", reader=LEARNING)
    ] = 250
    excessive: Annotated[
        int, Key("Trainings within six hours that are told as too many.", low=1, high=10_000, source="J07",
                 reader=LEARNING)
    ] = 25  # fmt: skip
    type: Annotated[
        str,
        Key("What is trained: a type of `tradewind train`; empty: the type that sits there, or logistic.",
            source="I15 I19", reader=LEARNING, decides=False),
    ] = ""  # fmt: skip
    interpreter: Annotated[
        str,
        Key("Python that trains; empty: the one that runs. Nets need one with PyTorch (`make training`).",
            source="J11", reader=LEARNING, decides=False),
    ] = ""  # fmt: skip
    fetch: Annotated[
        bool,
        Key("Whether stored candles are brought up to date before a training.", source="J15", reader=LEARNING,
            decides=False),
    ] = True  # fmt: skip
    budget_seconds: Annotated[
        float,
        Key("Processor time of one training.", Unit.SECONDS, above=0, high=1_000_000, source="J11", reader=LEARNING,
            decides=False),
    ] = 600.0  # fmt: skip
    time_limit_seconds: Annotated[
        float,
        Key("Time after which a training is ended.", Unit.SECONDS, above=0, high=1_000_000, source="J11",
            reader=LEARNING, decides=False),
    ] = 1800.0  # fmt: skip


class ContinuousLearningSettings(msgspec.Struct, frozen=True):
    """The learning loop."""

    enabled: Annotated[bool, Key("Whether models are retrained at all.", source="W02 J20", reader=LEARNING)] = True
    confidence: ConfidenceSettings = ConfidenceSettings()
    retraining: RetrainingSettings = RetrainingSettings()


class DriftSettings(msgspec.Struct, frozen=True):
    """When a strategy is said to have drifted, and what follows."""

    auto_action: Annotated[
        bool,
        Key("Whether a strategy whose decline is CRITICAL, and confirmed for the fleet, is taken off and the next of "
            "the reserve (`strategies.seats`) sits in its place.", source="K06 B12 B13", reader=DRIFT),
    ] = True  # fmt: skip
    fleet: Annotated[
        Literal["limit", "e_bh"],
        Key("What confirms it among many strategies: a level with at most one false alarm a month, or e-BH at a false "
            "discovery rate of 5%.", source="K06", reader=DRIFT),
    ] = "limit"  # fmt: skip
    drift_threshold: Annotated[
        float,
        Key("Relative loss of win rate that is reported; it switches nothing off. Not "
            "`continuous_learning.retraining.drift_threshold`.",
            Share, 0, 1, source="W17 DIS15 DIS16 K01", reader=DRIFT,
            also=(Name("drift.performance.min_degradation"),)),
    ] = 0.15  # fmt: skip
    min_trades_for_detection: Annotated[
        int, Key("Trades below which nothing is said.", Unit.TRADES, 1, source="W17 K07 DIS10", reader=DRIFT)
    ] = 30
    lookback_days: Annotated[
        float, Key("Older trades are ignored.", Unit.DAYS, above=0, high=3650, source="W17 K08", reader=DRIFT)
    ] = 30.0
    cooldown_hours: Annotated[
        float, Key("Time between two alerts for one strategy.", Unit.HOURS, 0, 720, source="W17 K11", reader=DRIFT)
    ] = 24.0


class SelectorSettings(msgspec.Struct, frozen=True):
    """How strategies are weighed by what all of them showed in the shadow."""

    enabled: Annotated[
        bool,
        Key("Whether weights are computed and choices logged; without it the ensemble is pure.", source="L02 L07",
            reader=SELECTOR, also=(Name("rl.enabled"),)),
    ] = True  # fmt: skip
    weighs: Annotated[
        bool,
        Key("Whether the weights multiply those of the votes; else they are computed and logged alone.",
            source="L02 L07", reader=SELECTOR),
    ] = False  # fmt: skip
    method: Annotated[
        Literal["fixed_share", "q_learning"],
        Key("Fixed share tracks the best of all shadow results; q_learning is the tabular way, for comparison.",
            source="L02", reader=SELECTOR),
    ] = "fixed_share"  # fmt: skip
    rate: Annotated[
        float, Key("How strongly one R moves a weight (fixed share).", above=0, high=10, source="L02", reader=SELECTOR)
    ] = 0.2
    share: Annotated[
        float,
        Key("Weight spread anew each round, about 1 / rounds between two changes of the best (fixed share).", Share, 0,
            1, source="L02", reader=SELECTOR),
    ] = 0.004  # fmt: skip
    explore: Annotated[
        float, Key("Choices made by chance (q_learning).", Share, 0, 1, source="L02", reader=SELECTOR)
    ] = 0.1
    step: Annotated[
        float, Key("How far one result moves a value (q_learning).", Share, 0, 1, source="L02 L06", reader=SELECTOR)
    ] = 0.1
    max_entries: Annotated[
        int,
        Key("Values the table holds; the least visited go first.", low=10, high=1_000_000, source="L03 HZ06",
            reader=SELECTOR),
    ] = 10_000  # fmt: skip


class GeneratorSettings(msgspec.Struct, frozen=True):
    """Strategy search."""

    max_strategies: Annotated[
        int, Key("Strategies in one batch.", low=1, high=100_000, source="W18 B01", reader="strategy generate")
    ] = 100


class ModelSettings(msgspec.Struct, frozen=True):
    """What a trained model must show before it may be promoted."""

    profile: Annotated[
        Literal["honest", "strict"],
        Key("Which criteria decide: honest asks for more than luck above base rate and costs, and for calibration; "
            "strict asks for `model.min_accuracy` too.", source="D18 D19 I11 I20", reader=MODELS),
    ] = "honest"  # fmt: skip
    min_accuracy: Annotated[
        float,
        Key("Least accuracy of what was acted on, of the profiles source (always printed) and strict.", Share, 0, 1,
            source="DIS05 D18", reader=MODELS),
    ] = 0.68  # fmt: skip
    max_calibration_error: Annotated[
        float,
        Key("Largest expected calibration error; in profile honest from 1,000 samples that share no bar on, below "
            "which the error is mostly noise and a test decides.", Share, 0, 1, source="DIS19 D19", reader=MODELS),
    ] = 0.05  # fmt: skip


class ApprovalSettings(msgspec.Struct, frozen=True):
    """How the criteria of a rollout phase are counted."""

    rule: Annotated[
        Literal["majority", "strict", "source-compat"],
        Key("majority: 4 of 5, with drawdown and errors mandatory; strict: all; source-compat: any 4 of 5.",
            source="DIS11 P07", reader=NOT_YET + "rollout phases"),
    ] = "majority"  # fmt: skip


class PredictorSettings(msgspec.Struct, frozen=True):
    """One trained predictor that votes beside the strategies.

    ``source`` says where its predictions come from: ``promoted`` models, or ``mock`` and ``random`` numbers, which
    are for trying things out and refused wherever money or evidence is at stake. Without ``symbols`` or ``timeframes``
    it speaks on all of the run. ``news``: its models read what articles said. ``weight`` is that of its votes.
    """

    name: str
    source: Literal["promoted", "mock", "random"] = "promoted"
    symbols: tuple[str, ...] = ()
    timeframes: tuple[Timeframe, ...] = ()
    weight: float = 1.0
    news: bool = False

"""Section of the gates: which profile decides, and limits that a project wants stricter than they are.

Every limit is bounded by its own default on the side on which it would get easier, so that no configuration makes a
gate cheaper to pass. What is looser as a whole is the profile ``source``; a PASS of it alone speaks nowhere.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from tradewind.app.settings.key import Key
from tradewind.app.settings.units import Unit

READER: Final = "validate, research"
_Share: Final = Unit.FRACTION


class GateSettings(msgspec.Struct, frozen=True):
    """When a strategy counts as proven; each limit may be made stricter, never looser."""

    profile: Annotated[
        Literal["source", "honest", "strict"],
        Key(
            "Which gates decide: honest; strict asks more; source asks thresholds alone, and its PASS alone never "
            "speaks. Source and honest are always printed.", source="D01-D13 D24 X02 X25 HZ24 HZ25", reader=READER),
    ] = "honest"  # fmt: skip
    train_win_rate: Annotated[
        float, Key("Least win rate of the train window.", _Share, 0.50, 1, source="D01 DIS04", reader=READER)
    ] = 0.50
    train_profit_factor: Annotated[
        float, Key("Least profit factor of the train window.", low=1.2, source="D02", reader=READER)
    ] = 1.2
    train_sharpe: Annotated[
        float, Key("Least annual Sharpe ratio of the train window.", low=0.5, source="D03", reader=READER)
    ] = 0.5
    train_drawdown: Annotated[
        float, Key("Deepest drawdown of the train window.", _Share, 0, 0.25, source="D04 DIS06", reader=READER)
    ] = 0.25
    retention: Annotated[
        float,
        Key("Least share of the train win rate kept in the test window and in the walk forward.", _Share, 0.85, 1,
            source="D05 D06 DIS14", reader=READER),
    ] = 0.85  # fmt: skip
    consistency: Annotated[
        float, Key("Least share of folds that keep `gate.retention`.", _Share, 0.70, 1, source="D07", reader=READER)
    ] = 0.70
    validation_win_rate: Annotated[
        float, Key("Least mean win rate of the validation folds.", _Share, 0.45, 1, source="D08 DIS04", reader=READER)
    ] = 0.45
    sealed_win_rate: Annotated[
        float, Key("Least win rate of the sealed window.", _Share, 0.65, 1, source="D10 DIS04 DIS12", reader=READER)
    ] = 0.65
    sealed_profit_factor: Annotated[
        float, Key("Least profit factor of the sealed window.", low=1.3, source="D11", reader=READER)
    ] = 1.3
    decay: Annotated[
        float,
        Key("Largest share of the train win rate that the sealed window may lose.", _Share, 0, 0.15,
            source="D12 DIS14", reader=READER),
    ] = 0.15  # fmt: skip
    drawdown_budget: Annotated[
        float, Key("Deepest drawdown of the sealed window.", _Share, 0, 0.25, source="D13 DIS06", reader=READER)
    ] = 0.25
    min_train: Annotated[
        int, Key("Trades in the train window below which nothing is said.", Unit.TRADES, 200, source="X25 HZ25",
                 reader=READER)
    ] = 200  # fmt: skip
    min_sealed: Annotated[
        int,
        Key("Trades in the sealed window below which nothing is said; the window grows until they are expected.",
            Unit.TRADES, 100, source="X25 HZ25 C07", reader=READER),
    ] = 100  # fmt: skip
    min_sealed_days: Annotated[
        int, Key("Least length of the sealed window.", Unit.DAYS, 184, 3650, source="C07", reader=READER, whole=True)
    ] = 184
    alpha: Annotated[
        float,
        Key("One-sided level of the exact test and of the bootstrap bound.", above=0, high=0.05, source="X02 X25",
            reader=READER),
    ] = 0.05  # fmt: skip
    psr: Annotated[
        float, Key("Least probabilistic Sharpe ratio of the sealed days.", low=0.95, high=0.9999, source="X02",
                   reader=READER)
    ] = 0.95  # fmt: skip
    dsr: Annotated[
        float, Key("Least deflated Sharpe ratio over all windows.", low=0.50, high=0.9999, source="X02", reader=READER)
    ] = 0.50
    strong_dsr: Annotated[
        float, Key("Deflated Sharpe ratio called strong; profile strict demands it.", low=0.95, high=0.9999,
                   source="X02", reader=READER)
    ] = 0.95  # fmt: skip
    pbo: Annotated[
        float,
        Key("Largest probability of backtest overfitting of a batch; above it the whole batch is blocked.", _Share, 0,
            0.50, source="X02", reader=READER),
    ] = 0.50  # fmt: skip
    pbo_warning: Annotated[
        float, Key("Probability of backtest overfitting above which a batch is warned about.", _Share, 0, 0.20,
                   source="X02", reader=READER)
    ] = 0.20  # fmt: skip
    spa: Annotated[
        float, Key("Largest p-value of the test for superior ability of a batch.", above=0, high=0.05, source="X02",
                   reader=READER)
    ] = 0.05  # fmt: skip
    stress_factor: Annotated[
        float, Key("Multiple of spread and slippage that must be survived, 2 or 3.", Unit.MULTIPLE, 2, 3,
                   source="X11 HZ21", reader=READER, whole=True)
    ] = 2.0  # fmt: skip
    stress_profit_factor: Annotated[
        float, Key("Profit factor that must be exceeded at those costs.", low=1.0, source="X11 HZ21", reader=READER)
    ] = 1.0
    delay_kept: Annotated[
        float,
        Key("Least share of the expectancy kept when every order is one bar late.", _Share, 0.50, 1, source="X01 X11",
            reader=READER),
    ] = 0.50  # fmt: skip
    path_drawdown: Annotated[
        float,
        Key("Deepest 95th percentile of the drawdown over other orders and resamples of the trades.", _Share, 0, 0.25,
            source="D04 X02", reader=READER),
    ] = 0.25  # fmt: skip

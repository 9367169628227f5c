"""The columns of the recorded TA-Lib answers and the keys of ours that mean the same."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tests.shared_data import shared
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import HOUR

KEY_OF = {
    **{f"ema_{n}": f"ema({n})" for n in (9, 12, 21, 26, 50, 200)},
    **{f"sma_{n}": f"sma({n})" for n in (20, 50, 200)},
    **{f"rsi_{n}": f"rsi({n})" for n in (7, 14)},
    **{f"cci_{n}": f"cci({n})" for n in (14, 20)},
    **{f"{kind}_14": f"{kind}(14)" for kind in ("rma", "atr", "natr", "adx", "plus_di", "minus_di", "willr", "mfi")},
    **{f"{kind}_20": f"{kind}(20)" for kind in ("wma", "hma", "dema", "tema", "stddev", "linreg_slope")},
    **{f"{kind}_10": f"{kind}(10)" for kind in ("mom", "roc", "er")},
    "kama_30": "kama(30)",
    "trange": "trange",
    "obv": "obv",
    "macd": "macd(12,26,9).line",
    "macd_signal": "macd(12,26,9).signal",
    "macd_hist": "macd(12,26,9).histogram",
    "bb_upper": "bbands(20,2).upper",
    "bb_mid": "bbands(20,2).middle",
    "bb_lower": "bbands(20,2).lower",
    "stoch_k": "stoch(14,3,3).k",
    "stoch_d": "stoch(14,3,3).d",
    "stochf_k": "stochf(14,3).k",
    "stochf_d": "stochf(14,3).d",
    "stochrsi_k": "stochrsi(14,14,3).k",
    "stochrsi_d": "stochrsi(14,14,3).d",
    "donchian_upper": "donchian(20).upper",
    "donchian_mid": "donchian(20).middle",
    "donchian_lower": "donchian(20).lower",
    "supertrend": "supertrend(10,3).value",
    "supertrend_dir": "supertrend(10,3).direction",
    "kc_upper": "kc(20,10,2).upper",
    "kc_mid": "kc(20,10,2).middle",
    "kc_lower": "kc(20,10,2).lower",
    "sar": "sar(0.02,0.2)",
    "aroon_down": "aroon(14).down",
    "aroon_up": "aroon(14).up",
    "ultosc": "ultosc(7,14,28)",
    "vortex_plus": "vortex(14).plus",
    "vortex_minus": "vortex(14).minus",
}

OSCILLATORS = ("rsi", "adx", "plus_di", "minus_di", "stoch", "cci", "willr", "mfi", "aroon", "ultosc", "natr", "roc")


def tolerance(column: str) -> float:
    """1e-7 for what lives on 0..100, 1e-9 for the rest, as the recorded answers ask."""
    return 1e-7 if column.startswith(OSCILLATORS) else 1e-9


def first_valid() -> dict[str, int]:
    """Index of the first value of each column."""
    meta = json.loads(shared("ground_truth/indicators_meta.json").read_text())
    pairs = [zip(call["columns"], call["first_valid"], strict=True) for call in meta["calls"].values()]
    # an integer array cannot hold "no trend yet", so TA-Lib writes 0 there; ours is NaN until the band exists
    return {column: first for pair in pairs for column, first in pair} | {"supertrend_dir": 10}


def answers() -> tuple[BarColumns, dict[str, NDArray[np.float64]]]:
    """The 500 recorded bars and what TA-Lib said about them."""
    frame = pl.read_parquet(shared("ground_truth/indicators.parquet"))
    column = {name: frame[name].cast(pl.Float64).to_numpy() for name in frame.columns if name != "ts"}
    ts = frame["ts"].dt.epoch("us").to_numpy() * 1000
    bars = [np.ascontiguousarray(column[name]) for name in ("open", "high", "low", "close", "volume")]
    return BarColumns(ts, ts + HOUR, *bars, np.full(len(ts), np.nan)), column

"""Named bundles: every value a source used survives here under a name; the defaults are the safer ones.

``fx``, ``crypto``, ``crpbot`` and ``strict`` choose whole bundles, ``source`` the first reading of the source systems;
the rest are one-topic presets to lay over them (``preset = ["crypto", "tight"]``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_SIX_TIMEFRAMES: Final = [
    {"interval": "1m", "weight": 0.05},
    {"interval": "5m", "weight": 0.10},
    {"interval": "15m", "weight": 0.15},
    {"interval": "1h", "weight": 0.30},
    {"interval": "4h", "weight": 0.25},
    {"interval": "1d", "weight": 0.15},
]

PRESETS: Final[dict[str, Mapping[str, Any]]] = {
    "fx": {
        "symbols": ["EUR/USD", "GBP/USD", "XAU/USD"],
        "market.feed": "poll",
        "market.poll_interval": 3600,
        "market.providers": ["oanda", "yahoo", "alphavantage"],
        "ensemble.min_confidence": 0.80,
        "filters.liquidity.start": 8,
        "filters.liquidity.end": 20,
    },
    "crypto": {
        "symbols": ["BTC/USDT", "ETH/USDT"],
        "market.feed": "stream",
        "market.providers": ["binance", "kraken"],
        "timeframes.intervals": _SIX_TIMEFRAMES,
        "continuous_learning.confidence.trading_threshold": 0.80,
        "continuous_learning.confidence.hysteresis": 0.05,
        "risk.max_drawdown": 0.15,
        "risk.daily_loss_limit": 0.05,
        "risk.max_position_size": 0.10,
        "filters.enabled": ["trend", "higher_timeframe", "regime", "volatility"],
    },
    "crpbot": {
        "symbols": ["BTC/USD", "ETH/USD"],
        "market.feed": "poll",
        "market.poll_interval": 300,
        "market.providers": ["coinbase"],
        "market.history_days": 30,
        "timeframes.intervals": [{"interval": "5m", "weight": 1.0}],
        "ensemble.min_confidence": 0.75,
        "model.min_accuracy": 0.68,
        "model.max_calibration_error": 0.05,
        "filters.enabled": ["trend", "higher_timeframe", "regime", "volatility"],
    },
    "strict": {
        "approval.rule": "strict",
        "gate.profile": "strict",
        "ensemble.min_confidence": 0.90,
        "ensemble.quorum": 3,
        "risk.max_drawdown": 0.12,
        "risk.drawdown_alert": 0.10,
        "risk.daily_loss_limit": 0.03,
        "risk.max_position_size": 0.05,
        "risk.risk_per_trade": 0.005,
        "timeframes.missing": "refuse",
        "continuous_learning.confidence.trading_threshold": 0.82,
        "continuous_learning.confidence.hysteresis": 0.07,
    },
    "source": {
        "ensemble.applies_to": "win_probability",
        "approval.rule": "source-compat",
        "gate.profile": "source",
        "strategies.min_trades": 1,
        "risk.stop_mode": "pct",
    },
    "tight": {
        "risk.max_drawdown": 0.12,
        "risk.drawdown_alert": 0.10,
        "risk.daily_loss_limit": 0.03,
        "risk.max_position_size": 0.05,
    },
    "first-live": {"risk.max_position_size": 0.02},
    "ftmo-2step": {
        "risk.firm": "ftmo-2step",
        "risk.max_drawdown": 0.08,
        "risk.drawdown_alert": 0.06,
        "risk.daily_loss_limit": 0.04,
    },
    "ftmo-1step": {
        "risk.firm": "ftmo-1step",
        "risk.max_drawdown": 0.08,
        "risk.drawdown_alert": 0.06,
        "risk.daily_loss_limit": 0.024,
    },
    "cautious": {
        "continuous_learning.confidence.trading_threshold": 0.82,
        "continuous_learning.confidence.hysteresis": 0.07,
        "continuous_learning.retraining.drift_threshold": 0.80,
    },
    "relaxed": {"continuous_learning.confidence.trading_threshold": 0.75},
}


RISK_PRESETS: Final = ("tight", "first-live", "ftmo-2step", "ftmo-1step")
"""The presets that are about risk alone, which ``--risk-preset`` lays over everything else."""


def values_in_presets(path: str) -> dict[str, Any]:
    """``{preset: value}`` of every preset that sets this key."""
    return {name: values[path] for name, values in PRESETS.items() if path in values}

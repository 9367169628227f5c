"""A signal as text that Cornix reads: whole pair, side, Entry, Take Profit, Stop. Nothing else may look like a number
of a trade.
"""

from __future__ import annotations

from tradewind.model.decision import Signal
from tradewind.model.instrument import Instrument
from tradewind.model.stamp import SIMULATED, UNPROVEN, says


def cornix_text(signal: Signal, instrument: Instrument) -> str:
    """The text; entries from the near end of the zone to the far one.

    What must not be traded at all (SIMULATED, UNPROVEN) says so in the first line and names no pair that Cornix knows.
    """
    b, digits = signal.bracket, instrument.digits
    near, far = (b.entry_high, b.entry_low) if b.side > 0 else (b.entry_low, b.entry_high)
    pair = signal.symbol.partition(":")[0]
    name = f"#{pair}"
    if says(signal.stamp, SIMULATED) or says(signal.stamp, UNPROVEN):
        return f"{signal.stamp}, not for trading: {signal.direction} {pair.replace('/', ' to ')}"
    return "\n".join(
        [
            name,
            f"Signal Type: Regular ({'Long' if b.side > 0 else 'Short'})",
            "",
            f"Entry Zone: {near:.{digits}f} - {far:.{digits}f}",
            "",
            "Take-Profit Targets:",
            f"1) {b.target:.{digits}f}",
            "",
            "Stop Targets:",
            f"1) {b.stop:.{digits}f}",
        ]
    )

"""Payloads of ledger entries: MessagePack with columns as little-endian bytes."""

from __future__ import annotations

import msgspec
import numpy as np

from tradewind.model.trial import Look, TrialBatch, spec_number, spec_text


class _Trials(msgspec.Struct, frozen=True, array_like=True):
    symbol: str
    timeframe: str
    data_hash: str
    start: int
    end: int
    mean_correlation: float | None
    families: tuple[str, ...]
    family: bytes
    spec: bytes
    n_trades: bytes
    sharpe: bytes
    days: bytes


class _Looks(msgspec.Struct, frozen=True, array_like=True):
    opening: str
    symbol: str
    timeframe: str
    data_hash: str
    start: int
    end: int
    candidates: tuple[tuple[int, str], ...]
    bars: bytes = b""
    rules: tuple[tuple[str, ...], ...] = ()
    rule_of: tuple[int, ...] = ()
    entries: tuple[bytes, ...] = ()
    weeks: bytes = b""


_encoder = msgspec.msgpack.Encoder()
_trials = msgspec.msgpack.Decoder(_Trials)
_looks = msgspec.msgpack.Decoder(_Looks)


def encode_trials(batch: TrialBatch) -> bytes:
    """The payload of a batch; equal batches give equal bytes."""
    return _encoder.encode(
        _Trials(
            batch.symbol,
            batch.timeframe,
            batch.data_hash,
            batch.start,
            batch.end,
            batch.mean_correlation,
            batch.families,
            batch.family.astype("<u2").tobytes(),
            batch.spec.astype("<u8").tobytes(),
            batch.n_trades.astype("<i4").tobytes(),
            batch.sharpe.astype("<f8").tobytes(),
            batch.days.astype("<i4").tobytes(),
        )
    )


def decode_trials(payload: memoryview) -> TrialBatch:
    """The batch of ``encode_trials``' bytes.

    Raises:
        msgspec.DecodeError: the bytes are no batch; ``ValueError`` where a column is no whole number of cells.
    """
    stored = _trials.decode(payload)
    return TrialBatch(
        symbol=stored.symbol,
        timeframe=stored.timeframe,
        data_hash=stored.data_hash,
        start=stored.start,
        end=stored.end,
        families=stored.families,
        family=np.frombuffer(stored.family, "<u2").astype(np.uint16),
        spec=np.frombuffer(stored.spec, "<u8").astype(np.uint64),
        n_trades=np.frombuffer(stored.n_trades, "<i4").astype(np.int32),
        sharpe=np.frombuffer(stored.sharpe, "<f8").astype(np.float64),
        days=np.frombuffer(stored.days, "<i4").astype(np.int32),
        mean_correlation=stored.mean_correlation,
    )


def encode_looks(opening: str, looks: list[Look]) -> bytes:
    """The payload of one opening of one window; all ``looks`` share series, window and data."""
    one = looks[0]
    rules = {rule: place for place, rule in enumerate(dict.fromkeys(look.rule for look in looks))}
    return _encoder.encode(
        _Looks(
            opening,
            one.symbol,
            one.timeframe,
            one.data_hash,
            one.start,
            one.end,
            tuple((spec_number(look.spec_hash), look.family) for look in looks),
            _packed(one.bars),
            tuple(rules),
            tuple(rules[look.rule] for look in looks),
            tuple(_packed(look.entries) for look in looks),
            np.array(one.weeks, dtype="<i4").tobytes(),
        )
    )


def decode_looks(payload: memoryview) -> tuple[str, list[Look]]:
    """``(opening, looks)`` of ``encode_looks``' bytes, of those of earlier versions as well.

    Raises:
        msgspec.DecodeError: the bytes are no looks; ``ValueError`` where a column is no whole number of cells, or is
            not as long as the others.
    """
    stored = _looks.decode(payload)
    window = (stored.symbol, stored.timeframe, stored.start, stored.end, stored.data_hash)
    bars, n = _unpacked(stored.bars), len(stored.candidates)
    weeks = tuple(np.frombuffer(stored.weeks, "<i4").tolist())
    rules = [stored.rules[place] if place < len(stored.rules) else () for place in stored.rule_of] or [()] * n
    entries = [_unpacked(part) for part in stored.entries] or [()] * n
    return stored.opening, [
        Look(spec_text(number), family, *window, rule, bars, own, weeks)
        for (number, family), rule, own in zip(stored.candidates, rules, entries, strict=True)
    ]


def _packed(numbers: tuple[int, ...]) -> bytes:
    return np.array(numbers, dtype="<u8").tobytes()


def _unpacked(cells: bytes) -> tuple[int, ...]:
    return tuple(np.frombuffer(cells, "<u8").tolist())

"""Names in the configuration that stand for plug-ins: strategies with their parameters, filters, providers.

They are looked up here rather than when the configuration is read, because finding the plug-ins loads the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from tradewind.adapters.market.providers import secrets_of
from tradewind.app.own_strategies import families_of
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.trading import EnsembleSettings
from tradewind.app.wiring import filters_for, members_for
from tradewind.errors import Misconfigured
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import Timeframe

STORED_FILES = "files"


def unknown_plugins(config: AppConfig) -> tuple[str, ...]:
    """One line for every member, filter and provider that could not be made."""
    return tuple(fault for fault in _attempts(config) if fault)


def _attempts(config: AppConfig) -> Iterator[str]:
    own = _fault("strategies.folder", partial(families_of, config))
    yield own
    intervals = tuple(entry.interval for entry in config.timeframes.intervals)
    for index, member in enumerate(config.strategies.members if not own else ()):
        alone = msgspec.structs.replace(config.strategies, members=(member,))
        single = msgspec.structs.replace(config, strategies=alone)
        yield _fault(f"strategies.members[{index}]", partial(members_for, single, intervals))
    if not own and (fault := _quorum(config, intervals)):
        yield fault
    instrument = resolve(config.symbols[0], config.instruments)
    for name in config.filters.enabled:
        alone_filter = msgspec.structs.replace(config.filters, enabled=(name,))
        single = msgspec.structs.replace(config, filters=alone_filter)
        yield _fault("filters.enabled", partial(filters_for, single, instrument))
    for name in config.market.providers:
        if name != STORED_FILES:
            yield _fault("market.providers", partial(secrets_of, name))


def _quorum(config: AppConfig, intervals: tuple[Timeframe, ...]) -> str:
    """More votes asked for than there are voters: no signal could ever come.

    What is asked for without a word of the user is no fault of theirs: one strategy can be tried out by itself.
    """
    try:
        voters = len(members_for(config, intervals))
    except Misconfigured:
        return ""  # said of the member that cannot be made
    quorum = config.ensemble.quorum
    if not voters or quorum <= max(voters, EnsembleSettings().quorum):  # where nobody votes, `config check` notes it
        return ""
    return f"ensemble.quorum must be at most {voters}, the strategies that vote here, got {quorum}"


def _fault(key: str, attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except Misconfigured as fault:
        allowed = f"; allowed: {fault.allowed}" if fault.allowed else ""
        if fault.found.startswith("unknown"):
            return f"{key} has an {fault.found}{allowed}"
        place = f"{fault.where}: " if fault.where and fault.where != key else ""
        return f"{key}: {place}{fault.found}{allowed}"
    return ""

"""The service over live providers: one run, as many lives as it takes, and what lies between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from tradewind.adapters.http_transport import HttpTransport
from tradewind.app.environment import process_environment
from tradewind.app.live_sources import LiveRequest
from tradewind.app.market_sources import Gateway, gateway_of
from tradewind.app.people.people import Reread
from tradewind.app.run_live import LiveRun, LiveStart
from tradewind.app.run_replay import RunResult
from tradewind.app.service.alarm_bell import AlarmBell
from tradewind.app.service.health_server import open_pages
from tradewind.app.service.service import Service
from tradewind.app.service.supervisor import LifeOver
from tradewind.app.service.waiting import first_words, trouble_of, venue_trouble, wait_until_over
from tradewind.app.service_note import ServiceState
from tradewind.app.settings.root import AppConfig
from tradewind.app.stopping import until_asked
from tradewind.errors import DiskFull, StoreAway, TradewindError, VenueAway
from tradewind.ports.clock import Clock


async def run_live(
    config: AppConfig,
    request: LiveRequest,
    database: Path,
    clock: Clock,
    say: Callable[[str], None],
    *,
    on_close: Callable[[int], None] | None = None,
    stop_asked: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] | None = None,
    reread: Reread | None = None,
) -> RunResult:
    """Warms up from history, then decides on every bar that becomes final, until asked to stop.

    ``tell`` hears signals and trades, ``say`` everything else (and those too without ``tell``). ``reread`` reads the
    configuration again, for what may change while it runs: who may talk to the bot. A store that is away is waited for
    from the first life on, a venue that is away from the second on: before, whoever started it is there to hear it.

    Raises:
        Unavailable: a venue cannot be reached, a key is missing, or the clocks differ too much.
        Corrupt: the store is damaged; also when that was found while it ran.
        Misconfigured: no provider carries a symbol, or the store holds a run of another configuration.
        KeyboardInterrupt: it was stopped before there was a run to speak of.
    """
    transport = HttpTransport()
    service = Service(config, database, clock, say, tell or say, process_environment(), transport.traffic)
    bell = AlarmBell(config, transport, service.say, config.telegram.base_url)
    service.shout = partial(first_words, bell)
    start = LiveStart(config, request, database, clock, service.say, service.tell, transport, reread)
    lives = _Lives(start, service, on_close, stop_asked)
    state: ServiceState = "failed"
    detail = ""
    try:
        result = await lives.lived()
        state = "stopped"
        return msgspec.structs.replace(result, network=transport.traffic, service=service.report())
    except TradewindError as error:
        detail = str(error)
        raise
    except KeyboardInterrupt:
        state = "stopped"
        raise
    finally:
        service.lasting.cancel()
        await service.lasting.join()
        service.ends(state, detail)
        await transport.close()


class _Lives:
    """The lives of one process, one after the other."""

    def __init__(
        self,
        start: LiveStart,
        service: Service,
        on_close: Callable[[int], None] | None,
        stop_asked: Callable[[], bool],
    ) -> None:
        self._start = start
        self._service = service
        self._on_close = on_close
        self._stop_asked = stop_asked
        self._gateway: Gateway | None = None
        self._stood: RunResult | None = None

    async def lived(self) -> RunResult:
        """Lives until one ends in order; a stop between two of them leaves the run where the last one left it.

        Raises:
            KeyboardInterrupt: it was stopped before there was a run.
        """
        while not (self._service.lives and self._stop_asked()):
            self._service.begins()
            try:
                result = await self._life()
            except LifeOver as over:
                await self._waited(over)
            except StoreAway as fault:
                await self._wait_for_store(fault)
            except DiskFull as fault:
                if self._stood is None:
                    raise  # nothing has run yet: whoever started it is there to hear it
                await self._wait_for_store(fault)
            else:
                if result is not None:
                    return result
        if self._stood is None:
            raise KeyboardInterrupt
        return self._stood

    async def _life(self) -> RunResult | None:
        """One life: the venues are asked for the time, then the run goes on; None where it was stopped before."""
        live: LiveRun | None = None
        offsets: list[int] = []
        try:
            async with until_asked(self._stop_asked, self._start.clock):
                if self._gateway is None:
                    self._gateway = await gateway_of(self._start.transport, self._start.request.gateway)
                live = LiveRun(self._start, self._gateway)
                offsets.append(await self._offset(live))
            if live is None or not offsets:
                return None
            return await live.run(self._service, offsets[0], self._on_close, self._stop_asked)
        finally:
            if live is not None:
                self._stood = live.stood or self._stood
                await live.close()

    async def _offset(self, live: LiveRun) -> int:
        """As ``LiveRun.offset``; once there was a run, a venue that does not answer is waited for."""
        found: list[int] = []

        async def answers() -> bool:
            try:
                found.append(await live.offset())
            except VenueAway:
                return False
            return True

        try:
            return await live.offset()
        except VenueAway as fault:
            if self._stood is None:
                raise
            trouble = venue_trouble(fault, answers)
            await wait_until_over(self._service, trouble, self._service.shout, self._stop_asked)
        return found[0]

    async def _waited(self, over: LifeOver) -> None:
        """What lies between a life that is over and the next one."""
        death = over.death
        if isinstance(death.error, DiskFull | StoreAway):
            await self._wait_for_store(death.error)
        else:
            self._service.waits(str(over))
            await self._service.pause(death.again_in_s or 0.0, self._stop_asked)

    async def _wait_for_store(self, fault: DiskFull | StoreAway) -> None:
        open_pages(self._service)
        trouble = trouble_of(fault, self._service.database)
        await wait_until_over(self._service, trouble, self._service.shout, self._stop_asked)

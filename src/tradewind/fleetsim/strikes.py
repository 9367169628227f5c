"""What a scheduled fault does to the run at its moment."""

from __future__ import annotations

from functools import partial
from typing import Final, Protocol

import msgspec

from tradewind.engine.identity import signal_id
from tradewind.fleetsim.chat import ChatRoom
from tradewind.fleetsim.exchange import Exchange
from tradewind.fleetsim.faults import DEADLY, OF_ORDERS, WAITING, FaultKind, ScheduledFault
from tradewind.fleetsim.long_days import broken_days
from tradewind.fleetsim.other_strikes import OtherStrikes
from tradewind.fleetsim.other_strikes import Run as Others
from tradewind.model.event import Command
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND
from tradewind.risk.firm_account import next_midnight

TRIES: Final = 60
"""How often, half an hour apart, a fault looks for the moment it needs."""
CHATTING: Final = (FaultKind.CHAT_DOWN, FaultKind.CHAT_LIMITED, FaultKind.CHAT_ANSWER_LOST)


class Run(Others, Protocol):
    """The part of a simulation that faults act on."""

    room: ChatRoom


class Strikes:
    """Carries out faults."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._others = OtherStrikes(run)

    async def strike(self, fault: ScheduledFault, tries: int = TRIES) -> None:
        """A scheduled fault happens; one that needs a moment of its own looks for it."""
        kind, run = fault.kind, self._run
        if self._others.knows(kind):
            await self._others.strike(fault)
            return
        if kind in WAITING:
            self._wait_to_die(fault, tries)
            return
        if kind in OF_ORDERS and kind not in DEADLY:
            self._disturb_orders(fault)
            return
        if kind is FaultKind.MIDNIGHT_LOSS:
            self._lose_over_midnight(fault, tries)
            return
        run.happened(kind)
        if kind is FaultKind.CLOCK_CHANGE:
            run.evidence.broken += broken_days(run.clock.true)
        elif kind is FaultKind.CRASH_WHILE_STARTING:
            run.lives.stillborn(fault.size)
            if run.lives.service is not None:
                run.die("killed, and once more while starting")
        elif kind is FaultKind.TERMINATED:
            if run.lives.service is not None:
                run.start_after(run.lives.stop())
        elif kind is FaultKind.GONE_FOR_HOURS:
            if run.lives.service is not None:
                run.lives.stays_dead = fault.size * HOUR + int(fault.share * HOUR)
                run.die("killed, and nobody starts it for hours")
        elif kind in DEADLY:
            self._doom(fault)
        elif kind is FaultKind.SECOND_INSTANCE:
            run.lives.intrude()
        elif kind in CHATTING:
            run.room.strike(fault)
        elif kind is FaultKind.KILL_SWITCH:
            self._order(fault)
        elif kind in (FaultKind.CLOCK_STEP, FaultKind.CLOCK_SKEW):
            self._step_clock(fault)
        elif kind is not FaultKind.FROZEN:
            for delivery in run.venue.due(fault):
                await run.hear(delivery)

    # -- orders -------------------------------------------------------------------------------------------------------

    def _disturb_orders(self, fault: ScheduledFault) -> None:
        run, kind = self._run, fault.kind
        exchange, now = run.exchange, run.clock.true
        if exchange is None:
            return
        if kind is FaultKind.VENUE_CUT:
            self._cut(fault)
        elif kind is FaultKind.OTHER_BOT:
            self._beside(fault, exchange)
        else:
            exchange.strike(fault, now)
            if kind is FaultKind.FILLS_TOO_OLD:  # seen by a life that has to ask what happened before it
                self._wait_to_die(msgspec.structs.replace(fault, kind=FaultKind.CRASH_WHILE_HOLDING), TRIES)

    def _cut(self, fault: ScheduledFault) -> None:
        """The connection to the venue is lost, and made again."""
        run = self._run
        service = run.lives.service
        if service is None or service.desk is None or run.exchange is None:
            return
        run.happened(FaultKind.VENUE_CUT)
        wait = int((1 + fault.size) * SECOND + fault.share * MINUTE)
        run.exchange.cut(run.clock.true + wait)
        service.desk.disconnected("cut")

        async def again() -> None:
            if run.lives.service is service and service.desk is not None and run.exchange is not None:
                run.exchange.connected(run.clock.true)
                service.desk.connected()
                service.session.obey()

        run.at(run.clock.true + wait, "the venue is back", again)

    def _beside(self, fault: ScheduledFault, exchange: Exchange) -> None:
        """Another instance acts on the same bar at the same second; its id is made by the product's own rule."""
        run = self._run
        symbol = fault.symbol
        bar = run.venue.last_closed(symbol, run.clock.true)
        if bar is None:
            return
        side = 1 if fault.share < 0.5 else -1
        exchange.other_bot(signal_id(bar, side, f"{fault.at:016x}"), symbol, side, run.clock.true)

        async def leaves() -> None:
            exchange.other_bot_leaves(run.clock.true)

        run.at(run.clock.true + fault.size * HOUR, "the other instance leaves", leaves)

    # -- deaths -------------------------------------------------------------------------------------------------------

    def _wait_to_die(self, fault: ScheduledFault, tries: int) -> None:
        """Dies at the first look at which what it waits for is so."""
        run = self._run
        service = run.lives.service
        engine = service.engine if service is not None and service.warmed else None
        if engine is not None and (
            bool(engine.portfolio.positions())
            if fault.kind is FaultKind.CRASH_WHILE_HOLDING
            else run.evidence.losing_today(engine)
        ):
            run.happened(fault.kind)
            run.die("killed while it holds" if fault.kind is FaultKind.CRASH_WHILE_HOLDING else "killed while it loses")
        elif tries > 0:

            async def again() -> None:
                self._wait_to_die(fault, tries - 1)

            run.at(run.clock.true + HOUR // 2, f"waits: {fault.kind}", again, counted=False)

    def _doom(self, fault: ScheduledFault) -> None:
        """Death is near; at the latest when its patience is over."""
        run = self._run
        lives, life = run.lives, run.lives.service
        if not lives.doom(fault):
            return

        async def at_last() -> None:
            if lives.service is life and life is not None:
                if fault.kind is FaultKind.POWER_CUT and lives.disk is not None:
                    lives.disk.cut()
                run.die("killed")

        run.at(run.clock.true + (1 + fault.size) * HOUR, "last moment", at_last)

    # -- the firm's day -----------------------------------------------------------------------------------------------

    def _lose_over_midnight(self, fault: ScheduledFault, tries: int) -> None:
        """A position that is held loses half of what it may, from minutes before midnight in Prague until after it."""
        run = self._run
        midnight = next_midnight(run.clock.true + 10 * MINUTE, "Europe/Prague")

        async def look() -> None:
            service = run.lives.service
            held = service.held(fault.symbol) if service is not None and service.warmed else None
            if held is not None:
                side, room = held
                run.happened(FaultKind.MIDNIGHT_LOSS)
                run.venue.press(
                    fault.symbol, midnight - 8 * MINUTE, midnight + fault.size * MINUTE, 1.0 - side * 0.5 * room
                )
            elif tries > 0:
                self._lose_over_midnight(fault, tries - 1)

        run.at(midnight - 9 * MINUTE, "before midnight in Prague", look, counted=False)

    # -- clock and people ---------------------------------------------------------------------------------------------

    def _step_clock(self, fault: ScheduledFault) -> None:
        big = (HOUR, -HOUR, DAY, -DAY)[int(fault.share * 4)]
        by = big if fault.kind is FaultKind.CLOCK_STEP else int((fault.share - 0.5) * 60 * SECOND)
        clock = self._run.clock
        clock.step(by)

        async def correct() -> None:
            clock.step(-by)

        self._run.at(clock.true + fault.size * HOUR, "clock corrected", correct)

    def _order(self, fault: ScheduledFault) -> None:
        """A person throws a switch; what does not clear it is tried before what does."""
        run = self._run
        verb = ("kill_on", "reduce", "liquidate", "rollback")[int(fault.share * 4)]
        name = f"{fault.at}"
        cleared = [("kill_off", "", "all is well")] if verb == "kill_on" else [("resume", "stopped", "all is well")]
        hours = [
            (verb, "", ""), (verb, "", ""),  # the same request twice
            ("kill_off", "", ""), ("kill_off", "the kill file", "too early"), *cleared,
        ]  # fmt: skip
        for number, (word, argument, reason) in enumerate(hours):
            order = Command(
                word, "a person", 0, argument, f"{name} {word}" if number < 2 else f"{name} {number}", reason
            )
            at = run.clock.true + (number * fault.size * HOUR) // len(hours)
            run.at(at, f"order: {word}", lambda order=order: self.obey(order))  # type: ignore[misc]

    async def obey(self, order: Command) -> None:
        """The order arrives: by the inbox, or, where the request is a repeated one, as it is; else it waits."""
        run = self._run
        service = run.lives.service
        if service is None or not service.warmed:
            run.at(run.clock.true + MINUTE, f"order waits: {order.verb}", lambda: self.obey(order))
        elif run.stalled(partial(self.obey, order)):
            return
        elif service.desk is not None and order.verb != "rollback":
            service.put(order)
            service.session.obey()
        else:
            service.session.inject(msgspec.structs.replace(order, ts=run.clock.now()))

"""What the bot does with what it hears: who is it, may they, is it new; then an answer or an order to the run.

Without a socket and without a library: the same desk is behind polling, the webhook and the tests.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from tradewind.app.people.access import Access, Role
from tradewind.app.people.command_table import BY_NAME, BotCommand, Said, help_lines, said
from tradewind.app.people.confirmation import Confirmations
from tradewind.errors import TradewindError
from tradewind.model.heard import Heard
from tradewind.model.notice import Notice
from tradewind.model.timeframe import MINUTE
from tradewind.ports.clock import Clock

REFUSAL: Final = "Not authorised."
REPLAY_KEPT: Final = 4096
COMMANDS_A_MINUTE: Final = 60
_STRANGER_EVERY: Final = 10 * MINUTE
_REPORT_USAGE: Final = "Usage: /report <signal_id> <profit|loss> <amount>"
_TOO_OLD: Final = 5 * MINUTE


class Reads(Protocol):
    """Answers questions; each command by its name, its words as typed."""

    pairs: tuple[str, ...]

    async def read(self, command: Said) -> Sequence[str]:
        """Lines of the answer; raises ``TradewindError`` with words for a person."""
        ...


class Orders(Protocol):
    """Puts orders into the run's inbox and waits a moment for the answer."""

    async def order(self, verb: str, argument: str, actor: str, reason: str) -> Sequence[str]:
        """Lines that say what became of it; raises ``TradewindError`` with words for a person."""
        ...

    async def report(self, words: tuple[str, ...], actor: str) -> Sequence[str]:
        """A person's own outcome of a signal; raises as ``order``."""
        ...


class BotDesk:
    """``draw`` makes confirm codes; ``audit`` hears every command that is obeyed or refused; ``alarm`` of strangers.

    An update seen before is ignored, and so is one up to ``last_update``, the newest that an earlier life acted on.
    ``mark`` makes the newest durable before anything is done: an update is acted on at most once, also across a death.
    """

    def __init__(
        self,
        access: Access,
        reads: Reads,
        orders: Orders,
        clock: Clock,
        draw: Callable[[], str],
        *,
        audit: Callable[[str], None],
        alarm: Callable[[Notice], None],
        mark: Callable[[int], None] = lambda _: None,
        last_update: int = 0,
    ) -> None:
        self._access = access
        self._reads = reads
        self._orders = orders
        self._clock = clock
        self._confirmations = Confirmations(draw)
        self._audit = audit
        self._alarm = alarm
        self._mark = mark
        self._last = last_update
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._asked: dict[int, deque[int]] = {}
        self._refused: dict[int, int] = {}

    async def answer(self, heard: Heard) -> list[str]:
        """Lines to answer with; empty where nothing is said."""
        now = self._clock.now()
        if not self._fresh(heard.update_id) or heard.chat_kind != "private" or heard.edited or heard.forwarded:
            return []
        self._mark(heard.update_id)
        role = self._access.role(heard.user_id, now)
        if role is Role.NOBODY:
            return self._stranger(heard, now)
        if not self._within_budget(heard.user_id, now):
            return []
        command = said(heard.text)
        if command is None:
            return ["I only know commands; /help lists them."]
        known = BY_NAME.get(command.name)
        if known is None:
            return [f"There is no /{command.name}; /help lists all commands."]
        if role < known.role:
            self._audit(f"telegram {heard.user_id} ({role.name.lower()}) refused: /{command.name}")
            return [f"/{known.name} needs the role {known.role.name.lower()}, yours is {role.name.lower()}."]
        if known.role > Role.VIEWER and now - heard.ts > _TOO_OLD:
            return [f"/{command.name} was written {(now - heard.ts) // MINUTE} minutes ago and is not obeyed. Again?"]
        self._audit(f"telegram {heard.user_id}: {' '.join(heard.text.split())[:120]}")
        return await self._done(heard, known, command, role, now)

    async def _done(self, heard: Heard, known: BotCommand, command: Said, role: Role, now: int) -> list[str]:
        if known.name == "confirm":
            return await self._confirmed(heard, command, now)
        if known.confirm:
            if known.name == "kill_off" and not command.words:
                return ["Usage: /kill off REASON: what was wrong, and why it is over."]
            code = self._confirmations.ask(heard.user_id, heard.text, now)
            return [f"/{command.name}: {known.help}", f"To do it, answer within a minute: /confirm {code}"]
        if known.name == "help":
            return help_lines(role, self._reads.pairs)
        if known.name == "tg_info":
            return ["Telegram", f"User: {heard.user_id}", f"Chat: {heard.chat_id}", f"Role: {role.name.lower()}"]
        return await _guarded(self._ordered(heard, known, command) if known.verb else self._reads.read(command))

    async def _confirmed(self, heard: Heard, command: Said, now: int) -> list[str]:
        words = self._confirmations.take(heard.user_id, command.words[0] if command.words else "", now)
        confirmed = said(words) if words is not None else None
        if confirmed is None:
            return ["That is not the code, or its minute is over. Nothing was done; give the order again."]
        known = BY_NAME[confirmed.name]
        if self._access.role(heard.user_id, now) < known.role:
            return [REFUSAL]
        return await _guarded(self._ordered(heard, known, confirmed))

    async def _ordered(self, heard: Heard, known: BotCommand, command: Said) -> Sequence[str]:
        actor = f"telegram {heard.user_id}"
        if known.name == "report":
            if len(command.words) != 3:
                return [_REPORT_USAGE]
            return await self._orders.report(command.words, actor)
        argument, words = "", command.words
        if known.name in ("approve", "reject"):
            if not words:
                return [f"Usage: /{known.name} {known.usage}"]
            argument, words = words[0], words[1:]
        return await self._orders.order(known.verb, argument, actor, " ".join(words) or f"/{command.name} in Telegram")

    def _fresh(self, update_id: int) -> bool:
        """Whether an update was not seen before; ids only grow, a webhook may bring some of them late."""
        if update_id in self._seen or update_id <= self._last:
            return False
        self._seen[update_id] = None
        if len(self._seen) > REPLAY_KEPT:
            self._seen.popitem(last=False)
        return True

    def _within_budget(self, user_id: int, now: int) -> bool:
        asked = self._asked.setdefault(user_id, deque())
        while asked and asked[0] <= now - MINUTE:
            asked.popleft()
        asked.append(now)
        return len(asked) <= COMMANDS_A_MINUTE

    def _stranger(self, heard: Heard, now: int) -> list[str]:
        """Refuses without a word about what this is; told once in ten minutes, so that nobody can make the bot talk."""
        self._audit(f"telegram {heard.user_id} refused: not on the list")
        self._alarm(Notice("telegram_stranger", now, "warning", f"user {heard.user_id}"))
        last = self._refused.get(heard.user_id)
        if last is not None and now - last < _STRANGER_EVERY:
            return []
        if len(self._refused) > REPLAY_KEPT:
            self._refused.clear()
        self._refused[heard.user_id] = now
        return [REFUSAL]


async def _guarded(work: Awaitable[Sequence[str]]) -> list[str]:
    try:
        return list(await work)
    except TradewindError as error:
        return [error.found, *([f"Allowed: {error.allowed}"] if error.allowed else []),
                *([f"Next: {error.next_step}"] if error.next_step else [])]  # fmt: skip

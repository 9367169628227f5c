"""What the bot does with what it hears: who is it, may they, is it new; then an answer or an order to the run.

Without a socket and without a library: the same desk is behind polling, the webhook and the tests.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, Protocol

from tradewind.app.people.access import Access, Role
from tradewind.app.people.command_table import BY_NAME, BotCommand, Said, help_lines, said, typed
from tradewind.app.people.confirmation import Confirmations
from tradewind.errors import TradewindError
from tradewind.model.heard import Heard
from tradewind.model.notice import Notice
from tradewind.model.timeframe import MINUTE
from tradewind.ports.clock import Clock
from tradewind.ports.sender import Button

REFUSAL: Final = "Not authorised."
REPLAY_KEPT: Final = 4096
COMMANDS_A_MINUTE: Final = 60
_STRANGER_EVERY: Final = 10 * MINUTE
_REPORT_USAGE: Final = "Usage: /report <signal_id> <profit|loss> <amount>"
_TOO_OLD: Final = 5 * MINUTE
_PRIVATE: Final = "Only in a private chat with me."


class Reply(NamedTuple):
    """What is answered: lines (none: nothing is said) and buttons under them.

    ``settled``: what was pressed has been decided, so its buttons go.
    """

    lines: list[str]
    buttons: tuple[Button, ...] = ()
    settled: bool = False


SILENCE: Final = Reply([])


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

    async def waiting(self, name: str) -> Sequence[str]:
        """The entry that waits for a person under an order's or signal's id; raises where it waits no more."""
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

    async def answer(self, heard: Heard) -> Reply:
        """What to answer. A press of a button is what it would have been to type the same."""
        now = self._clock.now()
        if not self._fresh(heard.update_id) or heard.edited or heard.forwarded:
            return SILENCE
        if heard.chat_kind != "private":
            return Reply([_PRIVATE]) if heard.tap and self._access.role(heard.user_id, now) else SILENCE
        self._mark(heard.update_id)
        role = self._access.role(heard.user_id, now)
        if role is Role.NOBODY:
            return Reply(self._stranger(heard, now))
        if not self._within_budget(heard.user_id, now):
            return SILENCE
        text = typed(heard.text) if heard.tap else heard.text
        command = said(text)
        if command is None:
            return Reply(["I only know commands; /help lists them."])
        known = BY_NAME.get(command.name)
        if known is None:
            return Reply([f"There is no /{command.name}; /help lists all commands."])
        if role < known.role:
            self._audit(f"telegram {heard.user_id} ({role.name.lower()}) refused: /{command.name}")
            return Reply([f"/{known.name} needs the role {known.role.name.lower()}, yours is {role.name.lower()}."])
        if known.role > Role.VIEWER and not heard.tap and now - heard.ts > _TOO_OLD:
            age = (now - heard.ts) // MINUTE
            return Reply([f"/{command.name} was written {age} minutes ago and is not obeyed. Again?"])
        self._audit(f"telegram {heard.user_id}: {' '.join(text.split())[:120]}")
        return await self._done(heard, text, known, command, now)

    async def _done(self, heard: Heard, text: str, known: BotCommand, command: Said, now: int) -> Reply:
        if known.name in ("confirm", "drop"):
            return await self._settled(heard, known, command, now)
        if known.confirm:
            return await self._ask_again(heard, text, known, command, now)
        if known.name == "help":
            return Reply(help_lines(self._access.role(heard.user_id, now), self._reads.pairs))
        if known.name == "tg_info":
            role = self._access.role(heard.user_id, now).name.lower()
            return Reply(["Telegram", f"User: {heard.user_id}", f"Chat: {heard.chat_id}", f"Role: {role}"])
        work = self._ordered(heard, known, command) if known.verb else self._reads.read(command)
        return Reply((await _guarded(work)).lines, settled=bool(known.verb))

    async def _ask_again(self, heard: Heard, text: str, known: BotCommand, command: Said, now: int) -> Reply:
        """A code, and the button that types it; about an order, only while it waits."""
        if known.name == "kill_off" and not command.words:
            return Reply(["Usage: /kill off REASON: what was wrong, and why it is over."])
        about = [f"/{command.name}: {known.help}"]
        if known.name == "approve":
            if not command.words:
                return Reply([f"Usage: /{known.name} {known.usage}"])
            found = await _guarded(self._orders.waiting(command.words[0]))
            if found.settled:  # it waits no more
                return found
            about = found.lines
        code = self._confirmations.ask(heard.user_id, text, now)
        buttons = (Button("Yes, do it", f"confirm:{code}"), Button("No", "drop:"))
        return Reply([*about, f"To do it, answer within a minute: /confirm {code}"], buttons)

    async def _settled(self, heard: Heard, known: BotCommand, command: Said, now: int) -> Reply:
        if known.name == "drop":
            was = self._confirmations.waits_for(heard.user_id)
            self._confirmations.take(heard.user_id, "", now)
            return Reply(["Dropped; nothing was done." if was else "Nothing waits for a confirmation."], settled=True)
        words = self._confirmations.take(heard.user_id, command.words[0] if command.words else "", now)
        confirmed = said(words) if words is not None else None
        if confirmed is None:
            late = "That is not the code, or its minute is over. Nothing was done; give the order again."
            return Reply([late], settled=True)
        known = BY_NAME[confirmed.name]
        if self._access.role(heard.user_id, now) < known.role:
            return Reply([REFUSAL], settled=True)
        return Reply((await _guarded(self._ordered(heard, known, confirmed))).lines, settled=True)

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


async def _guarded(work: Awaitable[Sequence[str]]) -> Reply:
    """The lines of an answer; ``settled`` where it is why there is none."""
    try:
        return Reply(list(await work))
    except TradewindError as error:
        allowed = [f"Allowed: {error.allowed}"] if error.allowed else []
        advice = [f"Next: {error.next_step}"] if error.next_step else []
        return Reply([error.found, *allowed, *advice], settled=True)

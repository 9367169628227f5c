"""The venue's open orders and positions against ours. For positions the venue is the truth, but not at first sight.

A snapshot can be older than a fill we know, and a fill can be on its way that the snapshot has. So a difference only
stops new risk and asks again; it is believed when a snapshot that was asked for after the last change of ours repeats
it, with no order of the symbol in doubt. A position where we have nothing at all needs no second look.
"""

from __future__ import annotations

from tradewind.engine.orders.book import Exposure, Suspicion
from tradewind.engine.orders.bookkeeping import book_close, on_execution, position_key
from tradewind.engine.orders.correspondence import LONGEST_WAIT, Correspondence
from tradewind.model.timeframe import SECOND
from tradewind.model.venue import Execution, OrderStatus, VenueReport


def on_link(post: Correspondence, *, up: bool) -> None:
    """A connection was made, or lost: what was under way is in doubt, and nothing is sure until a snapshot came."""
    book = post.book
    book.linked, book.reconciled, book.snapshot, book.snapshots_failed = up, False, 0, 0
    book.outstanding.clear()
    book.armed, book.dead_man_at = False, 0
    for past in book.past.values():
        past.pending = 0
    for order in book.own.values():
        unproven = order.phase == "in_flight" or order.pending or order.doubt
        order.pending = order.asking = 0
        if unproven and order.phase != "waiting" and not order.over:
            post.doubt(order)
    if up:
        post.snapshot()


def keep_reconciled(post: Correspondence) -> None:
    """Asks for a snapshot where one is due; one without an answer is asked for again."""
    book, params = post.book, post.params
    if not book.linked:
        return
    if book.snapshot and book.now >= book.snapshot_ts + params.answer_within:
        on_snapshot_failed(post)
    if book.snapshot:
        post.wake(book.snapshot_ts + params.answer_within)
    elif book.now >= book.reconcile_at:
        post.snapshot()
        post.wake(book.snapshot_ts + params.answer_within)
    else:
        post.wake(book.reconcile_at)


def on_snapshot_failed(post: Correspondence) -> None:
    """Asks again after 1, 2, 4, ... seconds."""
    book = post.book
    book.outstanding.pop(book.snapshot, None)
    book.snapshot = 0
    book.snapshots_failed += 1
    book.reconcile_at = book.now + min(SECOND << min(book.snapshots_failed - 1, 5), LONGEST_WAIT)


def on_snapshot(post: Correspondence, report: VenueReport) -> None:
    """Takes the venue's whole state."""
    book, params = post.book, post.params
    asked_at = book.snapshot_ts
    book.snapshot, book.snapshots_failed = 0, 0
    for execution in report.executions:
        on_execution(post, execution)
    book.reconcile_at = book.now + params.reconcile_every
    _compare_orders(post, report)
    _compare_positions(post, report, asked_at)
    if book.suspicions:
        book.reconcile_at = book.now + params.confirm_after
    elif not book.reconciled:
        book.reconciled = True
        open_ = sum(exposure.held > 0 for exposure in book.exposures.values())
        post.say("reconciled", "info", "", f"{len(report.orders)} orders, {open_} positions of ours", float(open_))


def _compare_orders(post: Correspondence, report: VenueReport) -> None:
    """Orders that are not ours are named; ours that are not shown are asked for."""
    book = post.book
    shown = {state.client_id for state in report.orders}
    book.external_orders = [name for name in book.external_orders if name in shown]
    for state in report.orders:
        past = book.past.get(state.client_id)
        if state.client_id in book.own or state.status is not OrderStatus.WORKING:
            continue
        if past is not None:
            if book.now - past.sent_ts >= post.params.visible_within and not past.pending:
                post.cancel(past)  # over by the venue's own word or given up, and still resting
        elif state.client_id not in book.external_orders:
            book.external_orders.append(state.client_id)
            detail = f"EXTERNAL order {state.client_id}, {state.steps} steps, side {state.side:+d}"
            post.say("external_order", "critical", state.symbol, detail, float(state.steps))
    for order in book.own.values():
        hidden = book.now - order.sent_ts < post.params.visible_within
        if order.phase == "working" and order.client_id not in shown and not hidden and not order.pending:
            post.doubt(order)


def _compare_positions(post: Correspondence, report: VenueReport, asked_at: int) -> None:
    book = post.book
    theirs: dict[str, int] = {}
    symbols: dict[str, str] = {}
    for position in report.positions:
        key = position_key(post, position.symbol, position.side)
        theirs[key] = theirs.get(key, 0) + position.side * position.steps
        symbols[key] = position.symbol
    ours: dict[str, int] = {}
    for exposure in book.exposures.values():
        key = position_key(post, exposure.symbol, exposure.side)
        ours[key] = ours.get(key, 0) + exposure.side * exposure.held
        symbols[key] = exposure.symbol
    for key in (*book.external, *book.suspicions):
        symbols.setdefault(key, key.split(" ")[0])
    for key in sorted(symbols):
        difference = theirs.get(key, 0) - ours.get(key, 0) - book.external.get(key, 0)
        _judge(post, key, symbols[key], difference, asked_at)


def _judge(post: Correspondence, key: str, symbol: str, difference: int, asked_at: int) -> None:
    book, params = post.book, post.params
    found = book.suspicions.get(key)
    if difference == 0:
        if found is not None:
            del book.suspicions[key]
            post.say("position_explained", "info", symbol, f"the difference of {found.steps} steps is gone")
        return
    mine = [order for order in book.own.values() if order.symbol == symbol and order.phase != "waiting"]
    if found is None or found.steps != difference:
        if found is None:
            detail = f"the venue holds {difference:+d} steps more than we know of"
            post.say("position_differs", "warning", symbol, detail, float(difference))
        book.suspicions[key] = Suspicion(difference, book.now)
        for order in mine:
            post.check(order)
        if mine:
            return
    since = book.suspicions[key].since
    settled = book.changed.get(symbol, 0) < asked_at and not any(order.doubt or order.check for order in mine)
    if mine and not (settled and book.now - since >= params.confirm_after):
        return
    del book.suspicions[key]
    _believe(post, key, symbol, difference)


def _believe(post: Correspondence, key: str, symbol: str, difference: int) -> None:
    """The venue is right: what it does not hold is closed with us, what it holds beside us is EXTERNAL."""
    book = post.book
    left = difference
    for exposure in list(book.exposures.values()):
        same = position_key(post, exposure.symbol, exposure.side) == key
        if same and exposure.held and exposure.side * left < 0:
            steps = min(abs(left), exposure.held)
            _close_elsewhere(post, exposure, steps)
            left += exposure.side * steps
    if left != difference:
        detail = f"{abs(difference - left)} steps of ours were closed at the venue by somebody else"
        post.say("closed_elsewhere", "critical", symbol, detail, float(difference - left))
    if left:
        book.external[key] = book.external.get(key, 0) + left
        if not book.external[key]:
            del book.external[key]
        detail = f"EXTERNAL position of {left:+d} steps, not ours; nothing is done with it"
        post.say("external_position", "critical", symbol, detail, float(left))
    book.strangers.pop(symbol, None)


def offset_external(post: Correspondence) -> None:
    """On a netted account, what is EXTERNAL on the other side has closed as much of ours: the venue holds the rest."""
    book = post.book
    for key in list(book.external) if post.params.netting else ():
        for exposure in book.exposures.values():
            beside = book.external[key]
            if exposure.symbol != key or exposure.side * beside >= 0 or not exposure.held:
                continue
            steps = min(abs(beside), exposure.held)
            _close_elsewhere(post, exposure, steps)
            book.external[key] = beside + exposure.side * steps
            detail = f"{steps} steps of {exposure.signal_id} are offset by the EXTERNAL position"
            post.say("offset_by_external", "critical", key, detail, float(steps))
        if not book.external[key]:
            del book.external[key]


def _close_elsewhere(post: Correspondence, exposure: Exposure, steps: int) -> None:
    """Books the close at the prices of unknown executions on the other side, newest first, else the last price seen."""
    book = post.book
    strangers = [one for one in book.strangers.get(exposure.symbol, []) if one.side == -exposure.side]
    left = steps
    for known in reversed(strangers):
        taken = min(known.steps, left)
        if not taken:
            break
        _book(post, exposure, taken, known.price_ticks, known.trade_id)
        left -= taken
    if left:
        price = book.last_ticks.get(exposure.symbol, exposure.stop_ticks)
        _book(post, exposure, left, price, f"believed:{book.now}")


def _book(post: Correspondence, exposure: Exposure, steps: int, price_ticks: int, trade_id: str) -> None:
    name = f"{trade_id}:{exposure.signal_id}"
    made = Execution(name, "", exposure.symbol, -exposure.side, steps, price_ticks, post.book.now, ambiguous=True)
    book_close(post, exposure, made)

"""Request budgets and circuit breakers, on virtual time."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import VirtualClock
from tradewind.adapters.market.circuit_breaker import CircuitBreaker
from tradewind.adapters.market.rate_budget import RateBudget
from tradewind.adapters.market.venue_http import persist, retry_after_s, through
from tradewind.errors import Misconfigured, Retryable

S = 1_000_000_000


@given(limit=st.integers(1, 7), gaps=st.lists(st.integers(0, 9 * S), min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_the_limit(limit: int, gaps: list[int]) -> None:
    """INV-20: over any sliding 10 s the grants never exceed the published limit."""
    clock = VirtualClock()
    budget = RateBudget(clock, limit, 10.0)
    grants: list[int] = []

    async def drive() -> None:
        for gap in gaps:
            clock.advance(gap)
            await budget.acquire()
            grants.append(clock.monotonic())

    asyncio.run(drive())
    for moment in grants:
        assert sum(moment - 10 * S < other <= moment for other in grants) <= limit


async def test_nothing_is_granted_during_a_ban() -> None:
    """INV-20: zero requests during a ban, and a shorter ban does not shorten a longer one."""
    clock = VirtualClock()
    budget = RateBudget(clock, 100)
    await budget.acquire()
    budget.ban(30.0)
    budget.ban(2.0)
    assert budget.status().banned_for_s == 30.0
    await budget.acquire()
    assert clock.slept == [30 * S]
    assert (budget.status().granted, budget.status().bans) == (2, 2)


def test_a_budget_of_nothing_is_refused() -> None:
    """A limit below one request can never be kept."""
    with pytest.raises(Misconfigured):
        RateBudget(VirtualClock(), 0)


async def test_a_call_is_repeated_only_after_the_wait_the_venue_named() -> None:
    """A21: five refusals with Retry-After 7 cost five waits of at least 7 s, then the answer comes."""
    clock = VirtualClock()
    asked: list[int] = []

    async def call() -> str:
        asked.append(clock.monotonic())
        if len(asked) <= 5:
            raise Retryable("429", retry_after_s=7.0)
        return "bars"

    assert await persist(call, clock) == "bars"
    assert all(later - earlier >= 7 * S for earlier, later in itertools.pairwise(asked))


async def test_patience_ends_and_the_last_error_is_the_venues() -> None:
    """Attempts are bounded; without a named wait they back off 1, 2, 4 s."""
    clock = VirtualClock()

    async def call() -> str:
        raise Retryable("still down")

    told: list[tuple[str, float]] = []
    with pytest.raises(Retryable, match="still down"):
        await persist(call, clock, attempts=4, on_wait=lambda error, wait: told.append((error.found, wait)))
    assert clock.slept == [1 * S, 2 * S, 4 * S]
    assert told == [("still down", 1.0), ("still down", 2.0), ("still down", 4.0)]


def test_retry_after_is_read_in_both_its_forms() -> None:
    """RFC 9110: seconds or an HTTP date; nonsense counts as not given."""
    assert retry_after_s({"retry-after": "12"}, 0) == 12.0
    assert retry_after_s({"retry-after": "Thu, 01 Jan 1970 00:01:30 GMT"}, 60 * S) == 30.0
    assert retry_after_s({"retry-after": "soon"}, 0) is None
    assert retry_after_s({}, 0) is None


def test_a_gateway_keeps_the_venues_own_host_and_query() -> None:
    """The gateway can tell venues apart by the first path segment."""
    assert through("", "https://a.b/c?d=1") == "https://a.b/c?d=1"
    assert through("http://127.0.0.1:1/", "https://a.b:9/c?d=1") == "http://127.0.0.1:1/a.b:9/c?d=1"
    assert through("https://proxy.local/x", "wss://a.b/c") == "wss://proxy.local/x/a.b/c"


def test_the_breaker_opens_after_five_failures_and_probes_once() -> None:
    """Closed -> open -> half-open with a single probe -> closed, or open again when the probe fails."""
    clock = VirtualClock()
    breaker = CircuitBreaker(clock, limit=5, open_s=30.0)
    for _ in range(4):
        breaker.failed("down")
    assert breaker.allows()
    breaker.failed("down")
    assert (breaker.status().state, breaker.allows()) == ("open", False)
    clock.advance(30 * S)
    assert breaker.allows()
    assert breaker.status().state == "half-open"
    assert not breaker.allows()
    breaker.failed("still down")
    assert (breaker.status().state, breaker.status().opened, breaker.allows()) == ("open", 2, False)
    clock.advance(30 * S)
    assert breaker.allows()
    breaker.succeeded()
    assert (breaker.status().state, breaker.status().failures) == ("closed", 0)


def test_a_success_in_between_resets_the_count() -> None:
    """Only failures in a row open the breaker."""
    breaker = CircuitBreaker(VirtualClock(), limit=2)
    breaker.failed("a")
    breaker.succeeded()
    breaker.failed("b")
    assert breaker.allows()

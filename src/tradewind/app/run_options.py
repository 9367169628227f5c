"""What a run was asked for, reconciled with the configuration: feed, execution, mode. Contradictions are refused."""

from __future__ import annotations

import msgspec

from tradewind.app.pool import Policy
from tradewind.app.settings.root import AppConfig
from tradewind.errors import Misconfigured

FEEDS = ("replay", "poll", "stream")
EXECUTIONS = ("none", "paper", "approve", "auto")
VENUE_EXECUTIONS = ("approve", "auto")


class RunRequest(msgspec.Struct, frozen=True):
    """``feed`` is where bars come from, ``executes`` whether signals are filled, ``policy`` who is heard.

    ``execution`` says how: by the engine's own broker (paper), or as orders to a venue, after a person has approved
    (approve) or at once (auto).
    """

    feed: str
    executes: bool
    policy: Policy = Policy.PROVEN
    execution: str = "paper"


def requested(
    config: AppConfig,
    *,
    feed: str | None = None,
    execution: str | None = None,
    mode: str | None = None,
    policy: Policy = Policy.PROVEN,
) -> RunRequest:
    """The run that flags and configuration describe together; flags win over configuration.

    ``mode`` is the older word: dryrun = no execution, paper = paper; with paper, approve and auto send their orders to
    the paper venue. Live is refused: there is no live execution yet.

    Raises:
        Misconfigured: live was asked for, a word is unknown, two words contradict each other, or unproven strategies
        were to be heard on arriving bars by people.
    """
    spoken = mode or (config.runtime.mode if execution is None and config.runtime.mode != "dryrun" else None)
    on_a_venue = (execution or config.execution) in VENUE_EXECUTIONS
    if spoken == "live" or (on_a_venue and config.runtime.mode == "live"):
        raise Misconfigured(
            "live execution was asked for and does not exist yet",
            where="--mode" if mode == "live" else "runtime.mode",
            allowed="dryrun or paper; approve and auto send orders to the paper venue there",
            next_step="tradewind run --execution paper, or --execution approve",
        )
    if spoken not in (None, "dryrun", "paper"):
        raise Misconfigured(f"unknown mode {spoken!r}", where="--mode", allowed="dryrun, paper")
    by_mode = {"dryrun": "none", "paper": "paper"}.get(spoken or "")
    if execution is not None and execution not in EXECUTIONS:
        raise Misconfigured(f"unknown execution {execution!r}", where="--execution", allowed=", ".join(EXECUTIONS))
    agreeing = {"paper": ("paper", *VENUE_EXECUTIONS)}.get(by_mode or "", (by_mode,))
    if execution is not None and by_mode is not None and execution not in agreeing:
        raise Misconfigured(
            f"--execution {execution} contradicts --mode {spoken}", allowed=f"--execution {by_mode}, or no --mode"
        )
    by_setting = config.execution if on_a_venue and by_mode != "none" else None
    chosen = execution or by_setting or by_mode or config.execution
    source = feed or config.market.feed
    if source not in FEEDS:
        raise Misconfigured(f"unknown feed {source!r}", where="--feed", allowed=", ".join(FEEDS))
    if config.runtime.kill_switch and chosen != "none":
        raise Misconfigured(
            "the kill switch is on, so no order may leave",
            where="runtime.kill_switch (KILL_SWITCH)",
            allowed="--execution none",
            next_step="run with --execution none, or switch it off",
        )
    if policy is Policy.UNPROVEN and source != "replay" and chosen == "none":
        raise Misconfigured(
            f"unproven strategies would give signals on arriving bars (--feed {source}, --execution none)",
            where="--allow-unproven",
            allowed="--feed replay, or --execution paper",
            next_step="gather their votes and outcomes unheard with --shadow, or prove them with `tradewind research`",
        )
    return RunRequest(source, chosen != "none", policy, chosen)


def require_proof_for_orders(policy: Policy, execution: str, *, made_up: bool) -> None:
    """Keeps unproven strategies on arriving bars away from a person's yes and from a venue; ``made_up`` bars may.

    Raises:
        Misconfigured: their orders would leave to a venue.
    """
    if policy is Policy.UNPROVEN and execution in VENUE_EXECUTIONS and not made_up:
        raise Misconfigured(
            f"unproven strategies would give orders on arriving bars (--execution {execution})",
            where="--allow-unproven",
            allowed="--execution paper, --feed replay, or a SIMULATED market",
            next_step="gather their votes and outcomes unheard with --shadow, or prove them with `tradewind research`",
        )


def policy_asked(*, allow_unproven: bool, shadow: bool) -> Policy:
    """Who is heard, by the flags.

    Raises:
        Misconfigured: both were given.
    """
    if allow_unproven and shadow:
        raise Misconfigured(
            "--allow-unproven lets everybody be heard, --shadow nobody", allowed="one of the two, or neither"
        )
    return Policy.UNPROVEN if allow_unproven else Policy.SHADOW if shadow else Policy.PROVEN

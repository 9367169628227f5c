"""Log files: structured lines, a level, a size, a cap, and never a secret."""

from __future__ import annotations

import json
import logging
import threading

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import VirtualClock
from tradewind.adapters.error_tracker import ErrorTracker
from tradewind.adapters.log_files import LogFiles
from tradewind.adapters.sim_clock import ManualClock
from tradewind.app.settings.redaction import HIDDEN, Redactor
from tradewind.app.settings.secret import Secret
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import SECOND

NOW = 1_700_000_000_123_000_000
CANARY = "canary-7f3a91c0d5"  # pragma: allowlist secret
BOT = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"  # pragma: allowlist secret


@pytest.fixture
def opened(tmp_path):
    """Makes log files that are closed at the end of the test."""
    made = []

    def make(redact=str, **options) -> LogFiles:
        files = LogFiles(tmp_path / "logs", ManualClock(NOW), redact, **options)
        files.open()
        made.append(files)
        return files

    yield make
    for one in made:
        one.close()


def lines(files: LogFiles, name: str = "trading_bot.log") -> list[dict]:
    return [json.loads(line) for line in (files.folder / name).read_text().splitlines()]


@pytest.mark.req("Q18")
def test_lines_are_structured_and_errors_are_in_a_file_of_their_own(opened) -> None:
    files = opened()
    files.log("info", "Candle closed", symbol="BTC/USDT", close=1.5)
    files.log("error", "feed failed", ValueError("odd"), origin="feed")
    files.said("[BTC/USDT @ 1h] Candle closed")
    first, second = lines(files)
    assert first == {
        "timestamp": "2023-11-14T22:13:20.123Z", "event": "Candle closed", "level": "info", "logger": "tradewind",
        "symbol": "BTC/USDT", "close": 1.5,
    }  # fmt: skip
    assert second["exception"].splitlines()[-1] == "ValueError: odd"
    assert [line["event"] for line in lines(files, "error.log")] == ["feed failed"]
    assert (files.folder / "runtime_20231114.log").read_text() == "[BTC/USDT @ 1h] Candle closed\n"
    assert (files.folder / "error.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.req("Q18")
@pytest.mark.parametrize(("level", "kept"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_less_severe_lines_than_the_level_are_left_out(opened, level: str, kept: int) -> None:
    files = opened(level=level)
    for severity in ("debug", "info", "warning", "error"):
        files.log(severity, severity)
    assert [line["event"] for line in lines(files)] == ["debug", "info", "warning", "error"][-kept:]
    files.set_level("debug")
    files.log("debug", "now")
    assert lines(files)[-1]["event"] == "now"


def test_libraries_write_into_the_same_files_and_chatty_ones_from_warnings_on(opened) -> None:
    files = opened(level="debug")
    logging.getLogger("some.library").info("said %s", "something")
    for name in ("httpx", "httpcore.http11", "telegram.ext"):
        logging.getLogger(name).info("HTTP Request: POST https://api.telegram.org/bot%s/getMe", BOT)
        logging.getLogger(name).warning("slow")
    assert [(line["logger"], line["event"]) for line in lines(files)] == [
        ("some.library", "said something"), ("httpx", "slow"), ("httpcore.http11", "slow"), ("telegram.ext", "slow"),
    ]  # fmt: skip


async def test_a_request_with_a_token_in_its_address_leaves_no_trace(opened) -> None:
    """The case that was measured: twenty lines with the token in two seconds, at INFO on the root logger."""
    files = opened(Redactor([BOT]), level="debug")
    transport = httpx.MockTransport(lambda request: httpx.Response(401))
    async with httpx.AsyncClient(transport=transport) as client:
        answer = await client.post(f"https://api.telegram.org/bot{BOT}/getMe")
    try:
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        files.log("error", "telegram failed", error)
    text = (files.folder / "trading_bot.log").read_text()
    assert BOT not in text
    assert f"bot{HIDDEN}/getMe" in text


@pytest.mark.req("T01")
def test_a_canary_is_found_in_no_file_whatever_way_it_came(opened) -> None:
    """Message, arguments, fields, nested values, exceptions, their causes and notes, other threads."""
    files = opened(Redactor([CANARY]), level="debug", on_error=lambda *_: None)
    log = logging.getLogger("library")
    log.warning("at %s", CANARY)
    files.log("info", f"event {CANARY}", field=CANARY, nested={"a": [CANARY, {CANARY: 1}]}, thing=Exception(CANARY))
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as inner:
            outer = RuntimeError(f"outer {CANARY}")
            outer.add_note(f"note {CANARY}")
            raise outer from inner
    except RuntimeError as error:
        files.log("error", "failed", error)
        log.exception("failed with %s", CANARY)
    files.said(f"console {CANARY}")

    def die() -> None:
        raise ValueError(CANARY)

    thread = threading.Thread(target=die, name="worker")
    thread.start()
    thread.join()
    texts = {path.name: path.read_text() for path in files.folder.iterdir()}
    assert {name: text.count(CANARY) for name, text in texts.items()} == dict.fromkeys(texts, 0)
    assert texts["trading_bot.log"].count(HIDDEN) >= 10
    assert "a thread died" in texts["error.log"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"https://api.telegram.org/bot{BOT}/x", f"https://api.telegram.org/bot{HIDDEN}/x"),
        ("Authorization: Bearer abcdef0123456789", f"Authorization: Bearer {HIDDEN}"),
        ("postgresql://ann:s3cr3t@db/x", f"postgresql://ann:{HIDDEN}@db/x"),  # pragma: allowlist secret
        ("GET /q?symbol=X&apikey=K123&n=1", f"GET /q?symbol=X&apikey={HIDDEN}&n=1"),
        ("id AKIAIOSFODNN7EXAMPLE", f"id {HIDDEN}"),  # pragma: allowlist secret
        ("{'X-Telegram-Bot-Api-Secret-Token': 'abc'}", f"{{'X-Telegram-Bot-Api-Secret-Token': '{HIDDEN}'}}"),
        ("EUR/USD 12:30:45 at 1.0712, 100:1, ratio 3:2", "EUR/USD 12:30:45 at 1.0712, 100:1, ratio 3:2"),
        ("http://127.0.0.1:8080/healthz", "http://127.0.0.1:8080/healthz"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_and_nothing_else(text: str, clean: str) -> None:
    assert Redactor()(text) == clean


@given(st.text(min_size=8, max_size=40).filter(lambda text: "://" not in text), st.text(max_size=50))
def test_a_known_secret_never_survives(secret: str, around: str) -> None:
    """Whatever it is made of; except where asterisks themselves are the secret."""
    clean = Redactor([secret])(around + secret + around)
    assert secret not in clean or set(secret) == {"*"} or secret in HIDDEN + around or secret in around + HIDDEN


def test_a_database_address_hides_its_password_and_stays_readable() -> None:
    redactor = Redactor(["postgresql+psycopg://ann:correcthorse@db/x", "sqlite:///data/tradewind.db"])
    assert redactor("correcthorse for ann in sqlite:///data/tradewind.db") == (
        f"{HIDDEN} for ann in sqlite:///data/tradewind.db"
    )


def test_every_secret_that_is_made_is_known() -> None:
    from tradewind.app.settings.redaction import redacted

    Secret(CANARY + "made")
    assert redacted(f"x {CANARY}made x") == f"x {HIDDEN} x"


def test_variables_that_are_called_secret_are_hidden() -> None:
    redactor = Redactor()
    redactor.learn_environment(dict.fromkeys(("AWS_SECRET_ACCESS_KEY",), "abcdefgh1") | {"X_TOKEN": "short"})
    assert redactor("abcdefgh1 short") == f"{HIDDEN} short"


def test_errors_of_libraries_are_told_and_our_own_are_not_told_twice(opened) -> None:
    told = []
    files = opened(on_error=lambda *row: told.append(row))
    files.log("error", "ours")
    logging.getLogger("library").error("theirs")
    logging.getLogger("library").warning("no error")
    try:
        raise KeyError("x")
    except KeyError:
        logging.getLogger("library").exception("with cause")
    assert told == [("ERROR", "theirs", "library"), ("KeyError", "with cause", "library")]


@pytest.mark.req("O13")
def test_thirty_days_of_lines_stay_within_the_size_of_the_folder(opened) -> None:
    """3,000 lines of a kilobyte a day: rotation keeps each log, and the cap the folder, whatever was there before."""
    files = opened(size=200_000, kept=2, cap=1_500_000)
    for day in range(1, 30):
        (files.folder / f"runtime_202301{day:02d}.log").write_text("x" * 100_000)
    for _ in range(30):
        for number in range(300):
            files.log("error" if number % 10 == 0 else "info", "x" * 1_000)
            files.said("y" * 1_000)
        files.prune()
    sizes = {path.name: path.stat().st_size for path in files.folder.iterdir()}
    assert sum(sizes.values()) <= 1_500_000 + 3 * 200_000
    assert {"trading_bot.log", "trading_bot.log.1", "trading_bot.log.2", "error.log"} <= sizes.keys()
    assert "trading_bot.log.3" not in sizes


def test_closing_gives_the_root_logger_back(opened) -> None:
    root = logging.getLogger()
    before = (root.level, root.handlers[:], threading.excepthook)
    files = opened()
    files.close()
    assert (root.level, root.handlers[:], threading.excepthook) == before


def test_a_dsn_that_is_none_is_refused() -> None:
    with pytest.raises(Misconfigured, match="no DSN"):
        ErrorTracker("not a dsn", "tradewind@0", str)


@pytest.mark.req("O16")
def test_an_error_reaches_the_tracker_with_its_release_and_without_secrets(tracker_sink) -> None:
    """A Sentry-compatible sink on loopback: the envelope names release and kind, and holds no canary."""
    dsn, envelopes = tracker_sink
    tracker = ErrorTracker(dsn, "tradewind@9.9", Redactor([CANARY]))
    local = f"a local variable with {CANARY}"
    try:
        raise KeyError(local)
    except KeyError as error:
        tracker.tell(error, "learning")
    tracker.close()
    (text,) = envelopes
    event = json.loads(text.splitlines()[-1])
    assert (event["release"], event["tags"]["origin"]) == ("tradewind@9.9", "learning")
    assert event["exception"]["values"][-1]["type"] == "KeyError"
    assert CANARY not in text
    assert HIDDEN in text


def test_the_clock_stamps_lines(tmp_path) -> None:
    clock = VirtualClock(NOW)
    files = LogFiles(tmp_path, clock, str)
    files.open()
    clock.advance(90 * SECOND)
    files.log("info", "later")
    files.close()
    assert json.loads((tmp_path / "trading_bot.log").read_text())["timestamp"] == "2023-11-14T22:14:50.123Z"


def test_a_line_before_the_files_are_open_is_nowhere(tmp_path, capfd) -> None:
    """A start that was refused is said by its exit alone, not by the library's last resort too."""
    LogFiles(tmp_path / "logs", VirtualClock(NOW), str).log("critical", "service failed", detail="no venue")
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "logs").exists()

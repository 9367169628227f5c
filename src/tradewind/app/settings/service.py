"""Sections of the running service: data, places, people told, outside accounts. None of them changes a decision."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tradewind.app.settings.key import NOT_YET, Key, Name
from tradewind.app.settings.secret import Secret
from tradewind.app.settings.units import Unit

LIVE = NOT_YET + "live execution"


def _place(text: str, source: str, reader: str) -> Key:
    return Key(text, source=source, reader=reader, decides=False)


class PathSettings(msgspec.Struct, frozen=True):
    """Folders, relative to the working folder unless absolute."""

    data: Annotated[str, _place("Candles and the store.", "A18", "candle store")] = "data"
    models: Annotated[str, _place("Checkpoints and promoted models.", "R16", "predictors")] = "models"
    logs: Annotated[str, _place("Log files.", "Q18", "logging")] = "logs"
    reports: Annotated[str, _place("HTML and JSON reports.", "C09 P19", "reports")] = "reports"


class RuntimeSettings(msgspec.Struct, frozen=True):
    """What a started process may do."""

    mode: Annotated[
        Literal["dryrun", "paper", "live"],
        Key("dryrun decides only; paper fills in simulation; live needs `live_trading.mode = live` too.",
            source="W12 DIS24 H01", reader="run", env=(Name("RUNTIME_MODE"),), decides=False),
    ] = "dryrun"  # fmt: skip
    kill_switch: Annotated[
        bool,
        Key("True: no order leaves, whatever is decided.", source="W12 G10", reader="run",
            env=(Name("KILL_SWITCH"),), decides=False),
    ] = False  # fmt: skip


class MarketSettings(msgspec.Struct, frozen=True):
    """Where bars come from and when they are too old to act on."""

    feed: Annotated[
        Literal["replay", "poll", "stream"],
        Key("replay stored bars, poll for closed ones, or stream; a broken stream falls back to poll.",
            source="DIS03 A14 A16", reader="run", decides=False),
    ] = "replay"  # fmt: skip
    providers: Annotated[
        tuple[str, ...],
        Key("Providers in order of priority; a missing bar is taken from the next.", source="A01 A04",
            reader="market data", decides=False),
    ] = ("files",)  # fmt: skip
    poll_interval: Annotated[
        float,
        Key("Longest time between two polls; bars shorter than it are asked for as they close.", Unit.SECONDS, 1,
            86_400, source="A16 DIS03", reader="market data", decides=False),
    ] = 3600.0  # fmt: skip
    stale_bars: Annotated[
        int,
        Key("Bars in a row at one price after which a symbol is refused as stale; silence counts from 1.5 bars on.",
            Unit.BARS, 1, 1000, source="X17", reader="engine"),
    ] = 3  # fmt: skip
    close_grace: Annotated[
        float,
        Key("Time after a scheduled close before a bar without a successor is taken as final.", Unit.SECONDS, 0, 300,
            source="A15", reader="engine", decides=False),
    ] = 5.0  # fmt: skip
    max_clock_offset: Annotated[
        float,
        Key("Largest difference to a venue's clock before decisions are refused.", Unit.SECONDS, above=0, high=3600,
            source="X16", reader="market data, doctor", decides=False),
    ] = 30.0  # fmt: skip
    requests_per_minute: Annotated[
        int,
        Key("Upper bound of requests to one provider; its own limit applies when lower.", low=1, high=100_000,
            source="A21", reader="market data", decides=False),
    ] = 60  # fmt: skip
    breaker_failures: Annotated[
        int,
        Key("Failures in a row after which a provider is left alone for a while.", low=1, high=1000, source="O15",
            reader="market data", decides=False),
    ] = 5  # fmt: skip
    history_days: Annotated[
        float,
        Key("History fetched before the first decision.", Unit.DAYS, 0, 36_500, source="A11 A13", reader="market data",
            decides=False),
    ] = 90.0  # fmt: skip


def _credential(text: str, source: str, *names: str, reader: str = "market data") -> Key:
    return Key(text, source=source, reader=reader, env=tuple(Name(name) for name in names), decides=False)


class CredentialSettings(msgspec.Struct, frozen=True):
    """Keys of data providers; an unset one disables its provider and nothing else. Keep them in the environment."""

    oanda_api_key: Annotated[
        Secret | None, _credential("OANDA v20 token.", "W15 A23", "OANDA_API_KEY", "TRADING_TOOL_OANDA_API_KEY")
    ] = None
    oanda_account: Annotated[str, _credential("OANDA account id.", "A01", "OANDA_ACCOUNT_ID")] = ""
    alpha_vantage_api_key: Annotated[
        Secret | None, _credential("Alpha Vantage key.", "A01 A23", "ALPHA_VANTAGE_API_KEY")
    ] = None
    coinbase_api_key: Annotated[Secret | None, _credential("Coinbase key.", "A03 A23", "COINBASE_API_KEY")] = None
    coinbase_api_secret: Annotated[Secret | None, _credential("Coinbase secret.", "A03 A23", "COINBASE_API_SECRET")] = (
        None
    )
    news_api_key: Annotated[
        Secret | None,
        _credential("Economic calendar key.", "W15 M02", "NEWS_API_KEY", "TRADING_TOOL_NEWS_API_KEY",
                    reader=NOT_YET + "news embargo"),
    ] = None  # fmt: skip


class AutoSignalSettings(msgspec.Struct, frozen=True):
    """The automatic signal loop."""

    enabled: Annotated[
        bool,
        _credential("Whether signals are looked for without being asked.", "W08 O02", "ENABLE_AUTO_SIGNALS",
                    reader="supervised service"),
    ] = True  # fmt: skip
    interval: Annotated[
        float,
        Key("Time between two passes.", Unit.SECONDS, 1, 86_400, source="W08 O02",
            reader="supervised service", env=(Name("AUTO_SIGNAL_INTERVAL"),), decides=False),
    ] = 3600.0  # fmt: skip
    pairs: Annotated[
        tuple[str, ...],
        _credential("Pairs of the loop; empty: `symbols`.", "W08 O02", "AUTO_SIGNAL_PAIRS",
                    reader="supervised service"),
    ] = ()  # fmt: skip


class DatabaseSettings(msgspec.Struct, frozen=True):
    """The one store."""

    url: Annotated[
        Secret | None,
        _credential("SQLAlchemy URL; empty: SQLite in `paths.data`. May hold a password, so it is a secret.",
                    "W14 DIS30 R08", "DB_URL", reader="store"),
    ] = None  # fmt: skip


def _kept(text: str, low: int) -> Key:
    return Key(text, low=low, high=3650, source="R09 DIS31", reader="backups", decides=False)


class BackupSettings(msgspec.Struct, frozen=True):
    """When the store is backed up, where to, and how long a backup stays; `aws.backup_bucket` takes a copy of each."""

    folder: Annotated[
        str, Key("Folder of backups; better on another disk.", source="R09", reader="backups", decides=False)
    ] = "backups"
    hour: Annotated[
        int,
        Key("UTC hour of the daily backup of a running service.", low=0, high=23, source="R09 DIS31", reader="backups",
            decides=False),
    ] = 22  # fmt: skip
    daily: Annotated[int, _kept("Days of which the newest daily backup stays.", 1)] = 7
    weekly: Annotated[int, _kept("Weeks of which the newest daily backup stays.", 0)] = 4
    others: Annotated[int, _kept("Backups of every other kind (before a migration, by hand) that stay.", 1)] = 5


class AwsSettings(msgspec.Struct, frozen=True):
    """Cloud account; read from `.env.aws` too."""

    region: Annotated[str, _credential("Region.", "W14", "AWS_REGION", reader="backups")] = "us-east-1"
    backup_bucket: Annotated[
        str, _credential("Bucket that takes a copy of each backup.", "R09", "BACKUP_BUCKET", reader="backups")
    ] = ""


class FtmoSettings(msgspec.Struct, frozen=True):
    """Prop-firm account."""

    login: Annotated[Secret | None, _credential("Account number.", "W13 G12", "FTMO_LOGIN", reader=LIVE)] = None
    password: Annotated[Secret | None, _credential("Password.", "W13 G12", "FTMO_PASS", reader=LIVE)] = None
    server: Annotated[
        Literal["FTMO-Demo", "FTMO-Server"], _credential("Trading server.", "W13 G12", "FTMO_SERVER", reader=LIVE)
    ] = "FTMO-Demo"


class MonitoringSettings(msgspec.Struct, frozen=True):
    """Logs, alerts and who is called."""

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _place("Least severe line that is logged.", "Q18", "logging")
    ] = "info"
    log_file_size: Annotated[
        int,
        Key("Size at which a log file is begun anew, megabytes.", low=1, high=1000, source="O13", reader="logging",
            decides=False),
    ] = 10  # fmt: skip
    log_files: Annotated[
        int,
        Key("Older files kept of each log.", low=1, high=100, source="O13", reader="logging", decides=False),
    ] = 5  # fmt: skip
    log_folder_size: Annotated[
        int,
        Key("Most the folder of logs may hold, megabytes; the oldest go first.", low=5, high=100_000, source="O13",
            reader="logging", decides=False),
    ] = 200  # fmt: skip
    keep_days: Annotated[
        int,
        Key("Days kept of tables that grow with time and can be made again; the journal is kept whole.", Unit.DAYS, 31,
            36_500, source="O13 R15", reader="supervised service", decides=False),
    ] = 400  # fmt: skip
    sentry_dsn: Annotated[
        Secret | None,
        _credential("Error tracker; needs the extra `sentry`.", "O16", "SENTRY_DSN", reader="supervised service"),
    ] = None
    health_port: Annotated[
        int,
        Key("Port of /healthz, /readyz and /metrics on this machine alone; 0: none.", low=0, high=65_535,
            source="O04", reader="supervised service", env=(Name("HEALTH_PORT"),), decides=False),
    ] = 8080  # fmt: skip
    heartbeat_url: Annotated[
        Secret | None,
        _credential("Address that a dead-man switch elsewhere listens on; asked every minute while all is well.",
                    "X24 HZ36", "HEARTBEAT_URL", reader="supervised service"),
    ] = None  # fmt: skip
    watchdog_after: Annotated[
        float,
        Key("Silence of the service after which `tradewind watchdog` raises the alarm.", Unit.SECONDS, 2, 240,
            source="X24", reader="watchdog", decides=False),
    ] = 120.0  # fmt: skip
    watchdog_url: Annotated[
        Secret | None,
        _credential("Address that `tradewind watchdog` sends its alarms to, as JSON.", "X24", "WATCHDOG_URL",
                    reader="watchdog"),
    ] = None  # fmt: skip
    alert_cooldown: Annotated[
        float,
        Key("Shortest time between two alerts of one condition.", Unit.SECONDS, 0, 604_800, source="Q20",
            reader="outbox", decides=False),
    ] = 3600.0  # fmt: skip
    no_signal_alert_hours: Annotated[
        float,
        Key("Market-open hours without a signal before somebody is told.", Unit.HOURS, above=0, high=720,
            source="E13 Q12 O21", reader="status", decides=False),
    ] = 24.0  # fmt: skip
    emergency_contacts: Annotated[
        tuple[str, ...], _place("Who is called; required in production.", "U10", NOT_YET + "readiness")
    ] = ()

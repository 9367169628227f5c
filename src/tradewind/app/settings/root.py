"""All sections together."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tradewind.app.settings.gate import GateSettings
from tradewind.app.settings.key import Key
from tradewind.app.settings.learning import (
    ApprovalSettings,
    ContinuousLearningSettings,
    DriftSettings,
    GeneratorSettings,
    LiveTradingSettings,
    ModelSettings,
    PredictorSettings,
    SelectorSettings,
)
from tradewind.app.settings.orders import OrderSettings
from tradewind.app.settings.people import EmailSettings, SnsSettings, TelegramSettings, WebhookSettings
from tradewind.app.settings.sentiment import SentimentSettings
from tradewind.app.settings.service import (
    AutoSignalSettings,
    AwsSettings,
    BackupSettings,
    CredentialSettings,
    DatabaseSettings,
    FtmoSettings,
    MarketSettings,
    MonitoringSettings,
    PathSettings,
    RuntimeSettings,
)
from tradewind.app.settings.trading import (
    AccountSettings,
    CostSettings,
    EnsembleSettings,
    FilterSettings,
    PositionSizeSettings,
    RiskSettings,
    StrategySettings,
    TimeframeSettings,
)
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import DEFAULT_SYMBOLS


class AppConfig(msgspec.Struct, frozen=True):
    """Everything a process is told. Shares and probabilities are fractions in [0, 1], symbols canonical BASE/QUOTE."""

    preset: Annotated[
        tuple[str, ...],
        Key("Named bundles of settings the rest is written over, later ones over earlier ones.", source="DIS01-DIS41",
            reader="configuration", decides=False),
    ] = ()  # fmt: skip
    symbols: Annotated[
        tuple[str, ...], Key("Pairs to decide on.", source="W06 A05 A06", reader="engine, market data")
    ] = DEFAULT_SYMBOLS
    execution: Annotated[
        Literal["none", "paper", "approve", "auto"],
        Key("none publishes signals only; paper fills in simulation; approve sends an order once a person lets it go, "
            "auto at once, to orders.venue (engine: the paper venue).",
            source="DIS23 H02-H07", reader="run", decides=False),
    ] = "none"  # fmt: skip
    instruments: Annotated[
        tuple[Instrument, ...],
        Key("Instruments beside the built-in ones (symbol, asset_class, pip, tick, lot_step, costs, ...).",
            source="A24", reader="engine"),
    ] = ()  # fmt: skip
    predictors: Annotated[
        tuple[PredictorSettings, ...],
        Key("Trained predictors that vote too; each needs a promoted model in paper and live.", source="H19 I14",
            reader="run"),
    ] = ()  # fmt: skip
    timeframes: TimeframeSettings = TimeframeSettings()
    strategies: StrategySettings = StrategySettings()
    ensemble: EnsembleSettings = EnsembleSettings()
    filters: FilterSettings = FilterSettings()
    sentiment: SentimentSettings = SentimentSettings()
    risk: RiskSettings = RiskSettings()
    orders: OrderSettings = OrderSettings()
    account: AccountSettings = AccountSettings()
    costs: CostSettings = CostSettings()
    position_size: PositionSizeSettings = PositionSizeSettings()
    runtime: RuntimeSettings = RuntimeSettings()
    live_trading: LiveTradingSettings = LiveTradingSettings()
    market: MarketSettings = MarketSettings()
    paths: PathSettings = PathSettings()
    database: DatabaseSettings = DatabaseSettings()
    backup: BackupSettings = BackupSettings()
    credentials: CredentialSettings = CredentialSettings()
    auto_signals: AutoSignalSettings = AutoSignalSettings()
    telegram: TelegramSettings = TelegramSettings()
    webhook: WebhookSettings = WebhookSettings()
    email: EmailSettings = EmailSettings()
    sns: SnsSettings = SnsSettings()
    continuous_learning: ContinuousLearningSettings = ContinuousLearningSettings()
    drift: DriftSettings = DriftSettings()
    selector: SelectorSettings = SelectorSettings()
    generator: GeneratorSettings = GeneratorSettings()
    gate: GateSettings = GateSettings()
    model: ModelSettings = ModelSettings()
    approval: ApprovalSettings = ApprovalSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    aws: AwsSettings = AwsSettings()
    ftmo: FtmoSettings = FtmoSettings()

"""What a version is called: two trainings are two versions, whatever they came to."""

from __future__ import annotations

import pytest

from tests.models.markets import momentum
from tradewind.app.config import load_config
from tradewind.app.feature_sets import SeriesBars
from tradewind.app.models.material import Material
from tradewind.app.models.training import train
from tradewind.app.workspace import Workspace
from tradewind.errors import Rejected
from tradewind.model.timeframe import Timeframe
from tradewind.research.dataset import chronological
from tradewind.research.model_gates import InputCheck
from tradewind.research.model_training import Order, Part


@pytest.mark.req("I02")
def test_the_same_weights_twice_within_a_second_are_two_versions(tmp_path, monkeypatch):
    """A person or a schedule that trains twice at once loses neither; a name that was chosen is not chosen again."""
    monkeypatch.chdir(tmp_path)
    data, _ = momentum(3000, 5)
    bars = SeriesBars("BTC/USDT", Timeframe.H1, None, "made", "SIMULATED")  # type: ignore[arg-type]  # read by nobody
    material = Material((Part(data, chronological(data, data.samples(1)), 0.0006),), (bars,))
    workspace = Workspace(load_config(None))
    given = (workspace, Order(kind="logistic", length=1), material, Timeframe.H1, InputCheck((), 1.0), 7)
    first, second, third = (train(*given, notes={"try": number}).manifest for number in range(3))
    assert first.sha256 == second.sha256 == third.sha256
    assert (second.version, third.version) == (f"{first.version}-2", f"{first.version}-3")
    assert train(*given, name="v1").manifest.version == "v1"
    with pytest.raises(Rejected, match="v1 is there"):
        train(*given, name="v1")

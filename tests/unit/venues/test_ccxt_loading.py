"""An exchange of ccxt is loaded alone, is the class that ccxt itself would give, and hides nothing of ccxt."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = """
import sys
from tradewind.adapters.market.ccxt_loading import exchange_class
found = exchange_class({name!r})
assert exchange_class({name!r}) is found
few = len([one for one in sys.modules if one.startswith("ccxt")])
import ccxt, ccxt.async_support, ccxt.pro
assert issubclass(found, ccxt.async_support.Exchange)
assert issubclass(ccxt.RateLimitExceeded, ccxt.BaseError)
early = found({{}}).describe()
assert len(ccxt.exchanges) > 90 and ccxt.__version__ and len(ccxt.pro.exchanges) > 50
assert ccxt.pro.{name} is found and ccxt.pro.{name}({{}}).describe()["has"] == early["has"]
assert ccxt.async_support.{name} in found.__mro__ and ccxt.okx is not found
print(few)
"""


def _told(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["binance", "kraken", "coinbase"])
def test_one_exchange_is_loaded_and_the_others_are_when_somebody_asks(name: str) -> None:
    """Some twenty modules instead of four hundred; the whole library is there afterwards, with the same class in it."""
    told = _told(LOADED.format(name=name))
    assert told.returncode == 0, told.stderr
    assert int(told.stdout) < 60


def test_an_exchange_that_ccxt_does_not_have_is_none_whatever_the_name_is_of() -> None:
    """No exchange, or another thing of ccxt."""
    text = "from tradewind.adapters.market.ccxt_loading import exchange_class as e; print(e('nosuch'), e('exchanges'))"
    assert _told(text).stdout.split() == ["None", "None"]


def test_where_ccxt_was_imported_before_its_own_classes_are_given() -> None:
    """Nothing is put in place of what is there."""
    text = (
        "import ccxt.pro; from tradewind.adapters.market.ccxt_loading import exchange_class as e;"
        "print(e('okx') is ccxt.pro.okx, type(ccxt).__name__)"
    )
    assert _told(text).stdout.split() == ["True", "module"]

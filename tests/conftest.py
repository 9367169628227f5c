"""Settings every test shares."""

import os
import signal

from hypothesis import settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs behind its back with Ctrl+C ignored, and every process under test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A first call compiles kernels, so the time of one example says nothing; derandomised runs make a failure repeatable.
settings.register_profile("tradewind", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("tradewind")

# The parallel runner tells its workers that the screen is 80 wide, which folds tables that a pipe would not fold.
os.environ["COLUMNS"] = "160"

if os.environ.get("TRADEWIND_TEST_STORE") == "postgres":
    pytest_plugins = ["tests.postgres_stores"]

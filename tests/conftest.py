"""Settings every test shares."""

from hypothesis import settings

# A first call compiles kernels, so the time of one example says nothing; derandomised runs make a failure repeatable.
settings.register_profile("tradewind", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("tradewind")

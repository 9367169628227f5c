"""An indicator that is nothing but its name."""

import msgspec


class Named(msgspec.Struct, frozen=True):
    """Enough of an indicator for the rule algebra."""

    key: str

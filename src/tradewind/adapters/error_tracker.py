"""Errors to a Sentry-compatible service, with the release and without secrets. An extra: ``sentry``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from tradewind.errors import Misconfigured

FLUSH_S = 2.0


class ErrorTracker:
    """Sends through a thread of its own: a tracker that is away delays nobody.

    No integration, no breadcrumb, no local variable and no host name is sent; ``redact`` goes over every string.

    Raises:
        Misconfigured: the extra is not installed, or ``dsn`` is none.
    """

    def __init__(self, dsn: str, release: str, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._sdk = _library()
        try:
            self._sdk.init(
                dsn=dsn,
                release=release,
                server_name="",
                default_integrations=False,
                auto_enabling_integrations=False,
                include_local_variables=False,
                include_source_context=False,
                send_default_pii=False,
                max_breadcrumbs=0,
                before_send=self._clean_event,
            )
        except self._sdk.utils.BadDsn as error:
            raise Misconfigured("it is no DSN", where="monitoring.sentry_dsn", allowed="https://KEY@HOST/ID") from error

    def tell(self, error: BaseException, origin: str) -> None:
        """Hands an error over; returns at once."""
        with self._sdk.new_scope() as scope:
            scope.set_tag("origin", origin)
            scope.capture_exception(error)

    def close(self) -> None:
        """Waits a moment for what is on its way."""
        client = self._sdk.get_client()
        client.close(timeout=FLUSH_S)

    def _clean_event(self, event: Any, _: object) -> Any:
        return self._clean(event)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redact(value)
        if isinstance(value, Mapping):
            return {name: self._clean(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(one) for one in value]
        return value


def _library() -> ModuleType:
    try:
        import sentry_sdk  # an extra: installed where errors are tracked
    except ImportError as error:
        raise Misconfigured(
            "monitoring.sentry_dsn is set, and sentry-sdk is not installed",
            where="monitoring.sentry_dsn (SENTRY_DSN)",
            next_step="pip install --require-hashes -r requirements/sentry.txt, in the checkout of Tradewind",
        ) from error
    return sentry_sdk

"""Documents signed with a project's key: HMAC-SHA256 over their canonical bytes.

The signature makes sure that nobody edits a document by hand or carries one over from another project, not more:
whoever holds the key can sign. Nothing here reads or writes a file; bytes come in and go out.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

import msgspec

from tradewind.errors import Corrupt, Misconfigured, Rejected, Unavailable

MIN_KEY: Final = 32
"""Bytes in a key."""

_KEY: Final = b"tradewind verdict\nkey\n"


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    signature: str
    document: dict[str, Any]


def key_id(key: bytes) -> str:
    """What tells keys apart without telling them: 16 hex digits of a hash of the key."""
    return hashlib.sha256(_KEY + key).hexdigest()[:16]


def signed_bytes(kind: str, document: Any, key: bytes) -> bytes:
    """An indented JSON document: ``document`` under the name of its ``kind``, the key's id and the signature.

    Raises:
        Misconfigured: the key is too short to sign with.
    """
    if len(key) < MIN_KEY:
        raise Misconfigured(f"a key of {len(key)} bytes", where="sign", allowed=f"at least {MIN_KEY} bytes")
    plain = msgspec.to_builtins(document)
    return _bytes_of(kind, _Envelope(key_id(key), _signature(kind, plain, key), plain))


def signed_document(kind: str, data: bytes, key: bytes | None, again: str) -> dict[str, Any]:
    """The document in ``data``, if these are exactly the bytes that were signed as ``kind`` with ``key``.

    ``again`` says how to get a new one.

    Raises:
        Unavailable: there is no key, so that nothing can be told about any document.
        Rejected: it was signed with another key.
        Corrupt: the bytes are no document of this kind, or not those that were signed.
    """
    if key is None:
        raise Unavailable(
            f"the key that signs {kind}s is missing, so no {kind} can be checked",
            where=kind,
            next_step="restore the key from its backup; without it none of them proves anything",
        )
    try:
        fields = msgspec.json.decode(data, type=dict[str, Any])
        envelope = msgspec.convert({("document" if name == kind else name): fields[name] for name in fields}, _Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Corrupt(f"no {kind}: {error}", where=kind, next_step=again) from error
    if envelope.key != key_id(key):
        raise Rejected(
            f"signed with the key {envelope.key}, the key of this project is {key_id(key)}",
            where=kind,
            allowed=f"{kind}s of this project",
            next_step=f"restore that key from its backup; if it is lost for good: {again}",
        )
    genuine = hmac.compare_digest(_signature(kind, envelope.document, key).encode(), envelope.signature.encode())
    if not genuine or _bytes_of(kind, envelope) != data:
        raise Corrupt("changed after it was signed", where=kind, next_step=again)
    return envelope.document


def _signature(kind: str, document: dict[str, Any], key: bytes) -> str:
    canonical = msgspec.json.encode(document, order="deterministic")
    return hmac.new(key, f"tradewind {kind}\n".encode() + canonical, hashlib.sha256).hexdigest()


def _bytes_of(kind: str, envelope: _Envelope) -> bytes:
    fields = {"key": envelope.key, "signature": envelope.signature, kind: envelope.document}
    return msgspec.json.format(msgspec.json.encode(fields, order="deterministic"), indent=2) + b"\n"

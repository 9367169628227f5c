"""Engine states at journal positions. They shorten recovery and hold nothing the journal does not give back."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from tradewind.adapters.store.database import Database, Writer
from tradewind.errors import Misconfigured

KEEP: Final = 3


class SqlSnapshots:
    """Implements ``ports.store.SnapshotStore``; keeps the newest three.

    A snapshot is believed when its checksum fits its bytes and its digest is that of the journal at its position; one
    that fails is passed over for the next older, and ``notes`` says why. None left means: replay the whole journal.
    """

    def __init__(self, database: Database, writer: Writer | None = None) -> None:
        self._database = database
        self._writer = writer
        self.notes: list[str] = []

    def save(self, seq: int, digest: bytes, config_hash: str, state: bytes) -> None:
        """Stores the state after entry ``seq``, durable on return.

        Raises:
            Misconfigured: the store was opened to read, or entry ``seq`` is not durable yet.
            Retryable, Unavailable, Corrupt: as ``Writer.transaction``.
        """
        if self._writer is None:
            raise Misconfigured("these snapshots were opened to read", where=str(self._database.path))
        checksum = _checksum(seq, digest, config_hash, state)
        with self._writer.transaction() as cursor:
            if cursor.execute("SELECT 1 FROM journal WHERE seq = ?", (seq,)).fetchone() is None:
                raise Misconfigured(
                    f"entry {seq} is not durable", where="snapshot", next_step="commit the journal before saving"
                )
            cursor.execute(
                "INSERT INTO snapshots (seq, config_hash, digest, checksum, state) VALUES (?, ?, ?, ?, ?)",
                (seq, config_hash, digest, checksum, state),
            )
            cursor.execute(
                "DELETE FROM snapshots WHERE id NOT IN (SELECT id FROM snapshots ORDER BY id DESC LIMIT ?)", (KEEP,)
            )

    def latest(self, config_hash: str, at_most_seq: int) -> tuple[int, bytes, bytes] | None:
        """``(seq, digest, state)`` of the newest snapshot that can be believed, or None."""
        self.notes.clear()
        _, rows = self._database.query(
            "SELECT s.seq, s.digest, s.checksum, s.state, j.digest FROM snapshots s"
            " LEFT JOIN journal j ON j.seq = s.seq"
            " WHERE s.config_hash = ? AND s.seq <= ? ORDER BY s.seq DESC, s.id DESC",
            (config_hash, at_most_seq),
        )
        for seq, digest, checksum, state, journaled in rows:
            if checksum != _checksum(seq, digest, config_hash, state):
                self.notes.append(f"the snapshot at entry {seq} is damaged and was passed over")
            elif digest != journaled:
                self.notes.append(f"the snapshot at entry {seq} belongs to another history and was passed over")
            else:
                return seq, digest, state
        return None


def _checksum(seq: int, digest: bytes, config_hash: str, state: bytes) -> bytes:
    head = f"{seq} {config_hash} ".encode()
    return sha256(head + len(digest).to_bytes(8, "big") + digest + state).digest()

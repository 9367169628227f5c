"""Prints docs/signal-schema.json, the JSON Schema of a published signal."""

from __future__ import annotations

import json
import sys

from tradewind.app.ask.published import signal_schema

if __name__ == "__main__":
    sys.stdout.write(json.dumps(signal_schema(), indent=2) + "\n")

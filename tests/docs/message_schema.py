"""Prints docs/message-schema.json, the JSON Schema of what a webhook gets."""

from __future__ import annotations

import json
import sys

from tradewind.app.people.posts import message_schema

if __name__ == "__main__":
    sys.stdout.write(json.dumps(message_schema(), indent=2) + "\n")

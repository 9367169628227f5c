"""``python -m tradewind`` is the same command as ``tradewind``."""

import sys

from tradewind.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

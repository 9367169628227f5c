"""``python -m tradewind`` is the same command as ``tradewind``."""

from tradewind.cli.main import main

if __name__ == "__main__":
    main()

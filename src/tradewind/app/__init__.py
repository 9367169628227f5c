"""Where things are connected and configured."""

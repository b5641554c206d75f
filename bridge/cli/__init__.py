"""The command line: ``bridge``. It asks the same services as the web side."""

from bridge.cli.root import main

__all__ = ["main"]

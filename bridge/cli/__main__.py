"""``python -m bridge.cli``: the same as ``bridge``."""

from bridge.cli.root import main

main()

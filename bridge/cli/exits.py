"""Exit codes that a script can rely on; docs/cli.md lists them."""

EXIT_INVALID, EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_UNAVAILABLE, EXIT_SETTINGS = 2, 3, 4, 5, 6

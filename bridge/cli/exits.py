"""Exit codes that a script can rely on; docs/cli.md lists them."""

EXIT_INVALID, EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_UNAVAILABLE, EXIT_SETTINGS, EXIT_LEFT_TO_DO = 2, 3, 4, 5, 6, 7

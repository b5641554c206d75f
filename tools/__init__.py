"""Commands for those who work on the bridge. Nothing here is installed."""

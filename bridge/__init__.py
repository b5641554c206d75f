"""The bridge: a licensed update server beside an unmodified Gitea. ``README.md`` shows the house."""

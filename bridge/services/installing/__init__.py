"""Beside an existing Gitea: what `bridge init` puts there and `bridge uninstall` takes out again.

``looking`` asks Gitea and changes nothing. ``verdicts`` says what follows from it. ``planning`` and ``removing`` turn
that into steps, which are values; ``running`` carries them out, one by one, each reporting what it did.
"""

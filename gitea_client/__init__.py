"""Gitea as values: the one door between this program and a Gitea.

Import what you need from the modules: ``client``, ``values``, ``levels``, ``hooks``, ``errors``, ``budget``; the
pretend Gitea is ``simulator``.
"""

"""Addresses without the names of their blanks, to be compared."""

import re


def shape(path: str) -> str:
    """``/{owner}/{repo}`` and ``/<owner>/<repo>`` become ``/{}/{}``."""
    return re.sub(r"<[^>]+>|\{[^}]+\}", "{}", path)

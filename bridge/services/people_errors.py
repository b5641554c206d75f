"""What can be wrong with a person's token, named for what happened."""

from bridge.errors import BridgeError


class UnprovenError(BridgeError):
    """Nobody is known by this token, or who is known may not sign in."""


class ForbiddenError(BridgeError):
    """The person is known and may not do this. ``scope`` names what the token lacks, where that is the reason."""

    def __init__(self, message: str, scope: str = "") -> None:
        super().__init__(message)
        self.scope = scope


class HiddenError(BridgeError):
    """The owner or repo is absent, or this token does not reach it; both look the same."""

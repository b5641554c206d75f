"""Exceptions named for what happened. Raised low, translated to HTTP or an exit code once, high."""


class BridgeError(Exception):
    """Something that a person can act on: the message says what happened and what to do next."""


class SettingsError(BridgeError):
    """The configuration can't be used; the message names file, key, fault and a valid example."""


class NotFoundError(BridgeError):
    """The thing that was named does not exist, or is not visible to whoever asks."""


class RefusedError(BridgeError):
    """A rule forbids the change; nothing was changed."""


class ConflictError(BridgeError):
    """Somebody else was first, or the thing exists already; nothing was changed."""


class PaymentRefConflictError(ConflictError):
    """The reference names a purchase of something else; nothing was changed."""


class InvalidInputError(BridgeError):
    """An argument is not of the wanted form; ``field`` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UnavailableError(BridgeError):
    """A service that is needed does not answer now; trying again later may help."""


class BusyError(UnavailableError):
    """Too many ask at once; in a moment it goes."""


class DatabaseOutdatedError(BridgeError):
    """The database schema is not the one that this version of the bridge needs."""

"""How a long-running command learns that it should end."""

import ctypes
import signal
import sys
import time

# So long may a process finish what it does, before it is killed.
GRACE_SECONDS = 15
_PR_SET_PDEATHSIG = 1


class StopSignals:
    """Notes SIGTERM and SIGINT, and does nothing else.

    A handler interrupts the main thread anywhere, also inside ``Event.wait`` or an earlier handler's ``Event.set``, and
    would wait for ever for the lock held there. Ctrl-C in a terminal, followed by the supervisor's SIGTERM, did that.
    """

    def __init__(self) -> None:
        self.given = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, _signal: int, _frame: object) -> None:
        self.given = True

    def within(self, seconds: float) -> bool:
        """Wait that long at most; whether a signal has come."""
        until = time.monotonic() + seconds
        while not self.given and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return self.given


def end_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """Let a process finish what it does and end when its parent was killed; else it would go on holding the port.

    ``by``: the signal that it is given then.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, by)

"""How busy other programs keep the machine while something is measured."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TABLE = Path("/proc/stat")
_TICK = 0.01  # seconds; what the kernel counts in


class Watch:
    """Tells how many processors other programs have kept busy since it was made."""

    def __init__(self) -> None:
        self._began, self._idle, self._own = _now(), _idle(), _own()

    def busy(self) -> float:
        """Return the processors that others have kept busy: 0.0 where that cannot be told."""
        idle, elapsed = _idle(), _now() - self._began
        if idle is None or self._idle is None or elapsed < 10 * _TICK:
            return 0.0
        taken = elapsed * (os.cpu_count() or 1) - (idle - self._idle) - (_own() - self._own)
        return max(0.0, taken / elapsed)


_now = time.perf_counter


def _idle() -> float | None:
    """Return the seconds that the processors have been idle, all together."""
    if not _TABLE.exists():
        return None
    idle, waiting = _TABLE.read_text().split(maxsplit=6)[4:6]
    return _TICK * (int(idle) + int(waiting))


def _own() -> float:
    """Return the seconds that this program and those it has ended have computed for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system

"""Frames of any times in a file of a steady rate."""

_LONGEST_GAP = 600.0  # seconds filled with copies of a frame


class SteadyRate:
    """Counts how often a frame is written so that it plays at its time.

    Parameters
    ----------
    fps : float
        Frames per second of the file.

    Attributes
    ----------
    count : int
        Frames written until now, with copies.

    Examples
    --------
    >>> rate = SteadyRate(10.0)
    >>> [rate.repeats(at) for at in (0.0, 0.1, 0.11, 0.5)]
    [1, 1, 0, 4]
    """

    def __init__(self, fps: float) -> None:
        self.count = 0
        self._fps = fps
        self._shift = 0  # frames by which gaps were shortened

    @property
    def limits(self) -> str:
        """The time that the file lacks, in words; empty if none."""
        minutes = _LONGEST_GAP / 60
        return (
            f"longer gaps between frames are shortened to {minutes:.0f} min" if self._shift else ""
        )

    def repeats(self, at: float | None) -> int:
        """Return how often to write a frame of time `at`, in seconds; None: once."""
        due = self.count + 1 if at is None else round(at * self._fps) + 1 - self._shift
        added = max(0, due - self.count)
        excess = max(0, added - max(1, round(_LONGEST_GAP * self._fps)))
        self._shift += excess
        self.count += added - excess
        return added - excess

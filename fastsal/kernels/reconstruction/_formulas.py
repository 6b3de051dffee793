"""The step of reconstruction, for both backends. Scalars only."""

from ..jit import serial


@serial
def grown(value, neighbor, limit):
    """Return a pixel after a dilation by one neighbour, at most its mask."""
    return min(max(value, neighbor), limit)

"""Frame differencing straight from its definition, on grey frames."""

import numpy as np

WHITE = {"u1": 255, "u2": 65535, "f4": 1, "f8": 1}


def frame_difference(gray, previous, threshold=None):
    """Return the absolute difference as a fraction of white, or whether it exceeds `threshold`."""
    apart = np.abs(gray.astype(np.float64) - previous.astype(np.float64))
    if threshold is not None:
        return (apart > threshold).astype(np.float32)
    return (apart / WHITE[gray.dtype.str[1:]]).astype(np.float32)

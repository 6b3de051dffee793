"""Every error fastsal raises on purpose.

FastsalError
├── ImageError                  (also a ValueError)
├── VideoError                  (also an OSError)
├── ModelError                  (also a ValueError)
├── DatasetError                (also a ValueError)
└── BackendUnavailableError     (also a RuntimeError)
"""


class FastsalError(Exception):
    """Base class: ``except FastsalError`` catches all of them."""


class ImageError(FastsalError, ValueError):
    """An image has the wrong shape, dtype, layout or values, or cannot be read or written."""


class VideoError(FastsalError, OSError):
    """A video cannot be read or written to its end; the message names the file."""


class ModelError(FastsalError, ValueError):
    """A model file is missing, damaged or of another kind; the message names it."""


class DatasetError(FastsalError, ValueError):
    """A data set's folder or file is missing, damaged or of another layout; it is named."""


class BackendUnavailableError(FastsalError, RuntimeError):
    """A backend was asked for by name and cannot run here; the message says why."""

"""Exceptions of fastsal.

FastsalError
├── ImageError                  (also a ValueError)
├── VideoError                  (also an OSError)
├── ModelError                  (also a ValueError)
├── DatasetError                (also a ValueError)
└── BackendUnavailableError     (also a RuntimeError)
"""


class FastsalError(Exception):
    """Base class of all exceptions of fastsal."""


class ImageError(FastsalError, ValueError):
    """An image has the wrong shape, dtype, layout or values, or cannot be read or written."""


class VideoError(FastsalError, OSError):
    """A video cannot be read or written completely; the message names the file."""


class ModelError(FastsalError, ValueError):
    """A model file is missing, damaged or not a model; the message names the file."""


class DatasetError(FastsalError, ValueError):
    """A data set's folder or file is missing, damaged or of another layout; it is named."""


class BackendUnavailableError(FastsalError, RuntimeError):
    """A backend was requested by name and is not available; the message gives the reason."""

"""Kernels of a worker, compiled before its first task."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

# One size that runs on a single thread and one that runs on all of them.
_SIZES = ((16, 16), (320, 320))


# Numbers of glibc's malloc.h, and limits up to which freed memory is kept for the next image.
_TRIM, _KEPT_BYTES = -1, 256 * 1024**2
_MMAP, _MOST_BYTES = -3, 32 * 1024**2


def keep_memory() -> bool:
    """Undo a setting of Dask's workers that returns freed memory at once; return whether it did.

    With that setting (``MALLOC_TRIM_THRESHOLD_=65536``) every image gets new pages of memory, and
    100 kB JPEGs take 14.7 instead of 9.0 ms.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # not glibc
        return False
    return bool(mallopt(_TRIM, _KEPT_BYTES) and mallopt(_MMAP, _MOST_BYTES))


def warm(keys: Sequence[str], options: Mapping[str, Any]) -> None:
    """Compute maps of small grey and colour images, and load the readers and writers of files.

    A kernel is compiled once per host: the first process to need it holds a lock, and the others
    then load it from the cache.
    """
    import numpy as np

    from ..io.pictures import ImageFile, encode_image
    from ..registry import METHODS
    from ..stream import Stream

    keep_memory()

    picture = np.zeros((*_SIZES[0], 3), np.uint8)
    with suppress(Exception):  # a worker that cannot read files says so in its tasks
        for suffix in (".jpg", ".png"):
            ImageFile(f"warm{suffix}", encode_image(Path(f"warm{suffix}"), picture)).read()
    for key in keys:
        if METHODS[key].kind == "network":  # it has no kernels
            continue
        for size in _SIZES:
            for shape in (size, (*size, 3)):
                stream = Stream(key, **options)
                image = (np.arange(np.prod(shape)) % 251).astype(np.uint8).reshape(shape)
                stream.update(image)
                stream.update(image, out=np.empty(size, np.uint8))

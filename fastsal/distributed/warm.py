"""Kernels of a worker, compiled before its first task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# One size that runs on a single thread and one that runs on all of them.
_SIZES = ((16, 16), (320, 320))


def warm(keys: Sequence[str], options: Mapping[str, Any]) -> None:
    """Compute maps of small images, grey and colour.

    A kernel is compiled once per host: the first process to need it holds a lock, and the others
    then load it from the cache.
    """
    import numpy as np

    from ..methods import METHODS
    from ..pipelines.stream import Stream

    for key in keys:
        if METHODS[key].kind == "network":  # it has no kernels
            continue
        for size in _SIZES:
            for shape in (size, (*size, 3)):
                stream = Stream(key, **options)
                image = (np.arange(np.prod(shape)) % 251).astype(np.uint8).reshape(shape)
                stream.update(image)
                stream.update(image, out=np.empty(size, np.uint8))

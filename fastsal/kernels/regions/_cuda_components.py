"""4-connected components of equal label on a CUDA device: union-find over pixels.

A component is named after its first pixel, its root.
"""

import numpy as np
from numba import cuda, int32

from ...devices import workspace
from .. import launch
from ..jit import device, kernel
from ._cuda_grid import blocks_for


def find_components(labels):
    """Return the parent of each pixel of `labels`, (H, W), and the sizes of the roots, (H * W,)."""
    area = labels.size
    parents = workspace("components parents", (area,), np.int32)
    sizes = workspace("components sizes", (area,), np.int32)
    grid = blocks_for(area), launch.THREADS
    start_components[grid](parents, sizes)
    join_components[grid](labels.reshape(area), labels.shape[1], parents)
    count_pixels[grid](parents, sizes)
    return parents, sizes


@device
def root_of(parents, i):
    """Return the first pixel of the component of pixel i."""
    while parents[i] != i:
        i = parents[i]
    return i


@kernel
def start_components(parents, sizes):
    """Make each pixel a component."""
    i = cuda.grid(1)
    if i < parents.size:
        parents[i] = i
        sizes[i] = 0


@kernel
def join_components(labels, cols, parents):
    """Join each pixel with equal ones above and to the left; the earlier root is the parent."""
    i = cuda.grid(1)
    if i >= labels.size:
        return
    for side in range(2):
        fits = i >= cols if side == 0 else i % cols > 0
        other = i - cols if side == 0 else i - 1
        one = i
        while fits and labels[i] == labels[other]:
            one, other = root_of(parents, one), root_of(parents, other)
            if one == other:
                break
            late, early = max(one, other), min(one, other)
            before = cuda.atomic.min(parents, late, int32(early))
            if before == late:
                break
            # Another thread was faster. Both belong to the component of i: continue from its root.
            one, other = before, early


@kernel
def count_pixels(parents, sizes):
    """Add each pixel to the size of its root."""
    i = cuda.grid(1)
    if i < parents.size:
        cuda.atomic.add(sizes, root_of(parents, i), int32(1))

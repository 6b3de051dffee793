"""vl_slic's clean-up on a CUDA device: components by union-find, each named after its first pixel.

Small components go to their heir's label as in `_cpu_clean`, each thread following the chain.
"""

from numba import cuda, int32

from ...kernels.jit import kernel


@kernel
def start_components(parents, sizes):
    i = cuda.grid(1)
    if i < parents.size:
        parents[i] = i
        sizes[i] = 0


@kernel
def join_components(labels, cols, parents):
    """Join each pixel with its like above and to the left: the later root points at the earlier."""
    i = cuda.grid(1)
    if i >= labels.size:
        return
    for side in range(2):
        fits = i >= cols if side == 0 else i % cols > 0
        other = i - cols if side == 0 else i - 1
        mine = i
        while fits and labels[i] == labels[other]:
            while parents[mine] != mine:
                mine = parents[mine]
            while parents[other] != other:
                other = parents[other]
            if mine == other:
                break
            late, early = max(mine, other), min(mine, other)
            before = cuda.atomic.min(parents, late, int32(early))
            if before == late:
                break
            mine, other = before, early  # another thread was faster: go on from what it wrote
            # Both are of the component of i, so that the labels stay equal.


@kernel
def count_pixels(parents, sizes):
    i = cuda.grid(1)
    if i < parents.size:
        root = i
        while parents[root] != root:
            root = parents[root]
        cuda.atomic.add(sizes, root, int32(1))


@kernel
def hand_over(labels, cols, parents, sizes, least):
    """Give each pixel of a small component the label of its last heir; no heir is overwritten."""
    i = cuda.grid(1)
    if i >= labels.size:
        return
    root = i
    while parents[root] != root:
        root = parents[root]
    while sizes[root] < least and root > 0:
        # Above the first pixel, else below if older, else left.
        heir = root - cols
        if heir < 0:
            heir = root + cols if root + cols < labels.size else root
            while parents[heir] != heir:
                heir = parents[heir]
            if heir >= root:
                heir = root - 1
        while parents[heir] != heir:
            heir = parents[heir]
        root = heir
    labels[i] = labels[root]

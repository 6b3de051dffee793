"""Fast mode on a CUDA device: a thread per pixel assigns, 32 threads per region sum.

All arithmetic is in integers, so labels and sums equal those of the CPU bit for bit.
"""

from numba import cuda, int32, int64

from ...kernels.jit import kernel
from ._formulas import (
    channel_of,
    color_from,
    edge,
    gap_of,
    level,
    mean_color,
    mean_place,
    middle,
    place_from,
    place_of,
)

GROUP = 32  # threads that share one region's sums, a column each
FIELDS = 6  # of those sums: pixels, rows, columns and three channels
LEAST = (1 << 31) - 1


@kernel
def place(pixels, channels, is_rgb, size, scale, rows, cols, centers):
    """Write the first centres: vl_slic's grid, each moved to the flattest pixel near it."""
    _, down, across = centers.shape
    i = cuda.grid(1)
    if i >= down * across:
        return
    v, u = i // across, i % across
    row, col = middle(v, size, rows), middle(u, size, cols)
    least, at_row, at_col = int32((1 << 31) - 1), row, col
    for r in range(max(0, row - 1), min(rows - 1, row + 1) + 1):
        for c in range(max(0, col - 1), min(cols - 1, col + 1) + 1):
            strength = int32(0)
            if 0 < r < rows - 1 and 0 < c < cols - 1:
                for k in range(min(channels, 3)):
                    at = (r * cols + c) * channels + k
                    left = level(pixels[at - channels], pixels.itemsize)
                    right = level(pixels[at + channels], pixels.itemsize)
                    above = level(pixels[at - cols * channels], pixels.itemsize)
                    below = level(pixels[at + cols * channels], pixels.itemsize)
                    strength += int32(edge(left, right, above, below))
            if strength < least:
                least, at_row, at_col = strength, r, c
    centers[0, v, u] = place_of(at_row - (v * size - size // 2), scale)
    centers[1, v, u] = place_of(at_col - (u * size - size // 2), scale)
    for plane in range(3):
        channel = channel_of(plane, channels, is_rgb)
        value = int32(0)
        if channel >= 0:
            value = level(pixels[(at_row * cols + at_col) * channels + channel], pixels.itemsize)
        centers[2 + plane, v, u] = 8 * value


@kernel
def convert(given, size, scale, centers):
    """Write centres given in pixels and shares of white in the units of fast mode."""
    _, down, across = centers.shape
    i = cuda.grid(1)
    if i < down * across:
        v, u = i // across, i % across
        centers[0, v, u] = place_from(given[0, v, u], v * size - size // 2, size, scale)
        centers[1, v, u] = place_from(given[1, v, u], u * size - size // 2, size, scale)
        for k in range(2, 5):
            centers[k, v, u] = color_from(given[k, v, u])


@kernel
def assign(pixels, channels, is_rgb, size, scale, centers, step, phase, labels):
    """Label each pixel of every `step`-th row with the nearest of four regions."""
    rows, cols = labels.shape
    _, down, across = centers.shape
    full = place_of(size, scale)
    col = cuda.grid(1)
    row = phase + step * cuda.blockIdx.y
    while row < rows and col < cols:
        at = (row * cols + col) * channels
        l0 = level(pixels[at + channel_of(0, channels, is_rgb)], pixels.itemsize)
        l1 = l2 = int32(0)
        if channels >= 3:
            l1 = level(pixels[at + 1], pixels.itemsize)
            l2 = level(pixels[at + channel_of(2, channels, is_rgb)], pixels.itemsize)
        below, right = (row + size // 2) // size, (col + size // 2) // size
        drow = place_of((row + size // 2) % size, scale)
        dcol = place_of((col + size // 2) % size, scale)
        best, label = int64(1) << 62, int32(0)
        for v in range(max(0, below - 1), min(down - 1, below) + 1):
            for u in range(max(0, right - 1), min(across - 1, right) + 1):
                away = gap_of(8 * l0, centers[2, v, u]) + gap_of(8 * l1, centers[3, v, u])
                away += gap_of(8 * l2, centers[4, v, u])
                away += gap_of(drow if v == below else drow + full, centers[0, v, u])
                away += gap_of(dcol if u == right else dcol + full, centers[1, v, u])
                if away < best:
                    best, label = away, int32(v * across + u)
        labels[row, col] = label
        row += step * cuda.gridDim.y


@kernel
def move(pixels, channels, is_rgb, size, scale, labels, step, phase, centers):
    """Move each region's centre to the mean of its pixels, which lie in its window of 2 x 2 tiles.

    A block per region: each thread sums columns, then the threads' sums are added in pairs.
    """
    sums = cuda.shared.array((FIELDS, GROUP), int64)
    rows, cols = labels.shape
    across = centers.shape[2]
    region, thread = cuda.blockIdx.x, cuda.threadIdx.x
    v, u = region // across, region % across
    first_row, first_col = v * size - size // 2, u * size - size // 2
    start = max(0, first_row)
    start += (phase - start % step + step) % step
    count = row_sum = col_sum = sum0 = sum1 = sum2 = int64(0)
    col = max(0, first_col) + thread
    while col < min(cols, first_col + 2 * size):
        row = start
        while row < min(rows, first_row + 2 * size):
            if labels[row, col] == region:
                at = (row * cols + col) * channels
                count += 1
                row_sum += row - first_row
                col_sum += col - first_col
                sum0 += level(pixels[at + channel_of(0, channels, is_rgb)], pixels.itemsize)
                if channels >= 3:
                    sum1 += level(pixels[at + 1], pixels.itemsize)
                    sum2 += level(pixels[at + channel_of(2, channels, is_rgb)], pixels.itemsize)
            row += step
        col += GROUP
    sums[0, thread], sums[1, thread], sums[2, thread] = count, row_sum, col_sum
    sums[3, thread], sums[4, thread], sums[5, thread] = sum0, sum1, sum2
    half = GROUP // 2
    while half > 0:
        cuda.syncthreads()
        if thread < half:
            for field in range(FIELDS):
                sums[field, thread] += sums[field, thread + half]
        half //= 2
    cuda.syncthreads()
    count = sums[0, 0]
    if thread < FIELDS - 1 and count > 0:
        total = sums[thread + 1, 0]
        if thread < 2:
            centers[thread, v, u] = mean_place(total, count, scale)
        else:
            centers[thread, v, u] = mean_color(total, count)


@kernel
def find_keepers(labels, parents, sizes, keepers):
    """Leave in `keepers` the largest component of each label, of equals the first."""
    i = cuda.grid(1)
    if i < labels.size and parents[i] == i:
        cuda.atomic.max(keepers, labels[i], (int64(sizes[i]) << 32) + int64(LEAST - i))


@kernel
def give_away(labels, cols, parents, sizes, keepers, least, out):
    """Give each pixel the label of the first component that stays, above or left of its own."""
    i = cuda.grid(1)
    if i >= labels.size:
        return
    root = i
    while parents[root] != root:
        root = parents[root]
    first = labels[0]
    while root > 0:
        label = labels[root]
        key = (int64(sizes[root]) << 32) + int64(LEAST - root)
        if keepers[label] == key and sizes[root] >= least and label != first:
            break
        root = root - cols if root >= cols else root - 1
        while parents[root] != root:
            root = parents[root]
    out[i] = labels[root]


@kernel
def add_levels(pixels, channels, is_rgb, labels, sums):
    """Add each pixel to its region."""
    rows, cols = labels.shape
    col = cuda.grid(1)
    row = cuda.blockIdx.y
    while row < rows and col < cols:
        label, at = labels[row, col], (row * cols + col) * channels
        cuda.atomic.add(sums, (label, 0), int64(1))
        cuda.atomic.add(sums, (label, 1), int64(row))
        cuda.atomic.add(sums, (label, 2), int64(col))
        value = level(pixels[at + channel_of(0, channels, is_rgb)], pixels.itemsize)
        cuda.atomic.add(sums, (label, 3), int64(value))
        if channels >= 3:
            value = level(pixels[at + 1], pixels.itemsize)
            cuda.atomic.add(sums, (label, 4), int64(value))
            value = level(pixels[at + channel_of(2, channels, is_rgb)], pixels.itemsize)
            cuda.atomic.add(sums, (label, 5), int64(value))
        row += cuda.gridDim.y

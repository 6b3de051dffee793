"""Kernels of SLIC (Achanta 2012, Algorithm 1) on a CUDA device, in both modes.

A thread per pixel assigns, and 32 threads per region sum. In fast mode all arithmetic is in
integers, so labels and sums equal those of the CPU bit for bit.
"""

from numba import cuda, float32, int32, int64

from ...kernels.jit import kernel
from ...kernels.reduce import MAX_THREADS, add_up_block
from ...kernels.regions._cuda_components import root_of
from ...kernels.regions._formulas import FIELDS, channel_of, mean
from ._formulas import (
    claim,
    claimant,
    color_from,
    distance,
    edge,
    level,
    mean_color,
    mean_place,
    middle,
    place_from,
    place_of,
    squared_diff,
)

GROUP = 32  # threads that sum one region, a column each
PREVIOUS, STARTING, DONE, ITERATIONS = 0, 1, 2, 3  # entries of the state of a segmentation
STATE = 4


@kernel
def fill_planes(pixels, channels, is_rgb, white, planes):
    """Fill `planes`, (3, H, W), with the channels divided by white."""
    _, rows, cols = planes.shape
    col = cuda.grid(1)
    row = cuda.blockIdx.y
    while row < rows and col < cols:
        for plane in range(3):
            channel = channel_of(plane, channels, is_rgb)
            value = float32(0)
            if channel >= 0:
                value = float32(pixels[(row * cols + col) * channels + channel]) / white
            planes[plane, row, col] = value
        row += cuda.gridDim.y


@kernel
def place(planes, size, centers):
    """Write vl_slic's first centres: a grid, each centre at the lowest gradient of 3 x 3 pixels."""
    _, rows, cols = planes.shape
    _, down, across = centers.shape
    i = cuda.grid(1)
    if i >= down * across:
        return
    v, u = i // across, i % across
    row, col = middle(v, size, rows), middle(u, size, cols)
    best, best_row, best_col = float32(1e38), row, col
    for r in range(max(0, row - 1), min(rows - 1, row + 1) + 1):
        for c in range(max(0, col - 1), min(cols - 1, col + 1) + 1):
            strength = float32(0)
            if 0 < r < rows - 1 and 0 < c < cols - 1:
                for k in range(3):
                    left, right = planes[k, r, c - 1], planes[k, r, c + 1]
                    above, below = planes[k, r - 1, c], planes[k, r + 1, c]
                    strength += edge(left, right, above, below)
            if strength < best:
                best, best_row, best_col = strength, r, c
    centers[0, v, u], centers[1, v, u] = best_row, best_col
    for k in range(3):
        centers[2 + k, v, u] = planes[k, best_row, best_col]


@kernel
def assign(planes, centers, size, factor, labels, partial, state):
    """Label each pixel with the nearest of four centres (Eq. 3); write the sum of each block."""
    energies = cuda.shared.array((1, MAX_THREADS), float32)
    _, rows, cols = planes.shape
    _, down, across = centers.shape
    col, thread = cuda.grid(1), cuda.threadIdx.x
    right = (col + size // 2) // size
    total = float32(0)
    row = cuda.blockIdx.y
    while state[DONE] == 0 and row < rows and col < cols:
        z0, z1, z2 = planes[0, row, col], planes[1, row, col], planes[2, row, col]
        below = (row + size // 2) // size
        best, label = float32(1e38), int32(0)
        for v in range(max(0, below - 1), min(down - 1, below) + 1):
            for u in range(max(0, right - 1), min(across - 1, right) + 1):
                drow, dcol = float32(row) - centers[0, v, u], float32(col) - centers[1, v, u]
                diff0, diff1 = z0 - centers[2, v, u], z1 - centers[3, v, u]
                diff2 = z2 - centers[4, v, u]
                dist = distance(diff0, diff1, diff2, dcol, drow * drow, factor)
                if dist < best:
                    best, label = dist, int32(v * across + u)
        labels[row, col] = label
        total += best
        row += cuda.gridDim.y
    energies[0, thread] = total
    add_up_block(energies)
    if thread == 0 and state[DONE] == 0:
        partial[cuda.blockIdx.y * cuda.gridDim.x + cuda.blockIdx.x] = energies[0, 0]


@kernel
def decide(partial, state):
    """Add the sums of the blocks to the residual error E; end the iterations where vl_slic does."""
    energies = cuda.shared.array((1, MAX_THREADS), float32)
    thread = cuda.threadIdx.x
    total = float32(0)
    i = thread
    while i < partial.size:
        total += partial[i]
        i += cuda.blockDim.x
    energies[0, thread] = total
    add_up_block(energies)
    if thread == 0 and state[DONE] == 0:
        energy = energies[0, 0]
        if state[ITERATIONS] == 0:
            state[STARTING] = energy
        elif state[PREVIOUS] - energy < float32(1e-5) * (state[STARTING] - energy):
            state[DONE] = 1
        state[PREVIOUS] = energy
        state[ITERATIONS] += float32(1)


@kernel
def move(planes, labels, size, centers, state):
    """Move each centre to the mean of its pixels, which lie in a window of 2 x 2 tiles.

    A block has one region, and its threads sum columns.
    """
    sums = cuda.shared.array((FIELDS, GROUP), float32)
    _, rows, cols = planes.shape
    across = centers.shape[2]
    region, thread = cuda.blockIdx.x, cuda.threadIdx.x
    v, u = region // across, region % across
    first_row, first_col = v * size - size // 2, u * size - size // 2
    mass = row_sum = col_sum = sum0 = sum1 = sum2 = float32(0)
    col = max(0, first_col) + thread
    while state[DONE] == 0 and col < min(cols, first_col + 2 * size):
        for row in range(max(0, first_row), min(rows, first_row + 2 * size)):
            if labels[row, col] == region:
                mass += float32(1)
                row_sum += float32(row)
                col_sum += float32(col)
                sum0 += planes[0, row, col]
                sum1 += planes[1, row, col]
                sum2 += planes[2, row, col]
        col += GROUP
    sums[0, thread], sums[1, thread], sums[2, thread] = mass, row_sum, col_sum
    sums[3, thread], sums[4, thread], sums[5, thread] = sum0, sum1, sum2
    add_up_block(sums)
    if thread < FIELDS - 1 and state[DONE] == 0:
        centers[thread, v, u] = sums[thread + 1, 0] / max(sums[0, 0], float32(1e-8))


@kernel
def raise_claims(sums, size, by_grid, across, claims):
    """Write to the claim of each tile the largest region that starts there."""
    label = cuda.grid(1)
    if label < sums.shape[0] and sums[label, 0] > 0:
        area, tile = sums[label, 0], int64(label)
        if not by_grid:
            row, col = sums[label, 1] // area, sums[label, 2] // area
            tile = row // size * across + col // size
        cuda.atomic.max(claims, tile, claim(area, label))


@kernel
def settle_claims(sums, white, claims, centers):
    """Overwrite the centres of the tiles that are claimed."""
    tile, across = cuda.grid(1), centers.shape[2]
    if tile < claims.size and claims[tile] > 0:
        label = claimant(claims[tile])
        for k in range(5):
            value = mean(sums[label, 1 + k], sums[label, 0])
            centers[k, tile // across, tile % across] = value if k < 2 else value / white


@kernel
def place_fast(pixels, channels, is_rgb, size, scale, rows, cols, centers):
    """Write the first centres: a grid, each centre at the lowest gradient of 3 x 3 pixels."""
    _, down, across = centers.shape
    i = cuda.grid(1)
    if i >= down * across:
        return
    v, u = i // across, i % across
    row, col = middle(v, size, rows), middle(u, size, cols)
    lowest, at_row, at_col = int32((1 << 31) - 1), row, col
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
            if strength < lowest:
                lowest, at_row, at_col = strength, r, c
    centers[0, v, u] = place_of(at_row - (v * size - size // 2), scale)
    centers[1, v, u] = place_of(at_col - (u * size - size // 2), scale)
    for plane in range(3):
        channel = channel_of(plane, channels, is_rgb)
        value = int32(0)
        if channel >= 0:
            value = level(pixels[(at_row * cols + at_col) * channels + channel], pixels.itemsize)
        centers[2 + plane, v, u] = 8 * value


@kernel
def convert_fast(given, size, scale, centers):
    """Write centres in pixels and fractions of white in the units of fast mode."""
    _, down, across = centers.shape
    i = cuda.grid(1)
    if i < down * across:
        v, u = i // across, i % across
        centers[0, v, u] = place_from(given[0, v, u], v * size - size // 2, size, scale)
        centers[1, v, u] = place_from(given[1, v, u], u * size - size // 2, size, scale)
        for k in range(2, 5):
            centers[k, v, u] = color_from(given[k, v, u])


@kernel
def assign_fast(pixels, channels, is_rgb, size, scale, centers, step, phase, labels):
    """Label each pixel of every `step`-th row with the nearest of four centres (Eq. 3)."""
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
                dist = squared_diff(8 * l0, centers[2, v, u]) + squared_diff(
                    8 * l1, centers[3, v, u]
                )
                dist += squared_diff(8 * l2, centers[4, v, u])
                dist += squared_diff(drow if v == below else drow + full, centers[0, v, u])
                dist += squared_diff(dcol if u == right else dcol + full, centers[1, v, u])
                if dist < best:
                    best, label = dist, int32(v * across + u)
        labels[row, col] = label
        row += step * cuda.gridDim.y


@kernel
def move_fast(pixels, channels, is_rgb, size, scale, labels, step, phase, centers):
    """Move each centre to the mean of its pixels, which lie in a window of 2 x 2 tiles.

    A block has one region, and its threads sum columns.
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
    add_up_block(sums)
    count = sums[0, 0]
    if thread < FIELDS - 1 and count > 0:
        total = sums[thread + 1, 0]
        if thread < 2:
            centers[thread, v, u] = mean_place(total, count, scale)
        else:
            centers[thread, v, u] = mean_color(total, count)


@kernel
def find_keepers(labels, parents, sizes, keepers):
    """Write to `keepers` the largest component of each label; the first of equal ones wins."""
    i = cuda.grid(1)
    if i < labels.size and parents[i] == i:
        cuda.atomic.max(keepers, labels[i], claim(sizes[i], i))


@kernel
def merge_others(labels, cols, parents, sizes, keepers, min_size, split, out):
    """Give each pixel the label of the next component above or to the left that stays.

    With `split` other components of `min_size` pixels stay with new labels, after those of tiles.
    """
    i = cuda.grid(1)
    if i >= labels.size:
        return
    root = root_of(parents, i)
    first = labels[0]
    while root > 0:
        label = labels[root]
        key = claim(sizes[root], root)
        if keepers[label] == key and sizes[root] >= min_size and label != first:
            break
        if split and sizes[root] >= min_size:
            out[i] = len(keepers) + root
            return
        root = root_of(parents, root - cols if root >= cols else root - 1)
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


@kernel
def merge_small(labels, cols, parents, sizes, min_size):
    """Merge components below `min_size` pixels as vl_slic does (post-processing, Section 3.3).

    Each thread follows the chain of small components from its pixel.
    """
    i = cuda.grid(1)
    if i >= labels.size:
        return
    root = root_of(parents, i)
    while sizes[root] < min_size and root > 0:
        # Above the first pixel, else below if earlier, else left.
        target = root - cols
        if target < 0:
            target = root_of(parents, root + cols) if root + cols < labels.size else root
            if target >= root:
                target = root - 1
        root = root_of(parents, target)
    labels[i] = labels[root]

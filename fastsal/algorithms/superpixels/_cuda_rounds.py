"""vl_slic's rounds on a CUDA device: a thread per pixel assigns, 32 threads per region sum."""

from numba import cuda, float32, int32

from ...kernels.jit import kernel
from ._formulas import channel_of, distance, edge, middle

MAX_THREADS = 1024
GROUP = 32  # threads that share one region's sums, a column each
FIELDS = 6  # of those sums: pixels, rows, columns and three channels
PREVIOUS, STARTING, DONE, ROUNDS = 0, 1, 2, 3  # entries of the state of a segmentation
STATE = 4


@kernel
def fill_planes(pixels, channels, is_rgb, white, planes):
    """Fill `planes`, (3, H, W), with the channels divided by white, and start the state anew."""
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
def start(state):
    i = cuda.grid(1)
    if i < state.size:
        state[i] = 0


@kernel
def place(planes, size, centers):
    """Write vl_slic's first centres: the grid, each moved to the flattest pixel near it."""
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
    """Label each pixel with the nearest of four regions; leave each block's sum of distances."""
    energies = cuda.shared.array(MAX_THREADS, float32)
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
                gap0, gap1 = z0 - centers[2, v, u], z1 - centers[3, v, u]
                gap2 = z2 - centers[4, v, u]
                away = distance(gap0, gap1, gap2, dcol, drow * drow, factor)
                if away < best:
                    best, label = away, int32(v * across + u)
        labels[row, col] = label
        total += best
        row += cuda.gridDim.y
    energies[thread] = total
    step = cuda.blockDim.x // 2
    while step > 0:
        cuda.syncthreads()
        if thread < step:
            energies[thread] += energies[thread + step]
        step //= 2
    if thread == 0 and state[DONE] == 0:
        partial[cuda.blockIdx.y * cuda.gridDim.x + cuda.blockIdx.x] = energies[0]


@kernel
def decide(partial, state):
    """Add the blocks' energies, and end the rounds where vl_slic does."""
    energies = cuda.shared.array(MAX_THREADS, float32)
    thread = cuda.threadIdx.x
    total = float32(0)
    i = thread
    while i < partial.size:
        total += partial[i]
        i += cuda.blockDim.x
    energies[thread] = total
    step = cuda.blockDim.x // 2
    while step > 0:
        cuda.syncthreads()
        if thread < step:
            energies[thread] += energies[thread + step]
        step //= 2
    if thread == 0 and state[DONE] == 0:
        energy = energies[0]
        if state[ROUNDS] == 0:
            state[STARTING] = energy
        elif state[PREVIOUS] - energy < float32(1e-5) * (state[STARTING] - energy):
            state[DONE] = 1
        state[PREVIOUS] = energy
        state[ROUNDS] += float32(1)


@kernel
def move(planes, labels, size, centers, state):
    """Move each region's centre to the mean of its pixels, which lie in its window of 2 x 2 tiles.

    A block per region: each thread sums columns, then the threads' sums are added in pairs.
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
    step = GROUP // 2
    while step > 0:
        cuda.syncthreads()
        if thread < step:
            for field in range(FIELDS):
                sums[field, thread] += sums[field, thread + step]
        step //= 2
    cuda.syncthreads()
    if thread < FIELDS - 1 and state[DONE] == 0:
        centers[thread, v, u] = sums[thread + 1, 0] / max(sums[0, 0], float32(1e-8))

"""From labels to sums per region on a CUDA device; all sums are integers, whatever their order."""

from numba import cuda, int32, int64

from ...kernels.color._formulas import lab_of_srgb
from ...kernels.jit import kernel
from ._formulas import channel_of, claim, claimant, mean, units

ROWS = 16  # pixels below each other that one thread adds before it looks at memory
NEVER = int32((1 << 31) - 1)


@kernel
def fill(values, value):
    i = cuda.grid(1)
    if i < values.size:
        values[i] = value


@kernel
def add_regions(pixels, channels, is_rgb, labels, sums):
    """Add each pixel to its region; threads take strips of a column, run by run."""
    rows, cols = labels.shape
    col, first = cuda.grid(1), cuda.blockIdx.y * ROWS
    while first < rows and col < cols:
        last = min(rows, first + ROWS)
        row = first
        while row < last:
            label = labels[row, col]
            count = row_sum = sum0 = sum1 = sum2 = int64(0)
            while row < last and labels[row, col] == label:
                at = (row * cols + col) * channels
                count += 1
                row_sum += row
                sum0 += units(pixels[at + channel_of(0, channels, is_rgb)], pixels.itemsize)
                if channels >= 3:
                    sum1 += units(pixels[at + 1], pixels.itemsize)
                    sum2 += units(pixels[at + channel_of(2, channels, is_rgb)], pixels.itemsize)
                row += 1
            cuda.atomic.add(sums, (label, 0), count)
            cuda.atomic.add(sums, (label, 1), row_sum)
            cuda.atomic.add(sums, (label, 2), count * col)
            cuda.atomic.add(sums, (label, 3), sum0)
            if channels >= 3:
                cuda.atomic.add(sums, (label, 4), sum1)
                cuda.atomic.add(sums, (label, 5), sum2)
        first += cuda.gridDim.y * ROWS


@kernel
def raise_claims(sums, size, by_grid, across, claims):
    """Leave in each tile's claim the region that starts there."""
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
def fill_means(sums, channels, white, position, color):
    i = cuda.grid(1)
    if i >= sums.shape[0]:
        return
    area = max(sums[i, 0], int64(1))
    position[i, 0], position[i, 1] = mean(sums[i, 1], area), mean(sums[i, 2], area)
    red = mean(sums[i, 3], area) / white
    green = mean(sums[i, 4], area) / white if channels >= 3 else red
    blue = mean(sums[i, 5], area) / white if channels >= 3 else red
    color[i, 0], color[i, 1], color[i, 2] = lab_of_srgb(red, green, blue)


@kernel
def start_boxes(rows, cols, boxes):
    i = cuda.grid(1)
    if i < boxes.shape[0]:
        boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = rows, cols, 0, 0


@kernel
def stretch_boxes(labels, boxes):
    rows, cols = labels.shape
    col = cuda.grid(1)
    row = cuda.blockIdx.y
    while row < rows and col < cols:
        label = labels[row, col]
        # Most pixels change nothing, and reading is cheaper than an atomic.
        if row < boxes[label, 0]:
            cuda.atomic.min(boxes, (label, 0), int32(row))
        if col < boxes[label, 1]:
            cuda.atomic.min(boxes, (label, 1), int32(col))
        if row >= boxes[label, 2]:
            cuda.atomic.max(boxes, (label, 2), int32(row + 1))
        if col >= boxes[label, 3]:
            cuda.atomic.max(boxes, (label, 3), int32(col + 1))
        row += cuda.gridDim.y


@kernel
def find_first_pixels(labels, firsts):
    i = cuda.grid(1)
    if i < labels.size and i < firsts[labels[i]]:
        cuda.atomic.min(firsts, labels[i], int32(i))


@kernel
def count_first_pixels(labels, cols, firsts, counts):
    """Count the first pixels in each row, a thread per row."""
    row = cuda.grid(1)
    if row < counts.size:
        count = int32(0)
        for i in range(row * cols, (row + 1) * cols):
            count += int32(firsts[labels[i]] == i)
        counts[row] = count


@kernel
def add_up(counts):
    """Turn counts into the sums of those before; one thread, since there are few."""
    if cuda.grid(1) == 0:
        before = int32(0)
        for row in range(counts.size):
            here = counts[row]
            counts[row] = before
            before += here


@kernel
def name_labels(labels, cols, firsts, counts, names):
    row = cuda.grid(1)
    if row < counts.size:
        name = counts[row]
        for i in range(row * cols, (row + 1) * cols):
            if firsts[labels[i]] == i:
                names[labels[i]] = name
                name += int32(1)


@kernel
def rename(labels, names):
    i = cuda.grid(1)
    if i < labels.size:
        labels[i] = names[labels[i]]


@kernel
def find_range(labels, ends):
    """Lower the first of `ends` to the least label, and raise the second to the greatest."""
    i = cuda.grid(1)
    low, high = NEVER, int32(-NEVER)
    while i < labels.size:
        low, high = min(low, labels[i]), max(high, labels[i])
        i += cuda.gridsize(1)
    cuda.atomic.min(ends, 0, low)
    cuda.atomic.max(ends, 1, high)

"""Mean colours of cells on a CUDA device: a block per cell; large ones keep its threads busy."""

from numba import cuda, float32

from .. import launch
from ..jit import kernel
from ..reduce import MAX_THREADS, add_up_block
from ._formulas import ROWS_READ, edge, row_read, white_of


def fill_means(pixels, channels, is_rgb, width, means):
    """Fill `means`, (N, planes, rows, cols), with red, green and blue in [0, 1], or with grey.

    `pixels` are (N, H * width * channels), uint8, uint16 or float32 in [0, 1].
    """
    frames, _, rows, cols = means.shape
    height = pixels.shape[1] // (width * channels)
    source = pixels.reshape(frames, height, width * channels)
    pixels_of_cell = min(ROWS_READ, -(-height // rows)) * -(-width // cols)
    threads = 1
    while threads < min(launch.THREADS // 4, pixels_of_cell):
        threads *= 2
    blocks = cols, launch.capped(rows), frames
    _fill_means[blocks, threads](source, channels, is_rgb, means)


@kernel
def _fill_means(pixels, channels, is_rgb, means):
    sums = cuda.shared.array((3, MAX_THREADS), float32)
    planes, rows, cols = means.shape[1:]
    height, width = pixels.shape[1], pixels.shape[2] // channels
    white = float32(white_of(pixels.itemsize))
    me, threads, col = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    left, right = edge(col, cols, width), edge(col + 1, cols, width)
    wide = right - left
    frame = cuda.blockIdx.z
    # Floats are summed less the first pixel: one colour then gives one mean exactly.
    base = base_two = base_three = float32(0)
    if pixels.itemsize > 1:
        base = float32(pixels[frame, 0, 0])
        if planes > 1:
            base_two, base_three = float32(pixels[frame, 0, 1]), float32(pixels[frame, 0, 2])
    row = cuda.blockIdx.y
    while row < rows:
        first, last = edge(row, rows, height), edge(row + 1, rows, height)
        taken = min(last - first, ROWS_READ)
        one, two, three = float32(0), float32(0), float32(0)
        i = me
        while i < taken * wide:
            at = channels * (left + i % wide)
            source = row_read(i // wide, taken, first, last)
            one += float32(pixels[frame, source, at]) - base
            if planes > 1:
                two += float32(pixels[frame, source, at + 1]) - base_two
                three += float32(pixels[frame, source, at + 2]) - base_three
            i += threads
        sums[0, me], sums[1, me], sums[2, me] = one, two, three
        add_up_block(sums)
        if me == 0:
            total = float32(taken * wide) * white
            one = base / white + sums[0, 0] / total
            two = base_two / white + sums[1, 0] / total
            three = base_three / white + sums[2, 0] / total
            if planes == 1:
                means[frame, 0, row, col] = one
            else:
                red, blue = (one, three) if is_rgb else (three, one)
                means[frame, 0, row, col] = red
                means[frame, 1, row, col] = two
                means[frame, 2, row, col] = blue
        cuda.syncthreads()
        row += cuda.gridDim.y

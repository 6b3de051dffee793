"""The octaves' contrasts merged into one map on a CUDA device."""

from numba import cuda, float32

from ...kernels.borders import clamp
from ...kernels.jit import kernel
from ...kernels.postprocess._formulas import lerp
from ._formulas import cubic_place, cubic_weights, fade, place_in_next


@kernel
def add_next(following, octave):
    """Add the next octave, interpolated, to an octave."""
    rows, cols = octave.shape[1:]
    next_rows, next_cols = following.shape[1:]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if col >= cols:
        return
    left, fraction = place_in_next(col, cols, next_cols)
    right = clamp(left + 1, next_cols)
    row = cuda.blockIdx.y
    while row < rows:
        top, part = place_in_next(row, rows, next_rows)
        bottom = clamp(top + 1, next_rows)
        upper = lerp(following[frame, top, left], following[frame, top, right], fraction)
        lower = lerp(following[frame, bottom, left], following[frame, bottom, right], fraction)
        octave[frame, row, col] += lerp(upper, lower, part)
        row += cuda.gridDim.y


@kernel
def add_cubic(octave, maps):
    """Add an octave, up-sampled, to the maps."""
    height, width = maps.shape[1:]
    rows, cols = octave.shape[1:]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if col >= width:
        return
    place, fraction = cubic_place(col, cols, width)
    w0, w1, w2, w3 = cubic_weights(fraction)
    c0, c1 = clamp(place - 1, cols), clamp(place, cols)
    c2, c3 = clamp(place + 1, cols), clamp(place + 2, cols)
    row = cuda.blockIdx.y
    while row < height:
        first, part = cubic_place(row, rows, height)
        weights = cubic_weights(part)
        total = float32(0)
        for step in range(4):
            at = clamp(first - 1 + step, rows)
            across = w0 * octave[frame, at, c0] + w1 * octave[frame, at, c1]
            across += w2 * octave[frame, at, c2] + w3 * octave[frame, at, c3]
            total += weights[step] * across
        maps[frame, row, col] += total
        row += cuda.gridDim.y


@kernel
def fade_out(maps, reach):
    """Let the maps fade towards their borders."""
    rows, cols = maps.shape[1:]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if col >= cols:
        return
    across = fade(col, cols, reach)
    row = cuda.blockIdx.y
    while row < rows:
        maps[frame, row, col] *= fade(row, rows, reach) * across
        row += cuda.gridDim.y

"""N by iteration: the places of a map compete, a block per map."""

from numba import cuda, float32, int32

from ...kernels.jit import device, kernel
from ...kernels.postprocess._cuda import blurred
from ._cuda_features import flat_of, gather, mean_of, range_of, widest_of
from ._formulas import ROUNDS, after_round, faintness, modality

MAX_THREADS = 1024
MOST_WAVES = 8  # in either direction: 25 % of the longer side lets pass seven
MOST_PAIRS = MOST_WAVES**2


@kernel
def reduce_signs(sizes, tasks, offsets, flats, gaps, spans, signs):
    """Fill with either sign of every feature, stretched, at the scale of the map."""
    frames, _, rows, cols = signs.shape
    i = int32(cuda.grid(1))
    if i >= rows * cols:
        return
    row = i // int32(cols)
    col = i - row * int32(cols)
    task, sign = cuda.blockIdx.y // 2, cuda.blockIdx.y % 2
    center, has_signs = tasks[task, 1], tasks[task, 3]
    factor = float32(-1) if sign else float32(1)
    frame = cuda.blockIdx.z
    while frame < frames:
        low, _, high = range_of(spans, frame, task, has_signs, sign)
        value = float32(0)
        if high - low > flat_of(flats, tasks[task, 0]) and (has_signs or sign == 0):
            mean = mean_of(
                gaps[frame], offsets[task], sizes[center, 0], sizes[center, 1],
                row, col, int32(4) >> center, factor, low,
            )  # fmt: skip
            value = mean / (high - low)
        signs[frame, 2 * task + sign, row, col] = value
        frame += cuda.gridDim.z


@kernel
def compete(sigma, across, down, tasks, signs, spare, sums):
    """Put every sign of every feature through the rounds."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    pairs = cuda.shared.array(MOST_PAIRS, float32)
    half = cuda.blockIdx.x
    if half % 2 and not tasks[half // 2, 3]:
        return
    frame = cuda.blockIdx.z
    while frame < signs.shape[0]:
        values = signs[frame, half]
        contest(values, sigma, across, down, spare[frame, half], sums[frame, half],
                pairs, lows, highs)  # fmt: skip
        frame += cuda.gridDim.z


@device
def contest(values, sigma, across, down, spare, sums, pairs, lows, highs):
    """Put a map, whose values count from 0 up, through the rounds."""
    rows, cols = values.shape
    me, threads = int32(cuda.threadIdx.x), cuda.blockDim.x
    size, waves = int32(rows * cols), int32(across.shape[0])
    for _ in range(ROUNDS):
        cuda.syncthreads()
        most = float32(0)
        i = me
        while i < size:
            row, col = i // cols, i % cols
            spare[row, col] = blurred(values[row], col, sigma)
            most = max(most, values[row, col])
            i += threads
        i = me
        while i < rows * waves:
            sums[i // waves, i % waves] = _product(values, i // waves, across, i % waves)
            i += threads
        lows[me] = most
        highs[me] = most
        _, top = gather(lows, highs)
        i = me
        while i < down.shape[0] * waves:
            pairs[i] = _wave_of(sums, down, i // waves, i % waves)
            i += threads
        cuda.syncthreads()
        i = me
        while i < rows * waves:
            sums[i // waves, i % waves] = _height_of(pairs, down, i // waves, i % waves, waves)
            i += threads
        cuda.syncthreads()
        i = me
        while i < size:
            row, col = i // cols, i % cols
            far = float32(0)
            for wave in range(waves):
                far += sums[row, wave] * across[wave, col]
            near = blurred(spare[:, col], row, sigma)
            values[row, col] = after_round(values[row, col], near, far, top)
            i += threads
    cuda.syncthreads()


@device
def _product(values, row, across, wave):
    """Return how much of a wave there is in a row."""
    total = float32(0)
    for col in range(values.shape[1]):
        total += values[row, col] * across[wave, col]
    return total


@device
def _wave_of(sums, down, other, wave):
    """Return how much of a wave down there is in the rows' shares of one across."""
    total = float32(0)
    for row in range(sums.shape[0]):
        total += down[other, row] * sums[row, wave]
    return total


@device
def _height_of(pairs, down, row, wave, waves):
    """Return how high a wave across is in a row."""
    total = float32(0)
    for other in range(down.shape[0]):
        total += down[other, row] * pairs[other * waves + wave]
    return total


@kernel
def sum_signs(tasks, flats, shares, spans, signs, summed):
    """Fill with the sums of a plane's features after the competition."""
    plane = cuda.blockIdx.y
    frames, _, rows, cols = summed.shape
    i = int32(cuda.grid(1))
    if i >= rows * cols:
        return
    row = i // int32(cols)
    col = i - row * int32(cols)
    frame = cuda.blockIdx.z
    while frame < frames:
        widest = widest_of(tasks, flats, spans, frame, modality(plane))
        total = float32(0)
        for task in range(len(tasks)):
            if tasks[task, 0] == plane:
                has_signs = tasks[task, 3]
                low, _, high = range_of(spans, frame, task, has_signs, 0)
                value = signs[frame, 2 * task, row, col]
                if has_signs:
                    value += signs[frame, 2 * task + 1, row, col]
                total += value * faintness(high - low, widest, False) if shares else value
        summed[frame, plane, row, col] = total
        frame += cuda.gridDim.z

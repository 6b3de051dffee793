"""The sorting networks of medians, for both backends."""

import numpy as np


def _pairs(count):
    """Return Batcher's odd-even merge sort of `count` values, reduced to the steps for the median.

    Each row names two places; the smaller of their values goes to the first (Knuth, TAOCP 3,
    section 5.2.2, algorithm M).
    """
    pairs, size = [], 1
    while size < count:
        size *= 2
    step = size // 2
    while step > 0:
        limit, offset, distance = size // 2, 0, step
        while True:
            pairs += [(i, i + distance) for i in range(size - distance) if i & step == offset]
            if limit == step:
                break
            distance, limit, offset = limit - step, limit // 2, step
        step //= 2
    needed, kept = {count // 2}, []
    for first, second in reversed([pair for pair in pairs if pair[1] < count]):
        if first in needed or second in needed:
            needed |= {first, second}
            kept.append((first, second))
    return np.array(kept[::-1], np.int32)


PAIRS_OF_9, PAIRS_OF_25 = _pairs(9), _pairs(25)

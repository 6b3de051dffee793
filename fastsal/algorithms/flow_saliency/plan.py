"""Sizes of the searched picture, of its levels, and of the cells with one flow each."""

from __future__ import annotations

LONGEST_SIDE = 1 << 20  # of frames: sums down a longer column would overflow
LONGER_SIDE = 320  # of the working picture; twice that costs four times the time and finds no more
SHORTEST_SIDE = 12  # of the coarsest level: a smaller one shows no further motion
CELL = 4  # pixels of the working picture per flow vector
PATCH = 8  # pixels that are searched for each of them: the cell and a margin on every side
AREA = PATCH * PATCH
MARGIN = (PATCH - CELL) // 2


MAX_CELLS = LONGER_SIDE // CELL  # along a side


def level_shapes(height: int, width: int) -> list[tuple[int, int]]:
    """Return the shapes of the levels for frames of that size, the finest first."""
    fraction = min(1.0, LONGER_SIDE / max(height, width))
    shapes = [(max(1, round(height * fraction)), max(1, round(width * fraction)))]
    while min(half := tuple((side + 1) // 2 for side in shapes[-1])) >= SHORTEST_SIDE:
        shapes.append((half[0], half[1]))
    return shapes


def cells_of(shape: tuple[int, int]) -> tuple[int, int]:
    """Return how many cells a level of that shape has, down and across."""
    return -(-shape[0] // CELL), -(-shape[1] // CELL)

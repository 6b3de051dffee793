"""Morphological reconstruction straight from its definition: dilate, cut, until nothing changes."""

import numpy as np


def reconstruct(seed, mask):
    """Return the reconstruction by dilation of `mask` from `seed`, with 8 neighbours."""
    seed = np.minimum(seed, mask)
    while True:
        across = seed.copy()
        across[:, 1:] = np.maximum(across[:, 1:], seed[:, :-1])
        across[:, :-1] = np.maximum(across[:, :-1], seed[:, 1:])
        grown = across.copy()
        grown[1:] = np.maximum(grown[1:], across[:-1])
        grown[:-1] = np.maximum(grown[:-1], across[1:])
        grown = np.minimum(grown, mask)
        if (grown == seed).all():
            return seed
        seed = grown

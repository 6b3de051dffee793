"""Sums over the channels of attributions, and their stretch to [0, 1], for heat maps."""

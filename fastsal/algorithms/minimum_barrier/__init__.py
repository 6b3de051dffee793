"""Minimum barrier saliency."""

from .api import minimum_barrier as minimum_barrier

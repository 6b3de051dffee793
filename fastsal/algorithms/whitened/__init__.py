"""Whitened differences of Gaussians."""

from .api import whitened as whitened

"""Spectral residual saliency."""

from .api import residual_map as residual_map
from .api import spectral_residual as spectral_residual

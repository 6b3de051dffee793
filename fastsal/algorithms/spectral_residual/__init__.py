"""Spectral residual saliency."""

from .api import spectral_residual as spectral_residual

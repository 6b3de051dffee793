"""From small maps to the final ones: blur, centre bias, normalisation, up-sampling."""

from .options import checked as checked

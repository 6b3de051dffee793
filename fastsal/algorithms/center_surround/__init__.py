"""Centre-surround saliency, by two pyramids."""

from .api import center_surround as center_surround

"""Centre-surround saliency, by twin pyramids."""

from .api import center_surround as center_surround

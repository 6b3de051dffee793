"""Image signature saliency."""

from .api import image_signature as image_signature

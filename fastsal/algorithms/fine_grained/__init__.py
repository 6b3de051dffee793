"""Fine-grained saliency."""

from .api import fine_grained as fine_grained

"""Superpixel contrast: rare colours that lie close together, in one frame or against the last."""

from .api import superpixel_change as superpixel_change
from .api import superpixel_contrast as superpixel_contrast
from .streams import SuperpixelChange as SuperpixelChange
from .streams import SuperpixelContrast as SuperpixelContrast
from .streams import SuperpixelMotion as SuperpixelMotion

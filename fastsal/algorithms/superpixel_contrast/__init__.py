"""Superpixel contrast: rare colours that lie close together, in one frame or against the last."""

from .api import superpixel_change as superpixel_change
from .api import superpixel_contrast as superpixel_contrast
from .change_stream import SuperpixelChange as SuperpixelChange
from .contrast_stream import SuperpixelContrast as SuperpixelContrast
from .motion_stream import SuperpixelMotion as SuperpixelMotion

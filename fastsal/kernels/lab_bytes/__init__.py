"""Mean colours to bytes, and bytes to OpenCV's 8-bit CIELab. Integers only after the rounding."""

"""OpenCV's 8-bit CIELab, by integers only."""

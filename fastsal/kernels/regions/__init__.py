"""Regions of a label map: sums, means, boxes, numbers and connected components."""

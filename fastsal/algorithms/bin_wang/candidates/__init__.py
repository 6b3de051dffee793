"""Which pixels that keep a new level may have it as a template: the part in raster order.

OpenCV asks whether the level is near to any template of the pixel's 3 x 3 neighbourhood, and its
scan has by then replaced the last template of earlier neighbours. All votes but those are counted
in parallel; what is left for the scan are eight bits per pixel, see `is_settled`.
"""

"""Boxes as a map: how much of what was proposed covers each pixel.

Weights are integers, so that boxes may be added in any order, by any number of threads.
"""

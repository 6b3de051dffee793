"""Kernels of the metrics, for CPU threads.

Sums are taken over blocks of a fixed size and added in the order of the blocks. So the number of
threads cannot change a bit.
"""

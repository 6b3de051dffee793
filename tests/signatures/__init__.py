"""Argument types of every CUDA kernel, for every form of input of the public functions.

One module per package has ``KERNELS``: each kernel's name within the package, and its signatures.
``DOUBLES`` names the kernels that have a reason to compute in float64.
"""

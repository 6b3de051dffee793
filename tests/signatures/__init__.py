"""What is passed to every CUDA kernel, for every form of input the public functions take.

One module per room, with ``KERNELS``: each kernel's name within the room, and its signatures; and,
if some of them have a reason to compute in float64, ``DOUBLES``: their names.
"""

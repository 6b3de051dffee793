"""A faster scheduler for Numba's CUDA simulator: one coroutine per CUDA thread.

Numba starts a Python thread per CUDA thread and polls all of them until they wait at a barrier.
Here the threads of a block run one after the other: each to its next barrier or to its end. The
order changes at every barrier, so that a kernel that lacks a barrier fails. Numba's threads mostly
run in ascending order, and hide that. Shared arrays begin with bytes that no kernel means.
"""

import random
import sys
import threading
from types import SimpleNamespace

import numpy as np
from greenlet import getcurrent, greenlet


class CudaThread(greenlet):
    """A thread of a block, with the attributes and methods that the simulator asks for."""

    def __init__(self, manager, block, point, kernel):
        super().__init__(kernel)
        self._manager = manager
        self.blockIdx, self.threadIdx = block, point
        width, height = manager.size[:2]
        self.thread_id = point.x + width * (point.y + height * point.z)

    def syncthreads(self):
        self.parent.switch()

    def syncthreads_count(self, value):
        return np.count_nonzero(self._votes(value))

    def syncthreads_and(self, value):
        return int(np.all(self._votes(value)))

    def syncthreads_or(self, value):
        return int(np.any(self._votes(value)))

    def _votes(self, value):
        """Return the values of all threads, once each has given its own."""
        self._manager.votes[self.thread_id] = value
        self.syncthreads()
        votes = [*self._manager.votes]
        self.syncthreads()
        return votes


class Block:
    """Runs the threads of a block; takes the place of the simulator's ``BlockManager``."""

    def __init__(self, kernel, grid_dim, block_dim, debug):
        self._kernel = kernel
        self.size = (*block_dim, 1, 1)[:3]
        self.votes = [False] * int(np.prod(self.size))

    def run(self, grid_point, *arguments):
        from numba.cuda.simulator.kernelapi import Dim3

        block, kernel = Dim3(*grid_point), self._kernel
        alive = [CudaThread(self, block, Dim3(*point), kernel) for point in np.ndindex(*self.size)]
        turns = random.Random(str(grid_point))
        first = arguments
        while alive:
            turns.shuffle(alive)
            for thread in alive:
                try:
                    thread.switch(*first)
                except Exception as error:
                    place = f"tid={[*thread.threadIdx]} ctaid={[*grid_point]}"
                    raise type(error)(f"{place}: {error}").with_traceback(
                        error.__traceback__
                    ) from None
            first = ()
            alive = [thread for thread in alive if not thread.dead]


def shared_array(self, shape, dtype, alignment=None):
    """Return the block's array of this call in the kernel's source; all its threads get one."""
    from numba.cuda import types
    from numba.np import numpy_support

    caller = sys._getframe(1)
    place = caller.f_code, caller.f_lasti
    if place not in self._allocations:
        kind = numpy_support.as_dtype(dtype) if isinstance(dtype, types.Type) else np.dtype(dtype)
        content = np.full(int(np.prod(shape)) * kind.itemsize, 0xA5, np.uint8)
        self._allocations[place] = content.view(kind).reshape(shape)
    return self._allocations[place]


def install():
    """Let the simulator use this scheduler, and prepare a module for a kernel once per launch."""
    from numba import cuda
    from numba.cuda.simulator import kernel, kernelapi

    kernel.BlockManager = Block
    kernelapi.FakeCUDAShared.array = shared_array
    # The simulator asks `threading` for the CUDA thread that runs.
    kernelapi.threading = SimpleNamespace(current_thread=getcurrent, Lock=threading.Lock)

    real = kernel.FakeCUDAKernel.__call__
    prepared = {}  # the globals of modules, by their number

    def call(self, *arguments):
        context = kernel._kernel_context
        if context is not None:  # from within a kernel
            names = self.fn.__globals__
            if id(names) not in prepared:
                prepared[id(names)] = names, [key for key in names if names[key] is cuda]
                names.update(dict.fromkeys(prepared[id(names)][1], context))
            return self.fn(*arguments)
        try:
            return real(self, *arguments)
        finally:
            for names, replaced in prepared.values():
                names.update(dict.fromkeys(replaced, cuda))
            prepared.clear()

    kernel.FakeCUDAKernel.__call__ = call

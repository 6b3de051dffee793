"""The scheduler that takes the place of the one of Numba's simulator."""

import numpy as np
import pytest

from fastsal import runtime

pytestmark = pytest.mark.cuda
cuda = None  # `numba.cuda` during a test; the simulator replaces it within kernels


@pytest.fixture(autouse=True)
def _simulator(cuda_device, monkeypatch):
    if not runtime.is_simulated():
        pytest.skip("needs the simulator: a real CUDA device has its own scheduler")
    monkeypatch.setitem(globals(), "cuda", cuda_device)


def turn(out, has_barrier):
    shared = cuda.shared.array(32, np.int32)
    me = cuda.threadIdx.x
    shared[me] = me
    if has_barrier:
        cuda.syncthreads()
    out[me] = shared[31 - me]


def test_a_missing_barrier_shows():
    right = list(range(32))[::-1]
    for has_barrier in (True, False):
        out = np.full(32, -1, np.int32)
        cuda.jit(turn)[1, 32](out, has_barrier)
        assert (out.tolist() == right) == has_barrier


def vote(out):
    row, col = cuda.grid(2)
    odd = (row + col) % 2 == 1
    out[row, col, 0] = cuda.syncthreads_count(odd)
    out[row, col, 1] = cuda.syncthreads_or(col == 5)
    out[row, col, 2] = cuda.syncthreads_and(col < 4)


def test_threads_vote_and_know_their_place():
    out = np.full((4, 6, 3), -1, np.int32)
    cuda.jit(vote)[(2, 2), (2, 3)](out)
    assert (out[..., 0] == 3).all()
    assert out[..., 1].tolist() == [[0] * 3 + [1] * 3] * 4
    assert out[..., 2].tolist() == [[1] * 3 + [0] * 3] * 4


def stop_one_by_one(out):
    me = cuda.threadIdx.x
    for step in range(me):
        cuda.syncthreads()
        out[me] = step + 1


def test_threads_that_have_ended_are_not_waited_for():
    out = np.zeros(8, np.int32)
    cuda.jit(stop_one_by_one)[1, 8](out)
    assert out.tolist() == list(range(8))


def checked(value):
    if value == 3:
        raise ValueError(f"no {value} in block {cuda.blockIdx.x}")
    return value


def fill(out, check):
    cuda.syncthreads()
    out[cuda.threadIdx.x] = check(cuda.threadIdx.x)


def test_an_error_names_its_thread_and_leaves_nothing_behind():
    check, kernel, module = cuda.jit(checked, device=True), cuda.jit(fill), cuda
    with pytest.raises(ValueError, match=r"tid=\[3, 0, 0\] ctaid=\[0, 0, 0\]: no 3 in block 0"):
        kernel[1, 8](np.zeros(8, np.int32), check)
    assert cuda is module
    out = np.zeros(3, np.int32)
    kernel[1, 3](out, check)
    assert out.tolist() == [0, 1, 2]

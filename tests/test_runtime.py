import asyncio
import contextvars
import subprocess
import sys
import threading

import numpy as np
import pytest

import fastsal
from fastsal import runtime

REASON = "no CUDA driver or device was found"


@pytest.fixture
def has_cuda(monkeypatch):
    monkeypatch.setattr(runtime, "why_no_cuda", lambda: None)
    monkeypatch.setattr(runtime, "is_simulated", lambda: False)


@pytest.fixture
def no_cuda(monkeypatch):
    monkeypatch.setattr(runtime, "why_no_cuda", lambda: REASON)


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch):
    monkeypatch.delenv("FASTSAL_BACKEND", raising=False)


def test_auto_follows_the_data(has_cuda):
    assert runtime.resolve("auto") == "cpu"
    assert runtime.resolve("auto", on_device=True) == "cuda"


def test_auto_keeps_host_data_on_the_host(has_cuda):
    assert runtime.resolve("auto") == "cpu"
    with fastsal.use_backend("auto"):
        assert runtime.resolve("auto") == "cpu"


def test_use_backend_is_what_auto_means(has_cuda):
    with fastsal.use_backend("cuda"):
        assert runtime.resolve("auto") == "cuda"
        with fastsal.use_backend("cpu"):
            assert runtime.resolve("auto") == "cpu"
            with fastsal.use_backend("auto"):
                assert runtime.resolve("auto", on_device=True) == "cuda"
                assert runtime.resolve("auto") == "cpu"
            assert runtime.resolve("auto") == "cpu"
        assert runtime.resolve("auto") == "cuda"
    assert runtime.resolve("auto") == "cpu"


def test_a_call_that_names_its_backend_is_not_affected(has_cuda):
    with fastsal.use_backend("cuda"):
        assert runtime.resolve("cpu") == "cpu"


def test_use_backend_ends_with_its_block_whatever_happens(has_cuda):
    with pytest.raises(KeyError), fastsal.use_backend("cuda"):
        raise KeyError
    assert runtime.resolve("auto") == "cpu"


def test_environment_variable_is_what_auto_means(has_cuda, monkeypatch):
    monkeypatch.setenv("FASTSAL_BACKEND", "cuda")

    assert runtime.resolve("auto") == "cuda"
    assert runtime.resolve("cpu") == "cpu"
    with fastsal.use_backend("cpu"):
        assert runtime.resolve("auto") == "cpu"
    with fastsal.use_backend("auto"):
        assert runtime.resolve("auto") == "cpu"


def test_environment_variable_that_cannot_be_had_is_refused(no_cuda, monkeypatch):
    monkeypatch.setenv("FASTSAL_BACKEND", "cuda")

    with pytest.raises(fastsal.BackendUnavailableError, match=REASON):
        fastsal.luminance_contrast(np.zeros((2, 3), np.uint8))


@pytest.mark.parametrize("name", ["gpu", "CPU", ""])
def test_environment_variable_with_a_wrong_name_is_refused(name, monkeypatch):
    monkeypatch.setenv("FASTSAL_BACKEND", name)

    with pytest.raises(ValueError, match="`FASTSAL_BACKEND` must be 'auto', 'cpu' or 'cuda'; got"):
        fastsal.luminance_contrast(np.zeros((2, 3), np.uint8))


@pytest.mark.parametrize("name", ["gpu", "CPU", "", None, 3, ["cpu"]])
def test_wrong_names_are_refused(name):
    with pytest.raises(ValueError, match="`backend` must be 'auto', 'cpu' or 'cuda'; got"):
        fastsal.luminance_contrast(np.zeros((2, 3), np.uint8), backend=name)
    with (
        pytest.raises(ValueError, match="`backend` must be 'auto', 'cpu' or 'cuda'; got"),
        fastsal.use_backend(name),
    ):
        pass


def test_cuda_by_name_is_refused_with_the_reason(no_cuda):
    image = np.zeros((2, 3), np.uint8)

    for call in (
        lambda: fastsal.luminance_contrast(image, backend="cuda"),
        lambda: fastsal.frame_difference(image, image, backend="cuda"),
        lambda: fastsal.Stream("lc", backend="cuda").update(image),
        lambda: fastsal.use_backend("cuda").__enter__(),
    ):
        with pytest.raises(
            fastsal.BackendUnavailableError, match=f"'cuda' was requested, but {REASON}"
        ) as error:
            call()
        assert "\n" not in str(error.value)
    assert issubclass(fastsal.BackendUnavailableError, RuntimeError)


def test_device_data_are_never_copied_to_the_host(has_cuda):
    for preferred in ("auto", "cpu"):
        with (
            fastsal.use_backend(preferred),
            pytest.raises(fastsal.BackendUnavailableError, match="data are on a CUDA device"),
        ):
            runtime.resolve("cpu" if preferred == "auto" else "auto", on_device=True)


def test_the_choice_is_that_of_the_thread(has_cuda):
    seen = []
    with fastsal.use_backend("cuda"):
        other = threading.Thread(target=lambda: seen.append(runtime.resolve("auto")))
        other.start()
        other.join()
        inherited = contextvars.copy_context()
    assert seen == ["cpu"]
    assert inherited.run(runtime.resolve, "auto") == "cuda"
    assert runtime.resolve("auto") == "cpu"


def test_the_choice_is_that_of_the_task(has_cuda):
    async def task(name):
        with fastsal.use_backend(name):
            await asyncio.sleep(0)
            return runtime.resolve("auto")

    async def both():
        return await asyncio.gather(task("cuda"), task("cpu"))

    assert asyncio.run(both()) == ["cuda", "cpu"]


def test_threads_may_choose_differently_at_once(has_cuda):
    barrier, seen = threading.Barrier(8, timeout=30), {}

    def work(i):
        name = ("cpu", "cuda")[i % 2]
        with fastsal.use_backend(name):
            barrier.wait()
            seen[i] = runtime.resolve("auto") == name

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen == dict.fromkeys(range(8), True)


def test_backends_say_what_and_why_not(no_cuda):
    found = fastsal.backends()

    assert list(found) == ["cpu", "cuda"]
    assert found["cpu"].available
    assert "thread" in found["cpu"].detail
    assert found["cuda"] == (False, REASON)


def test_the_real_reason_is_one_line():
    reason = runtime.why_no_cuda()

    assert reason is None or ("\n" not in reason and reason)
    assert fastsal.backends()["cuda"].available == (reason is None)


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ("cuda.is_available = lambda: False", "no CUDA driver"),
        ("cuda.is_available = lambda: True; hide('numba_cuda')", "numba-cuda is not installed"),
        ("sys.modules['numba.cuda'] = None; del numba.cuda", "numba.cuda cannot be imported"),
    ],
    ids=["no driver", "no numba-cuda", "no bindings"],
)
def test_why_no_cuda(broken, expected):
    code = f"""
import importlib.util, sys, numba
from numba import cuda
real = importlib.util.find_spec
def hide(name):
    importlib.util.find_spec = lambda n, *rest: None if n == name else real(n, *rest)
{broken}
import fastsal
print(fastsal.backends()["cuda"].detail)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith(expected)


@pytest.mark.cuda
def test_the_simulator_is_named(cuda_device):
    status = fastsal.backends()["cuda"]

    assert status.available
    assert ("simulator" in status.detail) == runtime.is_simulated()


@pytest.mark.cuda
def test_a_device_array_needs_no_backend_by_name(cuda_device):
    image = cuda_device.to_device(np.zeros((2, 3), np.uint8))

    assert fastsal.luminance_contrast(image).shape == (2, 3)
    with pytest.raises(fastsal.BackendUnavailableError, match="data are on a CUDA device"):
        fastsal.luminance_contrast(image, backend="cpu")
    with fastsal.use_backend("cpu"), pytest.raises(fastsal.BackendUnavailableError):
        fastsal.luminance_contrast(image)

import threading
import time

import numpy as np
import pytest

import fastsal
from fastsal import runtime
from fastsal.live.engine import Choice, Engine


def frames_of(rng, count=4, shape=(40, 50, 3)):
    return rng.integers(0, 256, (count, *shape), dtype=np.uint8)


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_it_gives_the_maps_of_a_stream(rng):
    engine, stream = Engine(Choice("frame-difference", "cpu")), fastsal.Stream("frame-difference")
    engine.warm_up((50, 40))

    for frame in frames_of(rng):
        expected = stream.update(frame[..., ::-1])
        np.testing.assert_array_equal(engine.update(frame), np.rint(255 * expected))


def test_a_change_happens_between_frames_once_it_is_ready(rng):
    engine = Engine(Choice("lc", "cpu"))
    first, second, third = frames_of(rng, 3)
    engine.update(first)
    engine.change(Choice("frame-difference", "cpu"))
    assert engine.choice.method == "lc"
    assert "frame-difference" in engine.notice
    engine.close(120)

    assert not engine.update(second).any()  # the first frame the new method sees
    assert engine.choice == Choice("frame-difference", "cpu")
    assert engine.notice == ""
    expected = fastsal.frame_difference(third[..., ::-1], second[..., ::-1])
    np.testing.assert_array_equal(engine.update(third), np.rint(255 * expected))


def test_the_old_method_goes_on_while_the_new_one_loads(rng, monkeypatch):
    engine = Engine(Choice("lc", "cpu"))
    frame = frames_of(rng)[0]
    engine.update(frame)
    from fastsal.live import engine as module

    original = module._warm_up
    monkeypatch.setattr(module, "_warm_up", lambda *args: (time.sleep(0.5), original(*args)))
    engine.change(Choice("fine-grained", "cpu"))
    began = time.perf_counter()
    engine.update(frame)
    assert time.perf_counter() - began < 0.4
    assert engine.choice.method == "lc"
    engine.change(Choice("bin-wang", "cpu"))  # ignored
    engine.close(120)
    engine.update(frame)
    assert engine.choice.method == "fine-grained"


def test_a_change_that_fails_is_told_and_the_old_method_stays(rng):
    engine = Engine(Choice("lc", "cpu"))
    frame = frames_of(rng)[0]
    for choice, what in ((Choice("nonsense", "cpu"), "`method` must be"),
                         (Choice("lc", "gpu"), "`backend` must be")):  # fmt: skip
        engine.change(choice)
        engine.close(120)
        assert what in engine.notice
        engine.update(frame)
        assert engine.choice == Choice("lc", "cpu")


def test_a_failure_between_two_looks_is_not_missed():
    class Ending:
        """Fails at the moment it is asked whether it still runs."""

        def join(self, limit):
            pass

        def is_alive(self):
            engine._error = RuntimeError("out of luck")
            return False

    engine = Engine(Choice("lc", "cpu"))
    engine._warming = Ending()
    with pytest.raises(RuntimeError, match="out of luck"):
        engine.is_warm()


def test_what_warms_up_aside_gets_the_callers_backend(monkeypatch):
    monkeypatch.setattr(runtime, "why_no_cuda", lambda: None)
    seen = []
    monkeypatch.setattr(
        Engine, "warm_up",
        lambda self, size: seen.append((threading.current_thread().name, runtime.resolve("auto"))),
    )  # fmt: skip
    engine = Engine(Choice("lc", "auto"))
    with fastsal.use_backend("cuda"):
        engine.warm_up_aside((50, 40))
        engine.close(120)
    assert seen == [("fastsal-warm-up", "cuda")]


@pytest.mark.parametrize("choice", [Choice("nonsense", "cpu"), Choice("lc", "gpu")])
def test_what_there_is_not_is_refused_at_once(choice):
    with pytest.raises(ValueError, match=r"`method` must be|`backend` must be"):
        Engine(choice)


def test_smoothing_is_an_exponential_mean(rng):
    engine = Engine(Choice("lc", "cpu"), smoothing=0.75)
    frames = frames_of(rng, 5)
    mean = None
    for frame in frames:
        levels = np.rint(255 * fastsal.luminance_contrast(frame[..., ::-1])).astype(np.float64)
        mean = levels if mean is None else 0.75 * mean + 0.25 * levels
        np.testing.assert_allclose(engine.update(frame), mean, atol=0.51)
    other = frames_of(rng, 1, (20, 30, 3))[0]
    expected = np.rint(255 * fastsal.luminance_contrast(other[..., ::-1]))
    np.testing.assert_array_equal(engine.update(other), expected)


@pytest.mark.parametrize("smoothing", [-0.1, 1, float("nan"), 2])
def test_smoothing_has_its_range(smoothing):
    with pytest.raises(ValueError, match="`smoothing` must be in"):
        Engine(Choice("lc", "cpu"), smoothing=smoothing)

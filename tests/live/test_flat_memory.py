"""A long session at full speed: methods and sizes change, a recording runs, memory stays flat."""

import gc

import numpy as np
import psutil
import pytest

from fastsal import Stream
from fastsal.live.engine import Choice
from fastsal.live.webcam import Settings, Webcam

METHODS = ("lc", "frame-difference", "bin-wang", "fine-grained")
SIZES = ((320, 240), (160, 120), (240, 200))
FRAMES, PER_SIZE, PER_METHOD = 3000, 25, 100
# Bytes that the last 2,000 frames may add: 6 kB each, as if one in 36 of the largest were kept.
ALLOWED = 12 << 20


class ChangingSizes:
    """Frames of changing size, without any delay."""

    is_camera = is_live = False
    size = SIZES[0]

    def __init__(self):
        rng = np.random.default_rng(5)
        self._frames = [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for w, h in SIZES]
        self._count = 0

    def read(self):
        if self._count == FRAMES:
            return None
        self._count += 1
        return np.roll(self._frames[self._count // PER_SIZE % len(SIZES)], self._count, axis=1)

    def close(self):
        pass


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_resident_memory_is_flat(fake_screen, tmp_path, smoothing):
    resident, seen = [], set()
    for key in METHODS:  # a method that is compiled in the background would come too late
        stream = Stream(key, backend="cpu")
        for width, height in SIZES:
            stream.update(np.zeros((height, width, 3), np.uint8))

    class Watched(fake_screen):
        count = 0

        def show(self, picture):
            self.count += 1
            if self.count % (FRAMES // 6) == 0:
                gc.collect()
                resident.append(psutil.Process().memory_info().rss)
            seen.add(webcam._engine.choice.method)
            if self.count % PER_METHOD == 0:
                wanted = METHODS[self.count // PER_METHOD % len(METHODS)]
                webcam._engine.change(Choice(wanted, "cpu"))

    settings = Settings(method=METHODS[0], record=tmp_path / "seen.mp4", smoothing=smoothing)
    webcam = Webcam(settings, source=ChangingSizes(), screen=Watched())
    report = webcam.run()

    assert (report.shown, report.dropped) == (FRAMES, 0)
    assert seen == set(METHODS)
    assert (tmp_path / "seen.mp4").stat().st_size > 10_000
    assert max(resident[2:]) - max(resident[:2]) < ALLOWED, resident

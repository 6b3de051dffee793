import numpy as np
import pytest
from processes import run_python

import fastsal
from fastsal import runtime
from fastsal.registry import BUILT_IN

# Counts the forms that kernels have been called in: a call in a new one would have waited.
# Then come the kernels that wheels with machine code lack: `python -m benchmarks.forms` adds them.
SCRIPT = """
import sys, numpy as np, fastsal
from fastsal.kernels.forms import kernels, name_of, text_of
from fastsal.pipelines.forms import all_forms
fastsal.warmup(progress=False)

def forms():
    return {
        (module, name, form)
        for module, name, kernel in kernels()
        for form in kernel.overloads
    }

before = forms()
needed = {
    (*name_of(kernel.py_func), text_of(form))
    for _, _, kernel in kernels()
    for form in kernel.overloads
}
for dtype in ("uint8", "uint16", "float32", "float64"):
    for size in ((20, 21), (300, 301)):
        for channels in ((), (1,), (3,), (4,)):
            for out in (None, np.empty(size, np.float32), np.empty(size, np.uint8)):
                use(np.zeros(size + channels, dtype), out)
large = np.zeros((500, 501), np.uint8)
use(large, None)
print(len(before) > 0, sorted({kernel for _, kernel, _ in forms() - before}))
print(sorted(needed - set(all_forms())))
"""


def test_streams_find_everything_compiled():
    """This holds for every form of frames."""
    use = """
def use(frame, out):
    for key, row in fastsal.registry.BUILT_IN.items():
        if frame.dtype.name in row.dtypes:
            stream = fastsal.Stream(key)
            stream.update(frame, out=out)
            stream.update(frame, out=out)
"""
    assert run_python(use + SCRIPT, timeout=250) == "True []\n[]"


def test_functions_find_everything_compiled():
    use = """
def use(frame, out):
    fastsal.frame_difference(frame, frame, out=out)
    fastsal.frame_difference(frame, frame, out=out, threshold=0.5)
    if frame.dtype != "float64":
        fastsal.superpixel_contrast(frame, out=out, smooth=True)
    if frame.ndim == 2 and frame.dtype != "uint16":
        for method in ("otsu", "adaptive", "kmeans"):
            fastsal.binary_map(frame, method=method)
            fastsal.salient_boxes(frame, method=method)
        fastsal.scanpath(frame)
    if frame.dtype != "float64" and frame.shape[2:] not in ((1,), (4,)):
        labels = fastsal.slic(frame)
        fastsal.region_stats(frame, labels)
    if frame.ndim == 2:
        saliency, points = np.eye(*frame.shape, dtype=frame.dtype), [(3, 3), (5, 4)]
        density = fastsal.metrics.density_map(points, frame.shape, sigma=20)
        maps = {"density": density, "other": points, "baseline": saliency}
        fastsal.metrics.evaluate(saliency, points, **maps)
        fastsal.metrics.auc_judd(saliency, points, jitter=1e-7)
        fastsal.metrics.evaluate_mask(saliency, saliency > 0)
    if frame.dtype.kind == "u":
        fastsal.luminance_contrast(frame, out=out)
        if frame.ndim == 3:
            fastsal.luminance_contrast(np.stack([frame] * 30))
"""
    assert run_python(use + SCRIPT, timeout=250) == "True []\n[]"


def test_only_what_is_asked_for(monkeypatch):
    from fastsal.pipelines import warmup

    used = []
    real = warmup.Stream
    monkeypatch.setattr(
        warmup, "Stream", lambda key, **options: used.append(key) or real(key, **options)
    )

    fastsal.warmup(["lc"], progress=False)

    assert set(used) == {"lc"}
    used.clear()
    fastsal.warmup([], progress=False)
    assert not used


def test_unknown_methods_are_refused_before_any_work(monkeypatch):
    from fastsal.pipelines import warmup

    monkeypatch.setattr(warmup, "Stream", None)
    with pytest.raises(ValueError, match=r"`method` must be lc, .*got 'lcc'"):
        fastsal.warmup(["lc", "lcc"])


def test_both_benches_if_there_are_two(monkeypatch):
    from fastsal.pipelines import warmup

    seen = []

    class Recorder:
        def __init__(self, key, backend, **options):
            seen.append((key, backend))

        def update(self, frame, out):
            assert isinstance(frame, np.ndarray)
            assert frame.shape[:2] == out.shape

    monkeypatch.setattr(warmup, "Stream", Recorder)

    def noted():
        on_maps.extend(name for name, _ in jobs_on_maps())
        return ()

    jobs_on_maps, on_maps = warmup._jobs_on_maps, []
    monkeypatch.setattr(warmup, "_jobs_on_maps", noted)
    monkeypatch.setattr(warmup, "_call", lambda *job: None)
    monkeypatch.setattr(warmup, "_segment", lambda *job: None)
    monkeypatch.setattr(runtime, "is_simulated", lambda: False)
    for reason, expected in ((None, {"cpu", "cuda"}), ("no device", {"cpu"})):
        seen.clear()
        on_maps.clear()
        monkeypatch.setattr(runtime, "why_no_cuda", lambda reason=reason: reason)
        fastsal.warmup(progress=False)
        assert set(seen) == {(key, each) for key in BUILT_IN for each in expected}
        assert {name.split()[2] for name in on_maps if name.startswith("binary_map")} == expected


def test_the_bar_is_for_terminals(capsys, monkeypatch):
    fastsal.warmup(["lc"])
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    fastsal.warmup(["lc"])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "compiling" in captured.err
    fastsal.warmup(["lc"], progress=False)
    assert capsys.readouterr() == ("", "")

"""``python -m benchmarks.gpu`` as far as it goes without a device: all of it, but for the speed."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from processes import run_python

import fastsal
from benchmarks.gpu import __main__ as gpu
from benchmarks.gpu import calls, report
from fastsal import runtime
from fastsal.kernels.kernel import watched

TINY = ["--seconds", "0", "--sizes", "32x24", "--frames", "1,2", "--profiled", "32x24"]
TINY += ["--checked", "12x9", "--megabytes", "1", "--blocks", "1"]


def test_every_method_has_a_row():
    names = [row.name for row in calls.rows()]

    assert set(fastsal.METHODS) <= set(names)
    assert len(names) == len(set(names))


def test_without_a_device_it_says_so():
    printed = run_python(
        """
import contextlib, io
from benchmarks.gpu.__main__ import main
said = io.StringIO()
try:
    with contextlib.redirect_stderr(said):
        main([])
except SystemExit as end:
    print(end.code, said.getvalue())
"""
    )

    assert printed.startswith("2 benchmarks.gpu: no CUDA device to measure: ")


@pytest.mark.parametrize("size", ["", "x", "0x4", "4x", "large"])
def test_sizes_that_are_none_are_named(size):
    with pytest.raises(ValueError, match="expected WIDTHxHEIGHT or one of"):
        calls.shape_of(size)


def test_sizes():
    assert calls.shape_of("vga") == (480, 640)
    assert calls.shape_of("32x24") == (24, 32)


def test_what_reads_two_frames_gets_one_more():
    stacks = {row.name: row.stack((6, 8), 2).shape for row in calls.rows()}

    assert stacks["lc"] == (2, 6, 8, 3)
    assert stacks["frame-difference"] == stacks["superpixel-motion"] == (3, 6, 8, 3)
    assert stacks["binary map by otsu"] == (2, 6, 8)


@pytest.fixture
def as_if_real(cuda_device, monkeypatch):
    """Let the program take the simulator for a device, and its loops end at once."""
    if not runtime.is_simulated():
        pytest.skip("needs the simulator: a real CUDA device runs the program itself")
    monkeypatch.setattr(gpu, "why_no_device", lambda: None)
    for module in ("limits", "throughput"):
        monkeypatch.setattr(f"benchmarks.gpu.{module}.alternate", _once)
    monkeypatch.setattr("benchmarks.gpu.limits.ROUNDS", 1)


def _once(calls, seconds):
    for call in calls.values():
        call()
    return {name: [0.001] for name in calls}


def pass_by(launch, start):
    """Start nothing; the windows that BING's host looks at are none."""
    if launch.kernel.endswith("bing._cuda._pick"):
        start.args[4][:] = -1


@pytest.mark.cuda
def test_all_of_it_runs(as_if_real, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.gpu.check.compared", lambda row, stack: {"passes": True})

    with watched(pass_by):
        results = gpu.measure(gpu._parser().parse_args(TINY))

    names = [row.name for row in calls.rows()]
    assert [row for row in gpu.faults_of(results) if "failed" in row] == []
    assert list(dict.fromkeys(row["method"] for row in results["launches"])) == names
    assert all(row["of 1"] > 0 for row in results["launches"])
    assert {row["method"] for row in results["kernels"]} == set(names)
    assert {(row["method"], row["frames"]) for row in results["rows"]} == {
        (name, frames) for name in names for frames in (1, 2)
    }
    assert all("pinned, two streams, ms" in row for row in results["rows"] if row["frames"] == 2)
    report.plot(results, tmp_path / "plot.svg")
    assert "<svg" in (tmp_path / "plot.svg").read_text()


@pytest.mark.cuda
def test_it_finds_the_device_like_the_cpu_and_keeps_the_results(as_if_real, tmp_path, capsys):
    path = tmp_path / "results.json"

    gpu.main([*TINY, "--checked", "5x3", "--sizes", "7x5", "--profiled", "7x5",
              "--methods", "lc,frame-difference", "--json", str(path)])  # fmt: skip

    results = json.loads(path.read_text())
    assert all(row["passes"] for row in results["check"])
    assert len(results["check"]) == 4
    assert path.with_suffix(".svg").exists()
    assert "launches for stacks" in capsys.readouterr().out


@pytest.mark.cuda
def test_what_differs_is_found_and_what_fails_hides_nothing(as_if_real, tmp_path, monkeypatch):
    def wrong(stack, out=None, backend="auto"):
        if backend == "auto":
            raise RuntimeError("out of order")
        return np.full(stack.shape[:3], float(backend == "cuda"))

    monkeypatch.setattr(calls, "rows", lambda: [calls.Row("wrong", lambda: wrong)])

    with pytest.raises(SystemExit, match="6 faults"):
        gpu.main([*TINY, "--json", str(tmp_path / "results.json")])


@pytest.mark.cuda
def test_what_does_not_fit_is_skipped_with_a_reason(as_if_real, monkeypatch):
    from benchmarks.gpu import throughput

    monkeypatch.setattr(
        "numba.cuda.simulator.cudadrv.devices.FakeCUDAContext.get_memory_info",
        lambda self: SimpleNamespace(free=1e3),
    )
    (row,) = calls.chosen("lc")

    (found,) = throughput.measured(row, ["32x24"], [1], 0, 1.0)

    assert "are free" in found["skipped"]

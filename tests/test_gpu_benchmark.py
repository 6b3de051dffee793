"""``python -m benchmarks.gpu`` without a device: everything except the speed."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from processes import run_python

from benchmarks.gpu import __main__ as gpu
from benchmarks.gpu import calls, report, throughput
from benchmarks.gpu import work as work_of
from fastsal import runtime
from fastsal.kernels.kernel import watched
from fastsal.registry import BUILT_IN

TINY = ["--seconds", "0", "--sizes", "32x24", "--frames", "1,2", "--profiled", "32x24"]
TINY += ["--checked", "12x9", "--megabytes", "1", "--blocks", "1"]


def test_every_method_has_a_row():
    names = [row.name for row in calls.rows()]

    assert set(BUILT_IN) <= set(names)
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


def test_every_row_has_its_work_counted():
    """Methods that compare all pairs cost far more than methods that hardly exceed luma."""
    work = {row.name: throughput.work_of(row, (1080, 1920)) for row in calls.rows()}
    costs = {name: each["operations per pixel"] for name, each in work.items()}

    assert all(work[name]["parts"] for name in work_of._COUNTS)
    assert all(sum(each["parts"].values()) == costs[name] for name, each in work.items())
    assert costs["frame-difference"] == 12
    assert 5 <= costs["lc"] < 5.01
    assert costs["superpixel"] > 20_736**2 * 20 / (1080 * 1920)
    assert costs["superpixel"] - costs["slic"] < costs["superpixel-change"] / 2
    assert work["lc"]["bytes per pixel"] == 3 + 4
    assert work["frame-difference"]["bytes per pixel"] == 2 * 3 + 4
    assert work["binary map by otsu"]["bytes per pixel"] == 1 + 1


def test_methods_without_a_count_are_measured_too():
    row = calls.Row("new", lambda: None)
    limits = {"on the device, GB/s": 100.0, "multiply-adds in float32, G/s": 100.0}

    assert throughput.work_of(row, (4, 4))["parts"] == {}
    assert throughput.bound_of(row, (4, 4), 500.0, limits)["bound"] == "bandwidth"


def test_large_frames_are_counted_in_fast_mode():
    parts = {name: work_of.operations(name, 3840 * 2160) for name in ("superpixel", "slic, fast")}

    assert parts["slic, fast"].items() <= parts["superpixel"].items()


def test_what_is_done_on_a_small_picture_is_shared_by_all_pixels():
    costs = {
        (row.name, side): throughput.work_of(row, (side, side))["operations per pixel"]
        for row in calls.rows()
        for side in (400, 4000)
    }
    same = {name for name, side in costs if costs[name, 400] == pytest.approx(costs[name, 4000])}

    assert {"fine-grained", "bin-wang", "frame-difference", "slic", "itti-koch"} <= same
    for name in ("signature", "spectral-residual", "center-surround", "flow"):
        assert costs[name, 400] > 2 * costs[name, 4000]


@pytest.mark.parametrize(("operations_a_byte", "bound"), [(0.1, "arithmetic"), (10, "bandwidth")])
def test_the_larger_share_is_the_bound(operations_a_byte, bound):
    (row,) = calls.chosen("frame-difference")  # 10 bytes and 12 operations a pixel
    limits = {"on the device, GB/s": 100.0}
    limits["multiply-adds in float32, G/s"] = 100 * operations_a_byte

    found = throughput.bound_of(row, (1000, 1000), 500.0, limits)

    assert found["share of bandwidth"] == pytest.approx(500 * 10e6 / 100e9)
    assert found["share of arithmetic"] == pytest.approx(500 * 12e6 / (100e9 * operations_a_byte))
    assert found["bound"] == bound
    assert found["share of bound"] == found[f"share of {bound}"]


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
    assert [row["method"] for row in results["work"]] == names
    assert {row.get("bound") for row in results["rows"]} <= {"bandwidth", "arithmetic"}
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
    assert results["rows"][0]["bound"] in ("bandwidth", "arithmetic")
    assert results["work"][1]["parts"]["luma of both frames"] == 8
    told = capsys.readouterr().out
    assert "launches for stacks" in told
    assert "what a pixel of 7x5 must cost" in told
    assert "share of bound" in told


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
    monkeypatch.setattr(
        "numba.cuda.simulator.cudadrv.devices.FakeCUDAContext.get_memory_info",
        lambda self: SimpleNamespace(free=1e3),
    )
    (row,) = calls.chosen("lc")

    (found,) = throughput.measured(row, ["32x24"], [1], 0, {})

    assert "are free" in found["skipped"]

import json
import re
import time

import numpy as np
import pytest

import fastsal
from fastsal.cli.main import main
from fastsal.pipelines.bench import compare, inputs, machine, peers, suite
from fastsal.pipelines.bench.sidebyside import alternate, copy_bandwidth, median_ms, ratio


def row(method="lc", ms=2.0, **others):
    return {"method": method, "size": "VGA", "backend": "cpu", "threads": 2, "kind": "colour",
            "ms": ms, **others}  # fmt: skip


def test_functions_alternate_and_the_first_calls_do_not_count():
    order = []
    rounds = alternate({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 0.0)
    assert order[:4] == ["a", "a", "b", "b"]
    assert order[4:] == ["a", "b"] * len(rounds["a"])
    assert len(rounds["a"]) == len(rounds["b"]) >= 5


def test_a_ratio_is_of_medians_with_its_quartiles():
    ours, peer = [1.0, 2.0, 1.0, 1.0], [3.0, 3.0, 4.0, 2.0]
    times, low, high = ratio(ours, peer)
    assert times == 3.0
    assert low <= times <= high
    assert median_ms([0.001, 0.003, 0.002]) == pytest.approx(2)


def test_copying_moves_gigabytes():
    assert 1e8 < copy_bandwidth(1, megabytes=8) < 1e12


@pytest.mark.parametrize("size", ["64x64", "320x240", "VGA", "1080p"])
def test_inputs_are_real_and_pinned(size):
    image = inputs.photograph(size)
    assert image.shape == (*inputs.SIZES[size], 3)
    assert len(np.unique(inputs.gray(image))) > 100
    assert inputs.photograph(size) is image


def test_sizes_go_by_name():
    assert inputs.sizes_of("vga, 1080P") == ["VGA", "1080p"]
    with pytest.raises(ValueError, match=r"expected sizes among 64x64, .*, got 'huge'"):
        inputs.sizes_of("vga,huge")


def test_the_machine_is_told_in_general_terms():
    told = machine.description()
    assert told["fastsal"] == fastsal.__version__
    assert told["threads"] >= 1
    assert re.fullmatch(r"[0-9a-f]{7,40}|unknown", told["commit"])


def test_plans_cover_every_combination():
    plan = suite.plan_of("vga,720p", "lc,bin-wang", "cpu", "1", kinds=("colour", "grey"))
    jobs = list(plan.jobs())
    assert len(jobs) == len(plan) == len(set(jobs)) == 8
    assert ("bin-wang", "720p", "cpu", 1, "grey") in jobs
    everything = suite.plan_of("vga", "all", "all", "all")
    assert list(everything.methods) == list(fastsal.METHODS)
    assert "cpu" in everything.backends


@pytest.mark.parametrize("wrong", [
    ("huge", "lc", "cpu", "1"), ("vga", "nothing", "cpu", "1"), ("vga", "lc", "gpu", "1"),
    ("vga", "lc", "cpu", "0"), ("vga", "lc", "cpu", "4096"), ("vga", "lc", "cpu", "two"),
])  # fmt: skip
def test_what_there_is_not_cannot_be_planned(wrong):
    with pytest.raises(ValueError, match=r"expected|must be|invalid literal"):
        suite.plan_of(*wrong)


@pytest.mark.parametrize("key", fastsal.METHODS)
@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
def test_peers_run(key, channels, rng):
    image = rng.integers(0, 256, (48, 64, *channels), dtype=np.uint8)
    for call in peers.peers_of(key, image).values():
        call()


def test_rows_hold_figures_that_fit_together():
    plan = suite.plan_of("320x240", "lc", "cpu", "1", with_peers=True, seconds=0.05)
    (measured,) = suite.measure(plan, {1: 1e10})

    assert measured["fps"] == pytest.approx(1e3 / measured["ms"])
    assert measured["megapixels_per_second"] == pytest.approx(76.8 / measured["ms"])
    assert measured["bytes_per_pixel"] == 7
    assert measured["share_of_copy"] > 0
    (peer,) = measured["peers"].values()
    assert peer["times"] == pytest.approx(peer["ms"] / measured["ms"])
    table = suite.table_of([measured])
    assert re.search(r"^lc +320x240 colour cpu +1", table, re.MULTILINE)
    assert "as fast as cv2.calcHist + LUT" in table


def test_threads_are_given_back():
    import cv2
    from numba import get_num_threads

    before = get_num_threads(), cv2.getNumThreads()
    list(suite.measure(suite.plan_of("320x240", "lc", "cpu", "1", seconds=0.01), {1: 1e10}))
    assert (get_num_threads(), cv2.getNumThreads()) == before


def test_changes_are_scaled_by_the_machine():
    before = {"copy_bandwidth": 10e9, "rows": [row(ms=2.0), row("flow", 1.0), row("gone", 1.0)]}
    now = {"copy_bandwidth": 5e9, "rows": [row(ms=4.0), row("flow", 4.0), row("new", 1.0)]}
    found = compare.changes(before, now)
    assert [each.slower for each in found] == pytest.approx([0.0, 1.0])
    told = compare.told(found, 0.15)
    assert told.startswith("flow VGA cpu 2 colour: 2.000 ms, now 4.000 ms (+100%)")
    assert told.endswith("1 of 2 rows beyond 15%")


@pytest.mark.parametrize(("text", "share"), [("15%", 0.15), ("0.2", 0.2), ("150%", 1.5)])
def test_shares(text, share):
    assert compare.share_of(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "%", "much", "-3%", "0", "nan"])
def test_what_is_no_share(text):
    with pytest.raises(ValueError, match="expected a share"):
        compare.share_of(text)


BENCH = ["bench", "--sizes", "320x240", "--methods", "lc", "--backends", "cpu", "--threads", "1",
         "--seconds", "0.02"]  # fmt: skip


def test_the_command_writes_draws_and_compares(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    results, plot = tmp_path / "r.json", tmp_path / "r.svg"
    assert main([*BENCH, "--grey", "--peers", "--json", str(results), "--plot", str(plot)]) == 0
    assert "copy bandwidth" in capsys.readouterr().out
    written = json.loads(results.read_text())
    assert {each["kind"] for each in written["rows"]} == {"colour", "grey"}
    assert "<svg" in plot.read_text()

    for each in written["rows"]:
        each["ms"] /= 50  # as if it had been far faster
    results.write_text(json.dumps(written))
    assert main([*BENCH, "--compare", str(results)]) == 0
    assert main([*BENCH, "--compare", str(results), "--fail-on", "15%"]) == 1
    assert "rows are slower by 15%" in capsys.readouterr().err


def test_bad_requests_are_refused_before_anything_is_measured(tmp_path, capsys):
    (tmp_path / "bad.json").write_text("[1]")
    began = time.perf_counter()
    for arguments, status, words in (
        (["--compare", str(tmp_path / "none.json")], 1, "no results that can be compared"),
        (["--compare", str(tmp_path / "bad.json")], 1, "no results that can be compared"),
        (["--fail-on", "15%"], 2, "--fail-on needs --compare"),
        (["--sizes", "huge"], 2, "expected sizes among"),
    ):
        assert main([*BENCH, *arguments]) == status
        assert words in capsys.readouterr().err
    assert time.perf_counter() - began < 30

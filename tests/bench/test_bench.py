import importlib.util
import json
import re
import sys
import threading
import time

import numpy as np
import pytest

import fastsal
from fastsal.bench import compare, cpu_probe, inputs, machine, peers, plots, sidebyside, suite
from fastsal.bench.sidebyside import (
    SideBySide,
    alternate,
    copy_bandwidth,
    median_ms,
    median_with_interval,
    ratio,
)
from fastsal.cli.main import main
from fastsal.registry import BUILT_IN


class SeenPace:
    """A pace that returns the given values, and full speed from then on."""

    def __init__(self, *told):
        self.told = list(told)

    def slowness(self):
        return self.told.pop(0) if self.told else 1.0


@pytest.fixture
def full_speed(monkeypatch):
    """Let tests that run beside this one not count."""
    monkeypatch.setattr(sidebyside, "pace_of", lambda threads: SeenPace())


def row(method="lc", ms=2.0, **others):
    return {"method": method, "size": "VGA", "backend": "cpu", "threads": 2, "kind": "colour",
            "ms": ms, **others}  # fmt: skip


def test_help_names_every_size(capsys):
    main(["bench", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert f"from {', '.join(inputs.SIZES)} (default: " in told


def test_functions_take_turns_and_the_first_calls_do_not_count(full_speed):
    order = []

    def call(name):
        order.append(name)
        time.sleep(0.06)  # longer than a block: one call each

    rounds = alternate({"a": lambda: call("a"), "b": lambda: call("b")}, 0.6)
    warm_up, played = order[:8], order[8:]
    assert warm_up == 4 * ["a"] + 4 * ["b"]
    assert len(rounds["a"]) == len(rounds["b"]) >= 5
    assert played == ["a", "b"] * len(rounds["a"])


def test_what_minds_the_caches_is_called_once_before_it_counts(full_speed):
    order = []

    def call(name):
        order.append(name)
        time.sleep(0.005)  # longer than a block, but short enough that a warm cache matters

    rounds = alternate({"a": lambda: call("a"), "b": lambda: call("b")}, 0.06)
    assert order[8:] == [*3 * ["a"], *3 * ["b"]] * len(rounds["a"])


def test_what_is_slow_but_once_has_turns_of_many_calls(full_speed):
    order = []

    def compiles_first():
        time.sleep(0.001 if order else 0.3)
        order.append("ours")

    rounds = alternate({"ours": compiles_first}, 0.05)
    calls_of_a_turn = (len(order) - 4) / len(rounds["ours"])
    assert calls_of_a_turn > 2  # and so one that does not count


class Name(str):
    def __call__(self):
        """Do nothing: the call that does not count."""


def test_a_turn_beside_something_slow_is_the_median_of_many_calls(full_speed, monkeypatch):
    made = []

    def timed(call):  # as if every fifth call of the fast one had been interrupted
        made.append(call)
        return {"slow": 0.1, "fast": 0.05 if len(made) % 5 == 0 else 0.001}[call]

    monkeypatch.setattr(sidebyside, "_timed", timed)
    rounds = alternate({"fast": Name("fast"), "slow": Name("slow")}, 0.1)
    assert made.count("fast") > 10 * len(rounds["fast"])
    assert set(rounds["fast"]) == {0.001}
    assert set(rounds["slow"]) == {0.1}


@pytest.fixture
def marked(monkeypatch):
    """Return a function that gives the marks of the counted blocks, for given paces and seconds."""

    def run(seen, seconds, rounds=1, disturbed=0):
        monkeypatch.setattr(sidebyside, "pace_of", lambda threads: seen)
        game = SideBySide({"a": lambda: time.sleep(0.001)}, seconds=0.01)
        marks = iter(range(1000))
        monkeypatch.setattr(sidebyside, "_turn", lambda call, count: seconds + next(marks))
        clock = iter(np.arange(0, 1000, game._a_round / 4))
        monkeypatch.setattr(sidebyside, "_now", lambda: next(clock))
        game._rounds_of_a_set = rounds
        game.play()
        assert game.disturbed == disturbed
        return [round(mark - seconds) for mark in game.rounds["a"]]

    return run


def test_turns_that_others_slowed_down_are_played_again(marked):
    before_and_after = [1.4, 1.0, 1.0, 1.4, 1.05, 1.0]
    assert marked(SeenPace(*before_and_after), seconds=-100, rounds=3) == [2, 3, 4]


def test_patience_ends_and_the_calmest_turn_counts(marked):
    seen = SeenPace(*4 * [1.5], 1.2, 1.2, *100 * [1.5])
    assert marked(seen, seconds=-100, disturbed=1) == [2]
    # one block, and repetitions for the duration of a round
    assert len(seen.told) == 106 - 2 * (1 + 4)


def test_what_takes_long_is_played_once(marked):
    seen = SeenPace(*10 * [1.5])
    assert marked(seen, seconds=0.3, disturbed=1) == [0]
    assert len(seen.told) == 8


def test_slowness_is_against_the_best_that_all_threads_did_at_once(monkeypatch):
    told = iter([*6 * [1.0], *2 * 6 * [1.5], *2 * 6 * [1.04], *2 * 6 * [2.08], *2 * 6 * [1.04]])
    lock = threading.Lock()

    def work():
        with lock:
            return next(told)

    monkeypatch.setattr(cpu_probe, "_work", work)
    two = cpu_probe.Pace(
        2
    )  # alone 1.0, then 1.5 together, which is not taken for the best, then 1.04
    assert [two.slowness(), two.slowness()] == pytest.approx([2.0, 1.0])


def test_the_slowest_thread_tells(monkeypatch):
    main = threading.get_ident()
    slow = [False]

    def work():
        return 2.0 if slow[0] and threading.get_ident() != main else 1.0

    monkeypatch.setattr(cpu_probe, "_work", work)
    three = cpu_probe.Pace(3)
    assert three.slowness() == 1.0
    slow[0] = True
    assert three.slowness() == 2.0


def test_where_full_speed_is_never_seen_looking_for_it_ends(monkeypatch):
    monkeypatch.setattr(cpu_probe, "_CALIBRATION", 0.01)
    alone = iter(6 * [1.0])
    monkeypatch.setattr(cpu_probe, "_work", lambda: next(alone, 1.3))
    assert cpu_probe.Pace(2).slowness() == 1.0


def test_a_single_thread_has_a_pace():
    assert cpu_probe.Pace(1).slowness() >= 1


def test_a_ratio_is_the_median_of_ratios_within_rounds():
    ours, peer = [1.0, 2.0, 1.0], [3.0, 6.2, 2.9]  # as if the machine had halted in the second
    assert ratio(ours, peer).median == pytest.approx(3.0)
    assert median_ms([0.001, 0.003, 0.002]) == pytest.approx(2)


@pytest.mark.parametrize("count", [5, 6, 20, 101])
def test_intervals_hold_the_true_median_about_as_often_as_they_say(rng, count):
    tries = 2000
    hits = 0
    for values in rng.normal(size=(tries, count)):
        median, low, high = median_with_interval(list(values))
        assert low <= median <= high
        hits += low <= 0 <= high
    assert 0.92 < hits / tries < 0.985


def test_copying_moves_gigabytes():
    assert 1e8 < copy_bandwidth(1, megabytes=8) < 1e12


@pytest.mark.parametrize("size", ["64x64", "320x240", "VGA", "1080p"])
def test_inputs_are_real_and_pinned(size):
    image = inputs.photograph(size)
    assert image.shape == (*inputs.SIZES[size], 3)
    assert len(np.unique(inputs.gray(image))) > 100
    assert inputs.photograph(size) is image


@pytest.mark.parametrize("kind", ["colour", "grey"])
def test_scenes_move_by_a_little_from_frame_to_frame(kind):
    frames = inputs.scene("320x240", kind)
    assert len(frames) == 24
    assert {frame.shape for frame in frames} == {(240, 320, 3) if kind == "colour" else (240, 320)}
    following = [*frames[1:], frames[0]]  # shown in a circle
    for frame, after in zip(frames, following, strict=True):
        changed = np.abs(frame.astype(int) - after) > 20
        assert 0.001 < changed.mean() < 0.1
    assert np.abs(frames[0].astype(int) - frames[1])[:40].max() > 0  # the sensor's noise


def test_methods_that_look_at_more_than_a_frame_are_shown_a_scene():
    assert len(inputs.frames_of("bin-wang", "64x64", "grey")) > 1
    assert len(inputs.frames_of("superpixel", "64x64")) > 1
    (image,) = inputs.frames_of("lc", "64x64", "grey")
    assert image.shape == (64, 64)
    following = inputs.in_turn([1, 2])
    assert [following() for _ in range(3)] == [1, 2, 1]


def test_sizes_go_by_name():
    assert inputs.sizes_of("vga, 1080P") == ["VGA", "1080p"]
    with pytest.raises(ValueError, match=r"`size` must be 64x64, .*; got 'huge'"):
        inputs.sizes_of("vga,huge")


def test_the_machine_is_told_in_general_terms():
    told = machine.description()
    assert told["fastsal"] == fastsal.__version__
    assert told["threads"] >= 1
    assert re.fullmatch(r"[0-9a-f]{7,40}(-dirty)?|unknown", told["commit"])


def test_plans_cover_every_combination():
    plan = suite.plan_of("vga,720p", "lc,bin-wang", "cpu", "1", kinds=("colour", "grey"))
    jobs = list(plan.jobs())
    assert len(jobs) == len(plan) == len(set(jobs)) == 8
    assert ("bin-wang", "720p", "cpu", 1, "grey") in jobs
    everything = suite.plan_of("vga", "all", "all", "all")
    assert list(everything.methods) == list(BUILT_IN)
    assert "cpu" in everything.backends


@pytest.mark.parametrize("wrong", [
    ("huge", "lc", "cpu", "1"), ("vga", "nothing", "cpu", "1"), ("vga", "lc", "gpu", "1"),
    ("vga", "lc", "cpu", "0"), ("vga", "lc", "cpu", "4096"), ("vga", "lc", "cpu", "two"),
])  # fmt: skip
def test_what_there_is_not_cannot_be_planned(wrong):
    with pytest.raises(ValueError, match=r"expected|must be"):
        suite.plan_of(*wrong)


def test_what_is_named_twice_is_measured_once():
    plan = suite.plan_of("vga,VGA", "lc,flow,lc", "cpu,cpu,auto", "1,1", kinds=("grey",))
    backends = {"cpu", fastsal.runtime.resolve("auto")}
    assert len(plan) == len(set(plan.jobs())) == 2 * len(backends)


@pytest.mark.parametrize("key", BUILT_IN)
@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
def test_peers_run(key, channels, rng):
    frames = list(rng.integers(0, 256, (3, 48, 64, *channels), dtype=np.uint8))
    for name, call in peers.peers_of(key, frames).items():
        if call is None:
            assert name in ("cv2.saliency", "cv2.ximgproc")
        else:
            call()


def test_rows_hold_figures_that_fit_together():
    plan = suite.plan_of("320x240", "lc", "cpu", "1", with_peers=True, seconds=0.05)
    (measured,) = suite.measure(plan, {1: 1e10})

    assert measured["fps"] == pytest.approx(1e3 / measured["ms"])
    assert measured["megapixels_per_second"] == pytest.approx(76.8 / measured["ms"])
    assert measured["bytes_per_pixel"] == 7
    assert measured["share_of_copy"] > 0
    assert measured["peers"].keys() == {"cv2.calcHist + LUT", "NumPy"}
    assert measured["missing"] == []
    for peer in measured["peers"].values():
        assert peer["interval"][0] <= peer["times"] <= peer["interval"][1]
        assert peer["times"] == pytest.approx(peer["ms"] / measured["ms"], rel=0.5)
    table = suite.table_of([measured, {**measured, "peers": {}, "missing": ["cv2.gone"]}])
    assert "cv2.gone is not installed" in table
    assert "opencv-contrib-python" not in table
    where = suite.table_of([{**measured, "missing": ["cv2.saliency"]}])
    assert "opencv-contrib-python" in where
    assert re.search(r"^lc +320x240 colour cpu +1", table, re.MULTILINE)
    assert "as fast as cv2.calcHist + LUT" in table


def test_threads_are_given_back():
    import cv2

    from fastsal.kernels import threads

    before = threads.count(), cv2.getNumThreads()
    list(suite.measure(suite.plan_of("320x240", "lc", "cpu", "1", seconds=0.01), {1: 1e10}))
    assert (threads.count(), cv2.getNumThreads()) == before


def test_changes_are_of_what_was_measured():
    before = {"rows": [row(ms=2.0), row("flow", 1.0), row("gone", 1.0)]}
    now = {"rows": [row(ms=2.1), row("flow", 2.0), row("new", 1.0)]}
    found = compare.changes(before, now)
    assert [each.slower for each in found] == pytest.approx([0.05, 1.0])
    told = compare.told(found, 0.15)
    assert told.startswith("flow VGA cpu 2 colour: 1.000 ms, now 2.000 ms (+100%)")
    assert told.endswith("1 of 2 rows beyond 15%")


@pytest.mark.parametrize(
    "results",
    [
        [1],
        {"rows": 3},
        {"rows": [3]},
        {"rows": [row(ms=0)]},
        {"rows": [row(ms="2")]},
        {"rows": [row(disturbed="no")]},
        {"rows": [row(method=["lc"])]},
        {"rows": [row()], "copy_bandwidth": "fast"},
    ],
)
def test_what_are_no_results_is_refused(tmp_path, results):
    (tmp_path / "old.json").write_text(json.dumps(results))
    with pytest.raises(fastsal.FastsalError, match="not a file of benchmark results: it"):
        compare.read_results(tmp_path / "old.json")


def test_nothing_in_common_is_told():
    assert compare.told([], 0.15) == "no row of this run is in the other"


def test_a_machine_that_changed_is_told():
    slow, fast = {"copy_bandwidth": 10e9}, {"copy_bandwidth": 12e9}
    assert "is 12.0 GB/s and was 10.0 GB/s in the earlier run" in compare.warning(slow, fast, 0.15)
    assert "is 10.0 GB/s and was 12.0" in compare.warning(fast, slow, 0.15)
    assert compare.warning(slow, fast, 0.25) is None
    assert compare.warning({}, fast, 0.15) is None


def test_what_rows_do_not_depend_on_they_may_lack():
    terms = {"method": "terms", "backend": "cpu", "ms": 3.0}
    new = {"method": "new", "ms": 1.0}
    (found,) = compare.changes({"rows": [terms, row()]}, {"rows": [terms, new]})
    assert found == ("terms cpu", 3.0, 3.0, 0.0)


def test_what_was_measured_several_times_counts_with_its_median():
    before = [row(ms=ms) for ms in (9.0, 2.0, 1.0)]
    (found,) = compare.changes({"rows": before}, {"rows": [row(ms=3.0)]})
    assert found == ("lc VGA cpu 2 colour (median of 3 rows before)", 2.0, 3.0, 0.0)


def test_rows_that_either_run_measured_on_a_busy_machine_are_marked():
    before = {"rows": [row(ms=2.0, disturbed=0.3), row("flow", 1.0), row("bing", 1.0)]}
    now = {"rows": [row(ms=3.0), row("flow", 2.0, disturbed=0.1), row("bing", 3.0, disturbed=1)]}
    found = compare.changes(before, now)
    assert [each.is_disturbed for each in found] == [True, False, True]
    lines = compare.told(found, 0.15).splitlines()
    assert [line.endswith(", disturbed") for line in lines] == [True, False, True, False]
    assert lines[-1] == (
        "3 of 3 rows beyond 15%, 2 of them measured while the processors were not at full speed"
    )


@pytest.mark.parametrize(("text", "share"), [("15%", 0.15), ("0.2", 0.2), ("150%", 1.5)])
def test_shares(text, share):
    assert compare.share_of(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "%", "15%%", "much", "-3%", "0", "15", "1", "nan"])
def test_what_is_no_share(text):
    with pytest.raises(ValueError, match="a fraction must be"):
        compare.share_of(text)


BENCH = ["bench", "--sizes", "320x240", "--methods", "lc", "--backends", "cpu", "--threads", "1",
         "--seconds", "0.02"]  # fmt: skip


def test_the_command_writes_draws_and_compares(tmp_path, capsys, full_speed):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    results, plot = tmp_path / "r.json", tmp_path / "r.svg"
    assert main([*BENCH, "--grey", "--peers", "--json", str(results), "--plot", str(plot)]) == 0
    out = capsys.readouterr().out
    assert "copy bandwidth" in out
    for column in ("on", "thr", "ms", "fps", "MP/s", "of copy", "disturbed"):
        assert len([line for line in out.splitlines() if line.startswith(f"{column}  ")]) == 1
    written = json.loads(results.read_text())
    assert {each["kind"] for each in written["rows"]} == {"colour", "grey"}
    assert "<svg" in plot.read_text()

    for each in written["rows"]:
        each["ms"] /= 50  # as if it had been far faster
    results.write_text(json.dumps(written))
    assert main([*BENCH, "--compare", str(results)]) == 0
    assert main([*BENCH, "--compare", str(results), "--fail-on", "15%"]) == 1
    assert "1 of 1 row slower by 15%" in capsys.readouterr().err

    for each in written["rows"]:
        each["disturbed"] = 0.5
    results.write_text(json.dumps(written))
    assert main([*BENCH, "--compare", str(results), "--fail-on", "15%"]) == 1
    assert "--fail-on found no row to compare except disturbed ones" in capsys.readouterr().err


def test_one_size_is_drawn_as_bars_and_several_as_lines(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    row = {"method": "lc", "size": "VGA", "backend": "cpu", "threads": 2, "kind": "colour",
           "ms": 0.25, "megapixels_per_second": 1229, "bytes_per_pixel": 7,
           "peers": {}}  # fmt: skip
    other = row | {"method": "flow", "ms": 0.5}
    for rows, axis in (
        ([row, other], "milliseconds per frame"),
        ([row, other, row | {"size": "4K"}], "megapixels per second"),
    ):
        plots.write_plots({"rows": rows, "copy_bandwidth": 1e10}, tmp_path / "r.svg")
        drawn = (tmp_path / "r.svg").read_text()
        found = [f"<!-- {each} -->" in drawn
                 for each in ("milliseconds per frame", "megapixels per second")]  # fmt: skip
        assert found == [axis.startswith("milli"), axis.startswith("mega")]
        assert "<!-- flow -->" in drawn


def test_plots_that_cannot_be_are_refused_before_anything_is_measured(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("fastsal.cli.bench._measured", None)
    plot = ["--plot", str(tmp_path / "r.xyz")]
    if importlib.util.find_spec("matplotlib"):
        assert main([*BENCH, *plot]) == 2
        assert "r.xyz: the file name must end in ." in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([*BENCH, *plot]) == 1
    assert "--plot needs matplotlib" in capsys.readouterr().err


def test_bad_requests_are_refused_before_anything_is_measured(tmp_path, capsys):
    (tmp_path / "bad.json").write_text("[1]")
    (tmp_path / "rows.json").write_text('{"rows": [{"method": "lc"}, 3]}')
    (tmp_path / "size.json").write_text('{"rows": [{"method": "lc", "ms": 1, "size": [1]}]}')
    (tmp_path / "endless.json").write_text('{"rows": [{"method": "lc", "ms": 1e400}]}')
    (tmp_path / "deep.json").write_text("[" * 100_000)
    began = time.perf_counter()
    for arguments, status, words in (
        (["--compare", str(tmp_path / "none.json")], 1, "not a file of benchmark results"),
        (["--compare", str(tmp_path / "bad.json")], 1, "not a file of benchmark results"),
        (["--compare", str(tmp_path / "rows.json")], 1, "without a method or its ms"),
        (["--compare", str(tmp_path / "size.json")], 1, "without a method or its ms"),
        (["--compare", str(tmp_path / "endless.json")], 1, "without a method or its ms"),
        (["--compare", str(tmp_path / "deep.json")], 1, "not a file of benchmark results"),
        (["--fail-on", "15%"], 2, "--fail-on needs --compare"),
        (["--threads", "two"], 2, "`threads` must be integers from 1 to"),
        (["--sizes", "huge"], 2, "`size` must be"),
        (["--seconds", "-1"], 2, "above 0 and at most 86400 seconds; got '-1'"),
        (["--seconds", "nan"], 2, "must be above 0"),
        (["--seconds", "1e308"], 2, "at most 86400 seconds; got '1e308'"),
        (["--json", str(tmp_path / "no" / "r.json")], 1, "--json: no such folder"),
        (["--plot", str(tmp_path / "no" / "r.svg")], 1, "--plot: no such folder"),
        (["--json", str(tmp_path)], 1, "must be a regular file; got a folder"),
    ):
        assert main([*BENCH, *arguments]) == status
        assert words in capsys.readouterr().err
    assert time.perf_counter() - began < 30

"""Promises of the benchmarks about their measurements and their tables."""

import json
import os
import re
import subprocess
import sys

import cv2
import pytest
from processes import run_python

from benchmarks import cold_start, history, large, memory, record, tables, targets
from fastsal.bench import compare, inputs, suite
from fastsal.cli.main import main
from fastsal.errors import FastsalError
from fastsal.io.pictures import read_image
from fastsal.kernels import threads
from fastsal.registry import BUILT_IN


@pytest.fixture
def results():
    rows = [row(key, 2.0 + index) for index, key in enumerate(BUILT_IN)]
    rows[0]["peers"] = {"cv2.calcHist + LUT": peer(0.8), "NumPy": peer(9.0)}
    rows[1]["missing"] = ["cv2.saliency"]
    rows += [
        row("lc out of cache", 1.0, kind="grey"),
        row("lc out of cache", 5.2, kind="grey", size="4K"),
    ]
    about = {"date": "2026-11-24T10:00:00+00:00", "commit": "abc1234", "threads": 2,
             "processor": "Some CPU (TM) 3.1"}  # fmt: skip
    return {"machine": about, "copy_bandwidth": 2.98765432e10, "rows": rows}


def row(method, ms, **others):
    return {"method": method, "size": "1080p", "kind": "colour", "backend": "cpu", "threads": 2,
            "ms": ms, **others}  # fmt: skip


def peer(times):
    return {"ms": 3.0, "times": times, "interval": [times - 0.1, times + 0.123456]}


def test_ours_and_peers_get_as_many_threads():
    printed = run_python(
        """
        import os
        os.environ.update(NUMBA_NUM_THREADS="4", OPENCV_FOR_THREADS_NUM="4")
        import cv2, numba
        from fastsal.kernels import threads
        from fastsal.bench import suite
        before = threads.count()
        with suite.on_threads(2):
            print(before, numba.get_num_threads(), cv2.getNumThreads())
        """
    )
    assert printed.split() == ["4", "2", "2"]


def test_threads_are_as_before_when_measuring_fails():
    before = threads.count(), cv2.getNumThreads()
    with pytest.raises(ZeroDivisionError), suite.on_threads(1):
        1 / 0  # noqa: B018
    assert (threads.count(), cv2.getNumThreads()) == before


def test_results_are_kept_small_and_come_back(results, tmp_path):
    path = record.write(results, tmp_path / "results")
    assert path.name == "2026-11-24-abc1234-some-cpu-tm-3-1.json"
    assert len(path.read_text().splitlines()) < 20 + len(results["rows"])  # a row a line
    later = {**results, "machine": {**results["machine"], "date": "2026-12-01T10:00:00+00:00"}}
    record.write(later, tmp_path / "results")
    read = record.newest(tmp_path / "results")
    assert read["machine"] == later["machine"]
    assert read["copy_bandwidth"] == 2.988e10
    assert read["rows"][0]["peers"]["NumPy"]["interval"] == [8.9, 9.123]
    assert len(record.recorded(tmp_path / "results")) == 2


@pytest.mark.parametrize(("sizes", "large"), [("VGA,4k", "4K"), ("VGA,64x64", ""), ("VGA", "VGA")])
def test_sizes_that_would_be_measured_twice_are_refused(sizes, large, monkeypatch):
    monkeypatch.setattr(record, "_rows", lambda *_: pytest.fail("it measures"))
    with pytest.raises(ValueError, match="expected every size once"):
        record.record(sizes, large, 0.1, "")


def test_suites_give_no_two_rows_one_name():
    suites = [f"benchmarks/bench_{name}.py" for name in ("calls", "luminance_contrast")]
    wanted = ["--sizes", "64x64", "-k", "(lc or luminance) and grey and not (noise or out_of)"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        *suites,
        *wanted,
    ]
    alone = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        [*command, "--benchmark-disable"],
        check=False, capture_output=True, text=True, cwd=tables.ROOT, env=alone, timeout=250,
    )  # fmt: skip
    assert "AssertionError: two rows are called {'method': 'lc'" in done.stdout, done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_every_suite_takes_every_size():
    """Collected, not run: at 8K that would take an hour."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n0",
        "--collect-only",
        "-p",
        "no:cacheprovider",
    ]
    alone = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        [*command, "benchmarks", "--benchmark-disable", "--sizes", ",".join(inputs.SIZES)],
        check=True, capture_output=True, text=True, cwd=tables.ROOT, env=alone, timeout=250,
    )  # fmt: skip
    rows = re.findall(r"^benchmarks/(\w+)\.py::\w+\[(.*)\]$", done.stdout, re.MULTILINE)
    found = {(suite, part) for suite, given in rows for part in given.split("-")}
    found = {(suite, size) for suite, size in found if size in inputs.SIZES}
    suites = {path.stem for path in (tables.ROOT / "benchmarks").glob("bench_*.py")}
    expected = suites - {"bench_calls", "bench_programs", "bench_superpixel_terms"}
    assert found == {(suite, size) for suite in expected for size in inputs.SIZES}


@pytest.mark.parametrize("size", ["320x240", "8K"])
def test_inputs_of_the_least_and_the_largest_size(size):
    photo = inputs.photograph.__wrapped__(size)  # not to be kept
    assert photo.shape == (*inputs.SIZES[size], 3)
    assert photo[::8, ::8].std() > 20


def test_of_rows_recorded_twice_the_slower_counts(results, tmp_path):
    results["rows"] = [row("flow", 5.0), row("lc", 2.0), row("flow", 4.0), row("flow", 3.0)]
    record.write(results, tmp_path)
    kept = record.newest(tmp_path)["rows"]
    assert [(each["method"], each["ms"]) for each in kept] == [("flow", 5.0), ("lc", 2.0)]


@pytest.mark.parametrize("path", sorted(record.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_recorded_results_can_be_compared(path):
    before = compare.read_results(path)
    found = compare.changes(before, before)
    assert len(found) == len(before["rows"])
    names = {each.name for each in found}
    assert len(names) == len({compare.identity(each) for each in before["rows"]})
    assert not any("None" in name for name in names)


def test_the_command_compares_with_recorded_results(capsys):
    path = max(record.FOLDER.glob("*.json"))
    as_many = compare.read_results(path)["machine"]["threads"] == threads.count()
    wanted = ["--sizes", "64x64", "--methods", "lc", "--backends", "cpu", "--seconds", "0.02"]
    assert main(["bench", *wanted, "--compare", str(path)]) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    disturbed = r"(, 1 of them measured while the processors were not at full speed)?"
    assert re.fullmatch(rf"[01] of {int(as_many)} rows? beyond 15%{disturbed}", told)


def test_tables_tell_losses_and_what_was_not_measured(results):
    speeds = tables.speeds(results)
    assert "| `lc` | 2 | 500 | 1,037 | lost: 0.8x `cv2.calcHist + LUT` (0.7 to 0.923), 9x" in speeds
    assert "`cv2.saliency` was not installed" in speeds
    assert "Some CPU (TM) 3.1, 2 threads for both sides, copying 29.9 GB/s" in speeds
    assert all(f"| `{key}` |" in speeds for key in BUILT_IN)
    assert "not measured" not in speeds
    results["rows"] = [each for each in results["rows"] if each["method"] != "bin-wang"]
    assert "\n| `bin-wang` |  |  |  | not measured |\n" in tables.speeds(results)

    goals = tables.goals(results)
    grown = "| 2 | lc out of cache, 4K, grey | at most 1.3x the cost per pixel at 1080p | 1.3x"
    assert f"{grown} the cost per pixel at 1080p | met |" in goals
    lost = "| 2 | lc, 1080p, colour | at least 1.5x cv2.calcHist + LUT | 0.8x cv2.calcHist + LUT |"
    assert f"{lost} **missed** |" in goals
    assert "| 3 | slic to its end, 1080p, colour | at most 400 ms |  | not measured |" in goals
    assert goals.count("\n|") == 2 + len(targets.TARGETS)


def test_losses_are_listed_whatever_their_size_and_kind(results):
    results["rows"] += [
        row("bing", 1.5, size="64x64", kind="grey", peers={"cv2.saliency": peer(0.95)}),
        {"method": "import", "backend": "cpu", "ms": 99.9, "peers": {"import numpy": peer(0.7)}},
        row("lc", 1.0, size="VGA", peers={"NumPy": peer(1.0)}),
    ]
    _, _, listed = tables.losses(results).partition("---|\n")
    assert listed.splitlines() == [
        "| lc, 1080p, colour | 2 | cv2.calcHist + LUT | 3 | 0.8x (0.7 to 0.923) |",
        "| bing, 64x64, grey | 1.5 | cv2.saliency | 3 | 0.95x (0.85 to 1.07) |",
        "| import | 99.9 | import numpy | 3 | 0.7x (0.6 to 0.823) |",
    ]
    assert tables.losses({**results, "rows": []}).endswith("No row is slower than a peer.")


def test_tables_go_between_their_marks():
    text = "a\n<!-- t: begin -->\nold\n<!-- t: end -->\nb\n"
    assert tables.with_table(text, "t", "\\new") == text.replace("old", "\\new")
    with pytest.raises(ValueError, match="expected one table between <!-- x: begin -->"):
        tables.with_table(text, "x", "new")


@pytest.mark.parametrize("path", ["README.md", "benchmarks/README.md", "fastsal/cli/figures.json"])
def test_the_pages_show_the_newest_results(path):
    """If this fails, run ``python -m benchmarks.tables``."""
    page = tables.ROOT / path
    assert page.read_text() == tables.pages(record.newest(), cold_start.newest())[page]


def test_the_pages_have_a_table_of_every_name():
    found = [
        re.findall("<!-- (.*): begin -->", text)
        for path, text in tables.pages(record.newest(), cold_start.newest()).items()
        if path.suffix == ".md"
    ]
    accuracy = ["accuracy on photographs", "accuracy on sequences", "objects", "options"]
    assert found == [["speeds"], ["targets", "speeds", "large", "losses", "cold start", *accuracy]]


def test_recorded_results_name_no_machine_and_stay_small():
    for path in record.FOLDER.glob("*.json"):
        assert path.stat().st_size < 100_000
        about = json.loads(path.read_text())["machine"]
        assert about.keys() <= {"date", "fastsal", "commit", "python", "packages", "processor",
                                "threads", "threading layer", "load before"}  # fmt: skip


def test_history_is_drawn_per_method(results, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    later = {**results, "machine": {**results["machine"], "commit": "def5678"}}
    found = history.series_of([results, later], "lc", "1080p")
    assert found == {"Some CPU (TM) 3.1, 2 threads": {0: 2.0, 1: 2.0}}
    history.draw([results, later], "1080p", tmp_path / "history.png")
    assert read_image(tmp_path / "history.png").std() > 10
    with pytest.raises(FastsalError, match="no results at 8K are recorded"):
        history.draw([results], "8K", tmp_path / "none.png")


def test_every_method_is_measured_on_large_frames(monkeypatch, tmp_path):
    monkeypatch.setattr(large, "SIZES", ("64x64",))
    results = large.measure(0.001, ("64x64",))
    assert results["methods"].keys() == {k for k, m in BUILT_IN.items() if m.kind != "network"}
    ms = results["methods"]["lc"]["64x64"]
    assert f"| `lc` | {ms:.3g} | {1e3 / ms:,.0f} |" in large.table_of(results)
    monkeypatch.setattr(large, "FOLDER", tmp_path)
    assert large.newest() is None
    large.save(results, tmp_path)
    assert large.newest() == results
    assert large.fps_of(results, "lc", "8K") == large.fps_of(None, "lc", "4K") == ""


def test_memory_of_a_method_that_fails_is_no_number():
    with pytest.raises(ValueError, match="nope"):
        memory.bytes_per_pixel("nope", "64x64")


def test_a_suite_without_large_sizes_is_recorded_all_the_same(tmp_path):
    command = [sys.executable, "-m", "benchmarks.record", "--only", "fine_grained", "--sizes",
               "320x240", "--large", "720p", "--row-seconds", "0.01"]  # fmt: skip
    folder = tmp_path / "made" / "for it"
    # pytest-benchmark measures nothing if the environment looks like a worker of pytest.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    command += ["--folder", str(folder)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    (written,) = folder.iterdir()
    rows = json.loads(written.read_text())["rows"]
    assert {row["method"] for row in rows} == {"fine-grained", "fine-grained exact"}


@pytest.mark.timeout(600)  # where it is the first to compile everything
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peaks come from Linux's /proc")
def test_no_method_takes_more_memory_than_readme_says():
    section = (
        (tables.ROOT / "benchmarks" / "README.md")
        .read_text()
        .partition("## Memory\n")[2]
        .partition("\n## ")[0]
    )
    rows = re.findall(r"^\| (`.*?) \| (\d+) \|", section, re.MULTILINE)
    stated = {key: int(most) for keys, most in rows for key in re.findall(r"`(.*?)`", keys)}
    assert stated.keys() == BUILT_IN.keys()

    command = [sys.executable, "-m", "benchmarks.memory", "--size", "1080p"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=550)

    taken = json.loads(done.stdout)
    assert {key: taken[key] for key in stated if taken[key] > stated[key]} == {}
    # Also, README must not state outdated larger numbers.
    assert {key: taken[key] for key in stated if taken[key] < 0.8 * stated[key] - 1.5} == {}

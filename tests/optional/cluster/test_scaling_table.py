"""The table of `fastsal.distributed`'s README is the recorded one, and its text follows from it."""

import json
import re

from benchmarks import cluster

README = cluster.README.read_text()
RECORDED = {
    (each["files"], each["row"]): each
    for each in (json.loads(path.read_text()) for path in cluster.RESULTS.glob("*.json"))
}
CLUSTERS = [each for each in RECORDED.values() if each["row"].startswith("workers")]


def ratio(files, row, other):
    return RECORDED[files, row]["files_per_second"] / RECORDED[files, other]["files_per_second"]


def stated(pattern):
    """Return the numbers that a sentence of the README states."""
    found = re.search(pattern, " ".join(README.split()))
    assert found, f"the README has no sentence like {pattern}"
    return [float(each.replace(",", "")) for each in found.groups()]


def test_the_table_is_the_recorded_one():
    between = README.partition("<!-- scaling: begin -->\n")[2].partition("<!-- scaling: end -->")[0]
    assert between == cluster.table()
    assert {files for files, _ in RECORDED} == {1_000, 10_000}


def test_scaling():
    (speedup, small, small_loop, loop) = stated(
        r"Two workers do ([\d.]+) times the files of one at 10,000 files, and ([\d.]+) times at "
        r"1,000\. They do ([\d.]+) times those of two plain loops at 1,000 files, and ([\d.]+) "
    )
    assert speedup == round(ratio(10_000, "workers-2", "workers-1"), 2)
    assert small == round(ratio(1_000, "workers-2", "workers-1"), 2)
    assert small_loop == round(ratio(1_000, "workers-2", "loop-2"), 2)
    assert loop == round(ratio(10_000, "workers-2", "loop-2"), 2)


def test_cost_of_the_scheduler():
    low, high, rate, workers, each, seconds = stated(
        r"client and scheduler took ([\d.]+) to ([\d.]+) ms of processor time per file.* serves "
        r"about ([\d,]+) files per second\. That is (\d+) workers at (\d+) files per second each.*"
        r"A job of ([\d.]+) s per file keeps"
    )
    costs = [each["own_ms_per_file"] for each in CLUSTERS]
    assert (low, high) == (round(min(costs), 2), round(max(costs), 2))
    assert rate == round(1_000 / high, -2)
    assert workers == rate // each
    assert seconds == high
    assert each == round(RECORDED[10_000, "loop-1"]["files_per_second"])


def test_growth_of_memory():
    (total,) = stated(r"grows by at most ([\d.]+) MB over 10,000 files")
    grown = [each["memory_growth_mb"] for each in CLUSTERS if each["files"] == 10_000]
    assert total == round(max(grown), 1)

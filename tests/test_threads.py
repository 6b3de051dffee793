"""Many threads and forked workers, on every threading layer: right answers, no abort, no hang."""

import os
from pathlib import Path

import pytest
from processes import run_python

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="about processes that fork")

LAYERS = {
    "TBB": "",
    "no TBB": "import sys; sys.modules['numba.np.ufunc.tbbpool'] = None",
}

# Answers of one thread, to compare with: of sizes that run on one thread and on all of them.
ANSWERS = """
import sys, numba, numpy as np, fastsal
from fastsal.kernels import launch, threads

rng = np.random.default_rng(1)
SHAPES = [(300, 301), (40, 41), (260, 270, 3), (9, 90, 91, 3)]
IMAGES = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in SHAPES]

def answers_of(image):
    return (
        fastsal.luminance_contrast(image),
        fastsal.frame_difference(image, image[::-1]),
        fastsal.frame_difference(image, image[::-1], threshold=9),
    )

def right(i):
    return all(map(np.array_equal, answers_of(IMAGES[i]), EXPECTED[i]))
"""


@pytest.mark.parametrize(("layer", "seconds"), [("TBB", 10), ("no TBB", 3)])
def test_eight_threads_at_once(layer, seconds):
    printed = run_python(
        LAYERS[layer] + ANSWERS + """
import threading, time
EXPECTED = [answers_of(image) for image in IMAGES]
outcomes, start = [], threading.Barrier(8)

def work(k):
    start.wait()
    calls, ends = 0, time.monotonic() + float(sys.argv[1])
    while time.monotonic() < ends:
        if not right((k + calls) % len(IMAGES)):
            outcomes.append("wrong")
            return
        calls += 1
    outcomes.append("right" if calls else "idle")

workers = [threading.Thread(target=work, args=(k,)) for k in range(8)]
for worker in workers: worker.start()
for worker in workers: worker.join()
print(*outcomes)
""",
        seconds,
        timeout=seconds + 100,
    )  # fmt: skip
    assert printed.split() == ["right"] * 8


@pytest.mark.parametrize("layer", LAYERS)
def test_first_calls_of_many_threads_at_once(layer):
    """The layer is chosen and started once, whoever comes first."""
    printed = run_python(
        LAYERS[layer] + ANSWERS + """
import threading
start, results = threading.Barrier(8), []
def work():
    start.wait()
    results.append(fastsal.luminance_contrast(IMAGES[0]))
workers = [threading.Thread(target=work) for _ in range(8)]
for worker in workers: worker.start()
for worker in workers: worker.join()
print(len(results), all(np.array_equal(each, results[0]) for each in results))
"""
    )  # fmt: skip
    assert printed == "8 True"


FORKED = """
import multiprocessing

def load(tasks, done):
    for i in iter(tasks.get, None):
        done.put((i, right(i)))

def run_workers(count):
    fork = multiprocessing.get_context("fork")
    tasks, done = fork.Queue(), fork.Queue()
    workers = [fork.Process(target=load, args=(tasks, done)) for _ in range(count)]
    for worker in workers: worker.start()
    for i in range(12): tasks.put(i % len(IMAGES))
    found = [done.get() for _ in range(12)]
    for _ in workers: tasks.put(None)
    for worker in workers: worker.join()
    assert [worker.exitcode for worker in workers] == [0] * count
    assert sorted(i for i, _ in found) == sorted(list(range(len(IMAGES))) * 3)
    return all(good for _, good in found)
"""


@pytest.mark.parametrize("layer", LAYERS)
def test_forked_workers_after_use_in_the_parent(layer):
    printed = run_python(
        LAYERS[layer] + ANSWERS + FORKED + """
EXPECTED = [answers_of(image) for image in IMAGES]
print(run_workers(1), run_workers(3), all(map(right, range(len(IMAGES)))))
print(run_workers(2))  # a second epoch, after use in the parent again
"""
    )  # fmt: skip
    assert printed.split() == ["True"] * 4


@pytest.mark.parametrize("layer", LAYERS)
def test_forked_workers_before_use_in_the_parent(layer):
    printed = run_python(
        LAYERS[layer] + ANSWERS + FORKED + """
class Later:
    def __getitem__(self, i):
        return answers_of(IMAGES[i].copy())
EXPECTED = Later()
print(run_workers(2), all(map(right, range(len(IMAGES)))))
"""
    )  # fmt: skip
    assert printed.split() == ["True"] * 2


@pytest.mark.parametrize("layer", LAYERS)
def test_forks_in_the_middle_of_other_threads_calls(layer):
    printed = run_python(
        LAYERS[layer] + ANSWERS + """
import os, threading, time
EXPECTED = [answers_of(image) for image in IMAGES]
ended = threading.Event()
def keep_busy():
    while not ended.is_set():
        fastsal.luminance_contrast(IMAGES[0])
workers = [threading.Thread(target=keep_busy) for _ in range(4)]
for worker in workers: worker.start()
statuses = set()
for _ in range(30):
    time.sleep(0.002)
    child = os.fork()
    if child == 0:
        os._exit(0 if right(0) and right(2) else 3)
    statuses.add(os.waitpid(child, 0)[1])
ended.set()
for worker in workers: worker.join()
print(statuses)
"""
    )  # fmt: skip
    assert printed.splitlines()[-1] == "{0}"  # Numba says before that it could not join threads


def test_two_threads_may_fork_at_once():
    printed = run_python(
        ANSWERS + """
import os, threading
EXPECTED = [answers_of(image) for image in IMAGES]
start, statuses = threading.Barrier(3), []
def fork():
    start.wait()
    for _ in range(10):
        child = os.fork()
        if child == 0:
            os._exit(0 if right(0) else 3)
        statuses.append(os.waitpid(child, 0)[1])
workers = [threading.Thread(target=fork) for _ in range(3)]
for worker in workers: worker.start()
for worker in workers: worker.join()
print(len(statuses), set(statuses), right(0))
"""
    )  # fmt: skip
    assert printed.splitlines()[-1] == "30 {0} True"


@pytest.mark.parametrize(
    ("layer", "expected"),
    [("TBB", "tbb: several calls at a time"), ("no TBB", "workqueue: one call at a time, because")],
)
def test_the_layer_and_why(layer, expected):
    printed = run_python(
        LAYERS[layer] + ANSWERS + """
fastsal.luminance_contrast(IMAGES[0])
name, why = threads.layer()
assert name == numba.threading_layer()
print(name + ": " + why)
"""
    )  # fmt: skip
    assert printed.startswith(expected)
    assert "\n" not in printed


def test_the_layer_is_chosen_before_numba_is_asked_for_threads():
    """Asking Numba how many threads there are starts the layer that Numba would choose."""
    root = Path(__file__).parents[1]
    files = [path for name in ("fastsal", "benchmarks") for path in (root / name).rglob("*.py")]
    for call, expected in (
        ("get", ["bands.py", "threads.py"]),
        ("set", ["cluster.py", "suite.py", "threads.py"]),
    ):
        asking = [
            path.name
            for path in files
            if f"{call}_num_threads" in path.read_text().replace(f"torch.{call}_num_threads", "")
        ]
        assert sorted(asking) == expected
    printed = run_python(
        """
import os, cv2, numba
from benchmarks import conftest, record
from fastsal.kernels import threads
from fastsal.bench import machine, suite

def run_benchmark():
    with suite.on_threads(1):
        pass

def describe():
    assert machine.description()["threading layer"] == numba.threading_layer()

def start_suites():
    conftest.pytest_configure()
    numba.get_num_threads()

for job in (threads.count, describe, run_benchmark, start_suites):
    if os.fork() == 0:
        job()
        os._exit(0 if numba.threading_layer() == threads.layer()[0] == "tbb" else 3)
    print(os.wait()[1], flush=True)
""",
        cwd=root,
    )
    assert printed.split() == ["0"] * 4


@pytest.mark.parametrize("name", ["workqueue", "omp", "tbb"])
def test_a_layer_the_user_sets_is_respected(name):
    printed = run_python(
        ANSWERS
        + """
import threading
EXPECTED = [answers_of(IMAGES[0])]
outcomes = []
workers = [
    threading.Thread(target=lambda: outcomes.append(all(right(0) for _ in range(40))))
    for _ in range(4)
]
for worker in workers: worker.start()
for worker in workers: worker.join()
print(numba.threading_layer(), *threads.layer(), all(outcomes), len(outcomes))
""",
        environment={"NUMBA_THREADING_LAYER": name},
    )
    assert printed.startswith(f"{name} {name} ")
    assert printed.endswith("(set by NUMBA_THREADING_LAYER) True 4")
    assert ("not safe to fork" in printed) == (name == "omp")


@pytest.mark.parametrize("name", ["foo", "tbb2", ""])
def test_a_layer_that_does_not_exist_is_refused_in_one_line(name):
    printed = run_python(
        """
import sys, numpy as np, fastsal
try:
    fastsal.luminance_contrast(np.zeros((4, 4), np.uint8))
except fastsal.BackendUnavailableError as error:
    print(error)
from fastsal.cli.main import main
sys.exit(main(["info"]))
""",
        environment={"NUMBA_THREADING_LAYER": name},
    )
    error, *facts = printed.splitlines()
    assert error.endswith(f"threadsafe or forksafe; got {name!r}")
    assert [line for line in facts if line.startswith("threading layer       none: ")]
    assert [line for line in facts if line.startswith("backend cpu           no: ")]


@pytest.mark.parametrize("name", ["tbb", "safe"])
def test_a_layer_that_cannot_be_loaded_is_refused_in_one_line(name):
    printed = run_python(
        LAYERS["no TBB"]
        + """
import numpy as np, fastsal
try:
    fastsal.luminance_contrast(np.zeros((400, 400), np.uint8))
except fastsal.BackendUnavailableError as error:
    print(error)
""",
        environment={"NUMBA_THREADING_LAYER": name},
    )
    assert f"NUMBA_THREADING_LAYER is {name!r}" in printed
    assert len(printed.splitlines()) == 1


def test_a_layer_that_runs_already_is_kept():
    printed = run_python(
        """
import numba
numba.config.THREADING_LAYER = "workqueue"
@numba.njit(parallel=True)
def others(n):
    total = 0
    for i in numba.prange(n):
        total += i
    return total
others(10)
numba.config.THREADING_LAYER = "default"
"""
        + ANSWERS
        + "answers_of(IMAGES[0]); print(numba.threading_layer(), *threads.layer())"
    )
    assert printed == (
        "workqueue workqueue one call at a time (started before fastsal by other code)"
    )


def test_the_users_number_of_threads_is_kept():
    printed = run_python(
        ANSWERS
        + """
EXPECTED = [answers_of(image) for image in IMAGES]
numba.set_num_threads(1)
print(all(map(right, range(len(IMAGES)))), numba.get_num_threads())
"""
    )
    assert printed == "True 1"


def test_one_thread_by_environment():
    printed = run_python(
        ANSWERS + "EXPECTED = [answers_of(i.copy()) for i in IMAGES]; print(right(0), right(2))",
        environment={"NUMBA_NUM_THREADS": "1"},
    )
    assert printed == "True True"

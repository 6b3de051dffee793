"""Kernels with functions that are compiled once, and code of other packages beside them."""

import os
import subprocess
import sys

import pytest
from processes import run_python

from fastsal import runtime

pytestmark = pytest.mark.skipif(runtime.is_simulated(), reason="the simulator compiles nothing")

# A kernel with everything that real ones have: nested parts, a parallel loop, its own array, an
# error.
KERNEL = """
import numpy as np
from numba import njit, prange
from fastsal.kernels import building

FLAGS = {"nogil": True, "error_model": "numpy"}

def kernel(function, **more):
    return building.kernel(function, **FLAGS, **more)

def inner(value, limit):
    if value > limit:
        raise ValueError("beyond the limit")
    return value + 1
inner = kernel(inner)

def span(source, target, limit, start, stop):
    line = np.empty(4, np.float64)
    for i in range(start, stop):
        line[i % 4] = inner(source[i], limit)
        target[i] = 2 * line[i % 4]
span = kernel(span)

def bands(source, target, limit, count):
    for band in prange(count):
        span(source, target, limit, band * source.size // count, (band + 1) * source.size // count)
bands = kernel(bands, parallel=True)

source, target = np.arange(12.0), np.empty(12)

def check():
    target[:] = 0
    bands(source, target, 99.0, 3)
    assert np.array_equal(target, 2 * (source + 1))
    target[:] = 0
    span(source, target, 99.0, 0, 12)
    assert np.array_equal(target, 2 * (source + 1))
    try:
        span(source, target, 5.0, 0, 12)
    except ValueError as error:
        assert str(error) == "beyond the limit"
    else:
        raise AssertionError("no error")
"""


def test_a_kernel_is_finished_once():
    printed = run_python(
        KERNEL
        + """
from fastsal.kernels import linking
finished = []
real = linking.JITCodeLibrary._finalize_final_module
def noted(self):
    finished.append(type(self).__name__)
    real(self)
linking.JITCodeLibrary._finalize_final_module = noted
building.why_plain()
finished.clear()
bands(source, target, 99.0, 3)
print(building.why_plain(), *finished)
check()
"""
    )
    assert printed == "None Whole"


def test_kernels_threads_and_a_fork():
    """All threads come at once; a process that forks meanwhile waits for the compiler."""
    printed = run_python(
        KERNEL
        + """
import os, threading
start, outcomes = threading.Barrier(5), []
def work():
    start.wait()
    span(source, np.empty(12), 99.0, 0, 12)
    outcomes.append("right")
workers = [threading.Thread(target=work) for _ in range(4)]
for each in workers: each.start()
start.wait()
if os.fork() == 0:
    check()
    os._exit(0)
print(os.wait()[1])
for each in workers: each.join()
check()
print(*outcomes)
"""
    )
    assert printed.split() == ["0", *["right"] * 4]


def test_a_fork_while_another_thread_compiles():
    """A child that has the compiler's lock from its parent, held, would wait for ever."""
    printed = run_python(
        """
import os, threading
import numpy as np
from numba import njit
from numba.core import event
from fastsal.kernels import threads  # with this come the hooks

began = threading.Event()
class Listener(event.Listener):
    def on_start(self, _): began.set()
    def on_end(self, _): pass
event.register("numba:compile", Listener())

@njit
def slow(x):
    return np.sort(x)[::-1] + np.cumsum(x)
@njit
def quick(x):
    return x + 1

worker = threading.Thread(target=slow, args=(np.arange(3.0),))
worker.start()
began.wait()
if os.fork() == 0:
    os._exit(quick(6))
print(os.waitstatus_to_exitcode(os.wait()[1]))
worker.join()
print(quick(1), slow(np.arange(2.0)))
"""
    )
    assert printed == "7\n2 [1. 1.]"


def test_errors_of_the_compiler_leave_nothing_behind():
    """This holds for fastsal's kernels and for others."""
    printed = run_python(
        KERNEL
        + """
from numba.core.errors import TypingError
from numba.core.registry import cpu_target
from fastsal.kernels import linking

def bad(values):
    line = np.empty(4, np.float32)
    line[0] = inner(values[0], 99.0)
    return values.no_such_attribute + line[0]
bad = kernel(bad)
library_class = cpu_target.target_context.codegen()._library_class
for _ in range(2):
    try:
        bad(source)
    except TypingError as error:
        print("no_such_attribute" in str(error))
assert cpu_target.target_context.codegen()._library_class is library_class

@njit
def others(n):
    line = np.empty(n, np.float32)  # made a part by the kernel that failed
    line[:] = 3
    return line
print(others(3).tolist())
try:
    others(-1)
except ValueError as error:
    print(error)
check()
"""
    )
    assert printed.splitlines() == [
        "True",
        "True",
        "[3.0, 3.0, 3.0]",
        "negative dimensions not allowed",
    ]


@pytest.mark.parametrize("when", ["before", "after"])
def test_code_of_others_beside_kernels(when):
    """With functions of Numba's that kernels made parts of, with parts of ours, with errors."""
    others = """
@njit
def others(n, limit):
    line = np.empty(4, np.float64)
    for i in range(4):
        line[i] = inner(float(i), limit)
    return line[:n].sum()
@njit(parallel=True)
def of_all_threads(values):
    total = 0.0
    for i in prange(values.size):
        total += inner(values[i], 99.0)
    return total
def check_others():
    assert others(4, 9.0) == 10
    assert of_all_threads(source) == source.sum() + 12
    try:
        others(4, 1.0)
    except ValueError as error:
        assert str(error) == "beyond the limit"
    else:
        raise AssertionError("no error")
"""
    order = ("check_others()", "check()")
    calls = "\n".join(order if when == "before" else order[::-1])
    assert run_python(KERNEL + others + calls + "\n" + calls + "\nprint('done')") == "done"


def test_a_part_of_numbas_that_python_calls_says_no():
    """Numba makes a Python callable of each part, which has no code behind it."""
    printed = run_python(
        KERNEL
        + """
@njit
def helper(x):
    return x + 1
def outer(x):
    return helper(x)
print(kernel(outer)(1))
try:
    helper(1)
except TypeError as error:
    print(error)
"""
    )
    assert printed.splitlines() == ["2", "bad argument type for built-in operation"]


REMOVED = """
import sys
from numba.core import codegen, registry
name, place = sys.argv[1:]
if place == "module":
    import types
    module, _, name = name.rpartition(".")
    __import__(module)
    class Without(types.ModuleType):
        def __getattribute__(self, asked):
            if asked == name and sys._getframe(1).f_globals["__name__"].startswith("fastsal"):
                raise AttributeError(asked)
            return super().__getattribute__(asked)
    sys.modules[module].__class__ = Without
elif place == "codegen":
    real = type(registry.cpu_target.target_context.codegen())
    class Without(real):
        def __getattribute__(self, asked):
            if asked == name and sys._getframe(1).f_globals["__name__"].startswith("fastsal"):
                raise AttributeError(asked)
            return super().__getattribute__(asked)
    registry.cpu_target.target_context.codegen().__class__ = Without
elif sys.argv[2] == "context":
    context = registry.cpu_target.target_context
    class Without(type(context)):
        def __getattribute__(self, asked):
            if asked == name and sys._getframe(1).f_globals["__name__"].startswith("fastsal"):
                raise AttributeError(asked)
            return super().__getattribute__(asked)
    context.__class__ = Without
else:
    class Without(codegen.JITCodeLibrary):
        def __getattribute__(self, asked):
            if asked == name and sys._getframe(1).f_globals["__name__"].startswith("fastsal"):
                raise AttributeError(asked)
            return super().__getattribute__(asked)
    codegen.JITCodeLibrary = Without
"""


def removals():
    """Yield all names of modules, and one of each other place: the rest take the same way."""
    from fastsal.kernels import linking

    yield linking.NAMES[0], "library"
    yield linking.CODEGEN_NAMES[0], "codegen"
    yield linking.CONTEXT_NAMES[0], "context"
    for name in (
        "codegen.JITCodeLibrary", "compiler_machinery.AnalysisPass",
        "compiler_machinery.register_pass", "environment.lookup_environment",
        "typed_passes.AnnotateTypes", "lowering.Lower", "datamodel.default_manager",
    ):  # fmt: skip
        yield f"numba.core.{name}", "module"
    yield "numba.parfors.parfor.Parfor", "module"


@pytest.mark.parametrize(
    ("place", "names"),
    [("library", "NAMES"), ("codegen", "CODEGEN_NAMES"), ("context", "CONTEXT_NAMES")],
)
def test_each_of_numbas_names_is_looked_up(place, names):
    code = f"""
import sys
sys.argv[1:] = ["", "{place}"]
{REMOVED}
from fastsal.kernels import building, linking
print(building._missing_names())
for name in linking.{names}:
    assert building._missing_names() == f"this version of Numba has no {{name}}", name
print(len(linking.{names}) > 1)
"""
    assert run_python(code) == "None\nTrue"


def test_without_any_of_numbas_names_kernels_are_compiled_plainly():
    """One process per name, several at a time."""
    code = REMOVED + KERNEL + "check()\nprint(building.why_plain(), building.why_numba_lowers())"
    jobs = list(removals())
    running = []
    for start in range(0, len(jobs), 4):
        running = [
            subprocess.Popen(
                [sys.executable, "-c", code, *job],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ,
            )
            for job in jobs[start : start + 4]
        ]  # fmt: skip
        for (name, _), process in zip(jobs[start : start + 4], running, strict=True):
            out, errors = process.communicate(timeout=100)
            assert process.returncode == 0, (name, errors)
            assert name.rpartition(".")[2] in out, (name, out)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("linking._dropped_if_unused = None", "a trial kernel failed: TypeError"),
        ("linking.add_pass = lambda passes: 1 / 0", "a trial kernel failed: ZeroDivisionError"),
        ("building._trial = lambda values, limit: 5.0", "a trial kernel returned 5.0"),
    ],
)
def test_a_trial_that_fails_means_plain_kernels(broken, reason):
    printed = run_python(
        KERNEL + f"from fastsal.kernels import linking\n{broken}\ncheck()\n"
        "print(building.why_plain())"
    )
    assert printed.startswith(reason)

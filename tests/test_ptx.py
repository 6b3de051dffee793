"""Compile every CUDA kernel to PTX: no GPU needed. The simulator checks no types; this does.

``pytest tests/test_ptx.py -rP`` shows registers and spills of each, where ptxas is to be had.
"""

import importlib
import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import signatures

import fastsal
from fastsal import runtime

if runtime.is_simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)
pytest.importorskip("numba_cuda", reason="numba-cuda compiles to PTX; it is not installed")

from numba import cuda
from wide_blocks import WIDE_BLOCKS

from fastsal.kernels import launch
from fastsal.kernels.kernel import Kernel

TARGETS = [(7, 5), (9, 0)]
REGISTERS = 1 << 16  # that the threads of a block share
PACKAGE = Path(fastsal.__file__).parent


def tables():
    """Yield, per module of tests/signatures, the package its kernels lie in and the module."""
    for path in sorted(Path(signatures.__file__).parent.glob("[a-z]*.py")):
        floor = "kernels" if (PACKAGE / "kernels" / path.stem).is_dir() else "algorithms"
        if path.stem != "forms":
            yield f"{floor}.{path.stem}", importlib.import_module(f"signatures.{path.stem}")


SIGNATURES = {
    f"{package}.{name}": forms
    for package, table in tables()
    for name, forms in table.KERNELS.items()
}
DOUBLES = {
    f"{package}.{name}" for package, table in tables() for name in getattr(table, "DOUBLES", ())
}
CASES = [(name, signature) for name, all_ in SIGNATURES.items() for signature in all_]


def threads_of(name):
    """Return how many threads the blocks of a kernel have; test_launches checks this table."""
    return WIDE_BLOCKS.get(name, launch.THREADS)


def name_of_module(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def kernels_of(path):
    """Return the kernels a file defines.

    Functions that only kernels call are compiled with those.
    """
    module = importlib.import_module(f"fastsal.{name_of_module(path)}")
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, Kernel) and value.py_func.__module__ == module.__name__
    }


@pytest.fixture(params=TARGETS, ids=lambda target: "sm_{}{}".format(*target))
def target(request, monkeypatch):
    device = SimpleNamespace(compute_capability=request.param)  # device functions ask for one
    monkeypatch.setattr("numba.cuda.dispatcher.get_current_device", lambda: device)
    return request.param


@pytest.fixture(scope="module")
def ptxas():
    """Return the newest assembler there is: that of the wheel nvidia-cuda-nvcc, or of the PATH."""
    nvidia = importlib.util.find_spec("nvidia")
    roots = nvidia.submodule_search_locations if nvidia else []
    found = [path for root in roots for path in sorted(Path(root).glob("*/bin/ptxas"))]
    return str(found[-1]) if found else shutil.which("ptxas")


def test_the_table_names_every_kernel_and_no_other():
    found = {
        f"{name_of_module(path)}.{name}"
        for path in PACKAGE.rglob("_cuda*.py")
        for name in kernels_of(path)
    }
    assert found == set(SIGNATURES)


@pytest.mark.parametrize(("name", "signature"), CASES, ids=[f"{n}-{s}" for n, s in CASES])
def test_compiles_without_doubles_or_spills(
    name, signature, target, ptxas, tmp_path, record_property
):
    module, _, function = name.rpartition(".")
    kernel = getattr(importlib.import_module(f"fastsal.{module}"), function)

    ptx, _ = cuda.compile_ptx(kernel.py_func, signature, cc=target)

    assert (".f64" in ptx) == (name in DOUBLES)
    if ptxas is None:
        return
    source = tmp_path / "kernel.ptx"
    source.write_text(ptx)
    made = subprocess.run(
        [ptxas, "-v", "-arch=sm_{}{}".format(*target), source, "-o", tmp_path / "kernel.cubin"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "Unsupported .version" in made.stderr:
        pytest.skip(f"{ptxas} is older than the compiler: {made.stderr.splitlines()[0]}")
    assert made.returncode == 0, made.stderr
    registers = int(re.search(r"Used (\d+) registers", made.stderr)[1])
    spilled = sum(int(bytes_) for bytes_ in re.findall(r"(\d+) bytes spill", made.stderr))
    record_property("registers", registers)
    record_property("spilled_bytes", spilled)
    print(f"{registers} registers, {spilled} bytes spilled: {name} {signature}")
    assert spilled == 0
    # A device hands registers out by eights, and starts no block that wants more than there are.
    assert -(-registers // 8) * 8 * threads_of(name) <= REGISTERS

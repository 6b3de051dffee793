"""Every bench on a device has a twin on the CPU: the same functions with the same parameters."""

import ast
from pathlib import Path

import pytest

import fastsal

PACKAGE = Path(fastsal.__file__).parent
ROOMS = sorted(path.parent for path in PACKAGE.rglob("_cuda.py"))


def public_functions(path):
    return {
        node.name: node for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }  # fmt: skip


def compiled(node):
    """Return whether a function is one for kernels to call, not for the room's door."""
    ours = "serial", "summing", "banded", "parallel", "kernel", "device"
    return any(getattr(each, "id", "") in ours for each in node.decorator_list)


def doors(path):
    return {
        name: ast.unparse(node.args)
        for name, node in public_functions(path).items()
        if not compiled(node)
    }


def test_there_are_rooms():
    assert {"color", "luminance_contrast", "frame_difference"} <= {room.name for room in ROOMS}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_benches_are_twins(room):
    assert doors(room / "_cpu.py") == doors(room / "_cuda.py") != {}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_twins_say_the_same_of_themselves(room):
    sayings = [
        {
            name: ast.get_docstring(node)
            for name, node in public_functions(path).items()
            if not compiled(node)
        }
        for path in (room / "_cpu.py", room / "_cuda.py")
    ]
    assert sayings[0] == sayings[1]


def imported_from_math(path):
    return {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "_math" and node.level == 1
        for alias in node.names
    }


def tables(path):
    """Return the names of constants: the networks of medians are such a formula."""
    return {
        name.id
        for node in ast.parse(path.read_text()).body if isinstance(node, ast.Assign)
        for name in ast.walk(node.targets[0]) if isinstance(name, ast.Name)
    }  # fmt: skip


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_the_formula_stands_once(room):
    """Both benches, each of which may be several files, use what `_math.py` defines."""
    formulas = public_functions(room / "_math.py").keys() | tables(room / "_math.py")
    used = [
        set().union(*map(imported_from_math, room.glob(f"{bench}*.py")))
        for bench in ("_cpu", "_cuda")
    ]
    assert used[0] & used[1] & formulas


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_only_jit_compiles(path):
    """No file but kernels/jit.py picks flags of its own."""
    if path == PACKAGE / "kernels" / "jit.py":
        return
    tree = ast.parse(path.read_text())
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    attributes = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) != "torch.jit"
    }
    assert not {"njit", "jit", "vectorize", "guvectorize"} & (names | attributes)

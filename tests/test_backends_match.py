"""Every CUDA module has the public functions and parameters of its CPU module."""

import ast
from pathlib import Path

import pytest

import fastsal

PACKAGE = Path(fastsal.__file__).parent
PACKAGES = sorted(path.parent for path in PACKAGE.rglob("_cuda.py"))


def public_functions(path):
    return {
        node.name: node for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }  # fmt: skip


def compiled(node):
    """Return whether a function is one for kernels to call, not public."""
    ours = "serial", "summing", "banded", "parallel", "kernel", "device"
    return any(getattr(each, "id", "") in ours for each in node.decorator_list)


def public_functions_of(path):
    return {
        name: ast.unparse(node.args)
        for name, node in public_functions(path).items()
        if not compiled(node)
    }


def test_there_are_rooms():
    assert {"color", "luminance_contrast", "frame_difference"} <= {
        package.name for package in PACKAGES
    }


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_cpu_and_cuda_have_equal_names(package):
    assert (
        public_functions_of(package / "_cpu.py") == public_functions_of(package / "_cuda.py") != {}
    )


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_cpu_and_cuda_have_equal_docstrings(package):
    sayings = [
        {
            name: ast.get_docstring(node)
            for name, node in public_functions(path).items()
            if not compiled(node)
        }
        for path in (package / "_cpu.py", package / "_cuda.py")
    ]
    assert sayings[0] == sayings[1]


def imported_from_formulas(path):
    return {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "_formulas" and node.level == 1
        for alias in node.names
    }


def tables(path):
    """Return the names of constants: the networks of medians are such a formula."""
    return {
        name.id
        for node in ast.parse(path.read_text()).body if isinstance(node, ast.Assign)
        for name in ast.walk(node.targets[0]) if isinstance(name, ast.Name)
    }  # fmt: skip


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_formulas_are_written_once(package):
    """Both backends use the formulas of `_formulas.py`."""
    formulas = public_functions(package / "_formulas.py").keys() | tables(package / "_formulas.py")
    used = [
        set().union(*map(imported_from_formulas, package.glob(f"{backend}*.py")))
        for backend in ("_cpu", "_cuda")
    ]
    assert used[0] & used[1] & formulas


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_only_jit_compiles(path):
    """Only kernels/jit.py chooses compiler flags."""
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

"""An import loads only required modules."""

import subprocess
import sys

import pytest

HEAVY = ("numba", "llvmlite", "cv2", "torch", "cupy", "skimage", "scipy", "matplotlib", "PIL")


def loaded_by(code, *names):
    script = f"import sys\n{code}\nprint(*[n for n in {names!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_importing_fastsal_loads_nothing_else():
    assert loaded_by("import fastsal", "numpy", "tqdm", *HEAVY) == []


def test_asking_what_there_is_loads_nothing_else():
    code = "import fastsal; dir(fastsal); fastsal.__all__; fastsal.__version__"
    assert loaded_by(code, "numpy", *HEAVY) == []


@pytest.mark.parametrize("name", ["ImageError", "METHODS", "Stream", "use_backend", "backends"])
def test_names_without_kernels_load_no_compiler(name):
    assert loaded_by(f"import fastsal; fastsal.{name}", *HEAVY) == []


def test_kernels_on_the_cpu_load_no_cuda_and_no_pictures():
    code = "import numpy, fastsal; fastsal.luminance_contrast(numpy.eye(4, dtype='u1'))"
    assert loaded_by(code, "cv2", "torch", "cupy", "skimage", "tqdm", "matplotlib") == []


def test_kernels_from_the_cache_load_nothing_that_only_compiling_needs():
    code = "import numpy, fastsal; fastsal.luminance_contrast(numpy.eye(300, dtype='u1'))"
    compiling = ("numba.np.arrayobj", "numba.cpython.unicode", "scipy.linalg", "tqdm")
    loaded_by(code)  # compiles kernels that no test before has compiled

    assert loaded_by(code, *compiling) == []


def test_an_unknown_name_is_an_attribute_error():
    import fastsal

    with pytest.raises(AttributeError, match="module 'fastsal' has no attribute 'saliency'"):
        fastsal.saliency  # noqa: B018

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

import fastsal
from fastsal import runtime

if runtime.is_simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)
pytest.importorskip("numba_cuda", reason="numba-cuda compiles to PTX; it is not installed")

from numba import cuda

TARGETS = [(7, 5), (9, 0)]
PACKAGE = Path(fastsal.__file__).parent
LUMA = "int64, UniTuple(int64, 3)"  # channels and weights
LIMIT = "int64, float32"  # white and threshold
SPECTRUM = "float64[:,:,::1]"
SPECTRA2 = f"{SPECTRUM}, {SPECTRUM}"  # real and imaginary part
TRANSFORM = f"void({SPECTRA2}, float64[:,::1], {SPECTRA2})"
MODEL = "float32[:,::1], int16[:,::1], uint8[:,::1]"  # templates, shorts, codes
DOUBLES = {"algorithms.bin_wang._cuda._match_blocks"}  # OpenCV's bits hang on means in float64


def each(template, **choices):
    """Return `template` with every combination of the choices filled in."""
    signatures = [template]
    for name, values in choices.items():
        signatures = [s.replace(name, value) for s in signatures for value in values]
    return signatures


# What the launching functions pass, for every form of input the public functions take.
SIGNATURES = {
    "kernels.color._cuda._fill_luma": each(
        f"void(PIXEL[:,::1], {LUMA}, PIXEL[:,::1])", PIXEL=["uint8", "uint16"]
    ),
    "kernels.color._cuda._fill_float_luma": [f"void(float32[:,::1], {LUMA}, float32[:,::1])"],
    "algorithms.luminance_contrast._cuda._count_bytes": ["void(uint8[:,::1], uint32[:,::1])"],
    "algorithms.luminance_contrast._cuda._count_words": ["void(uint16[:,::1], uint32[:,::1])"],
    "algorithms.luminance_contrast._cuda._fill_scores": ["void(uint32[:,::1], float32[:,::1])"],
    "algorithms.luminance_contrast._cuda._paint_bytes": each(
        "void(uint8[:,::1], float32[:,::1], MAP[:,::1])", MAP=["float32", "uint8"]
    ),
    "algorithms.luminance_contrast._cuda._paint_words": each(
        "void(uint16[:,::1], float32[:,::1], MAP[:,::1])", MAP=["float32", "uint8"]
    ),
    "algorithms.frame_difference._cuda._fill_from_gray": each(
        f"void(PIXEL[::1], PIXEL[::1], {LIMIT}, MAP[::1])",
        PIXEL=["uint8", "uint16", "float32"],
        MAP=["float32", "uint8"],
    ),
    "algorithms.frame_difference._cuda._fill_from_color": each(
        f"void(PIXEL[::1], PIXEL[::1], {LUMA}, {LIMIT}, MAP[::1])",
        PIXEL=["uint8", "uint16"],
        MAP=["float32", "uint8"],
    ),
    "algorithms.bin_wang._cuda._match": [f"void({MODEL}, uint8[::1], int32[::1])"],
    "algorithms.bin_wang._cuda._match_blocks": [
        f"void({MODEL}, uint8[::1], int64, uint8[:,::1], int32[::1])"
    ],
    "algorithms.bin_wang._cuda._find_firsts": [
        "void(uint8[:,::1], int64, uint8[:,::1], int32[::1])"
    ],
    "algorithms.bin_wang._cuda._learn": [
        f"void({MODEL}, uint8[::1], int64, uint8[:,::1], int32[::1], int64)"
    ],
    "algorithms.bin_wang._cuda._finish": [f"void({MODEL}, uint8[::1], int32[::1])"],
    "algorithms.bin_wang._cuda._start_anew": ["void(int32[::1])"],
    "algorithms.bin_wang._cuda._paint": each(
        "void(uint8[:,::1], int64, MAP[::1])", MAP=["float32", "uint8"]
    ),
    "algorithms.bin_wang.suspects._cuda._judge": [f"void({MODEL}, int32[::1], uint8[:,::1])"],
    "algorithms.bin_wang.suspects._cuda._scan": ["void(uint8[:,::1], int32[::1], uint8[:,::1])"],
    "algorithms.bing._cuda._resize": [
        "void(uint8[:,::1], int64, int64, int32[:,::1], int32[:,::1], uint8[:,::1])"
    ],
    "algorithms.bing._cuda._fill_gradients": [
        "void(uint8[:,::1], int32[:,::1], int32[::1], uint8[:,::1])"
    ],
    "algorithms.bing._cuda._score": [
        "void(uint8[:,::1], int32[:,::1], float32[:,::1], int32[:,:,::1], float32[:,::1])"
    ],
    "algorithms.bing._cuda._pick": [
        "void(float32[:,::1], int32[:,::1], int64, float32[:,::1], int32[:,:,::1], "
        "float32[:,:,::1])"
    ],
    "algorithms.fine_grained._cuda._quantize": ["void(float32[:,::1], uint8[:,::1])"],
    "algorithms.fine_grained._cuda._smooth": ["void(uint8[:,:,::1], uint8[:,:,::1])"],
    "algorithms.fine_grained._cuda._sum_rows": each(
        "void(uint8[:,:,::1], SUM[:,:,::1], int32[:,::1])", SUM=["float32", "int32"]
    ),
    "algorithms.fine_grained._cuda._add_down": each("void(SUM[:,:,::1])", SUM=["float32", "int32"]),
    "algorithms.fine_grained._cuda._compare": each(
        "void(uint8[:,:,::1], SUM[:,:,::1], boolean, int32[:,:,::1], int32[:,::1])",
        SUM=["float32", "int32"],
    ),
    "algorithms.fine_grained._cuda._paint": each(
        "void(int32[:,::1], int32[:,::1], MAP[:,::1])", MAP=["float32", "uint8"]
    ),
    "algorithms.spectral_residual._cuda._fill_turns": ["void(float64[:,::1])"],
    "algorithms.spectral_residual._cuda._shrink": each(
        f"void(PIXEL[:,::1], {LUMA}, int64, {SPECTRA2})", PIXEL=["uint8", "uint16"]
    ),
    "algorithms.spectral_residual._cuda._shrink_floats": [
        f"void(float32[:,::1], {LUMA}, int64, float64, {SPECTRA2})"
    ],
    "algorithms.spectral_residual._cuda._transform_rows": [TRANSFORM],
    "algorithms.spectral_residual._cuda._transform_cols": [TRANSFORM],
    "algorithms.spectral_residual._cuda._fill_waves": [f"void({SPECTRA2}, {SPECTRA2}, {SPECTRUM})"],
    "algorithms.spectral_residual._cuda._fill_residual": [
        f"void({SPECTRA2}, {SPECTRA2}, {SPECTRUM})"
    ],
    "algorithms.spectral_residual._cuda._fill_sizes": [f"void({SPECTRA2}, {SPECTRUM})"],
    "algorithms.spectral_residual._cuda._fill_blurred": [f"void({SPECTRA2})"],
    "algorithms.spectral_residual._cuda._normalize": ["void(float64[:,::1], float32[:,::1])"],
    "algorithms.spectral_residual._cuda._fill_places": ["void(int64, int32[::1], float32[::1])"],
    "algorithms.spectral_residual._cuda._enlarge": each(
        "void(float32[:,:,::1], int32[::1], float32[::1], int32[::1], float32[::1], MAP[:,:,::1])",
        MAP=["float32", "uint8"],
    ),
    "algorithms.superpixel_contrast._cuda._average": each(
        "void(PIXEL[::1], int64, boolean, float32, int64, int64, int64, int64[:,::1], "
        "float32[:,::1], float32[:,::1], int32[:,::1], float32[::1], MAP[::1])",
        PIXEL=["uint8", "uint16", "float32"],
        MAP=["float32", "uint8"],
    ),
    "algorithms.superpixel_contrast._cuda._clear": each("void(MAP[::1])", MAP=["float32", "uint8"]),
    "algorithms.superpixel_contrast._cuda._fill_change": each(
        "void(float32[::1], float32[::1], boolean, MAP[::1])", MAP=["float32", "uint8"]
    ),
    "algorithms.superpixel_contrast._cuda._fill_points": [
        "void(int64[:,::1], float32[:,::1], float32[:,::1], float32, float32, float32, "
        "float32[:,::1])"
    ],
    "algorithms.superpixel_contrast._cuda._fill_terms": ["void(float32[:,:,::1], float32[:,::1])"],
    "algorithms.superpixel_contrast._cuda._paint": each(
        "void(int32[::1], float32[::1], MAP[::1])", MAP=["float32", "uint8"]
    ),
    "algorithms.superpixel_contrast._cuda._scale": [
        "void(float32[:,::1], float32[:,::1], float32, float32[::1])"
    ],
    "algorithms.superpixel_contrast._cuda._sum_pairs": [
        "void(float32[:,::1], float32[:,::1], float32[:,:,::1])"
    ],
    "algorithms.superpixels._cuda_clean.count_pixels": ["void(int32[::1], int32[::1])"],
    "algorithms.superpixels._cuda_clean.hand_over": [
        "void(int32[::1], int64, int32[::1], int32[::1], int64)"
    ],
    "algorithms.superpixels._cuda_clean.join_components": ["void(int32[::1], int64, int32[::1])"],
    "algorithms.superpixels._cuda_clean.start_components": ["void(int32[::1], int32[::1])"],
    "algorithms.superpixels._cuda_regions.add_regions": each(
        "void(PIXEL[::1], int64, boolean, int32[:,::1], int64[:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "algorithms.superpixels._cuda_regions.add_up": ["void(int32[::1])"],
    "algorithms.superpixels._cuda_regions.count_first_pixels": [
        "void(int32[::1], int64, int32[::1], int32[::1])"
    ],
    "algorithms.superpixels._cuda_regions.fill": [
        "void(int64[::1], int64)",
        "void(int32[::1], int32)",
    ],
    "algorithms.superpixels._cuda_regions.fill_means": [
        "void(int64[:,::1], int64, float32, float32[:,::1], float32[:,::1])"
    ],
    "algorithms.superpixels._cuda_regions.find_first_pixels": ["void(int32[::1], int32[::1])"],
    "algorithms.superpixels._cuda_regions.find_range": ["void(int32[::1], int32[::1])"],
    "algorithms.superpixels._cuda_regions.name_labels": [
        "void(int32[::1], int64, int32[::1], int32[::1], int32[::1])"
    ],
    "algorithms.superpixels._cuda_regions.raise_claims": [
        "void(int64[:,::1], int64, boolean, int64, int64[::1])"
    ],
    "algorithms.superpixels._cuda_regions.rename": ["void(int32[::1], int32[::1])"],
    "algorithms.superpixels._cuda_regions.settle_claims": [
        "void(int64[:,::1], float32, int64[::1], float32[:,:,::1])"
    ],
    "algorithms.superpixels._cuda_regions.start_boxes": ["void(int64, int64, int32[:,::1])"],
    "algorithms.superpixels._cuda_regions.stretch_boxes": ["void(int32[:,::1], int32[:,::1])"],
    "algorithms.superpixels._cuda_rounds.assign": [
        "void(float32[:,:,::1], float32[:,:,::1], int64, float32, int32[:,::1], float32[::1], "
        "float32[::1])"
    ],
    "algorithms.superpixels._cuda_rounds.decide": ["void(float32[::1], float32[::1])"],
    "algorithms.superpixels._cuda_rounds.fill_planes": each(
        "void(PIXEL[::1], int64, boolean, float32, float32[:,:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "algorithms.superpixels._cuda_rounds.move": [
        "void(float32[:,:,::1], int32[:,::1], int64, float32[:,:,::1], float32[::1])"
    ],
    "algorithms.superpixels._cuda_rounds.place": [
        "void(float32[:,:,::1], int64, float32[:,:,::1])"
    ],
    "algorithms.superpixels._cuda_rounds.start": ["void(float32[::1])"],
}
# 4,096 numbers a frame, whose rounding would show: see spectral_residual/_cuda.py.
DOUBLES |= {
    name
    for name in SIGNATURES
    if "spectral_residual" in name and not name.endswith(("_fill_places", "_enlarge"))
}
CASES = [(name, signature) for name, all_ in SIGNATURES.items() for signature in all_]


def name_of_module(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def kernels_of(path):
    """Return the kernels a file defines: every dispatcher of numba.cuda born there.

    Functions that only kernels call are compiled with those.
    """
    module = importlib.import_module(f"fastsal.{name_of_module(path)}")
    born_here = {
        name: value
        for name, value in vars(module).items()
        if getattr(getattr(value, "py_func", None), "__module__", None) == module.__name__
    }
    return {
        name: value
        for name, value in born_here.items()
        if "cuda" in type(value).__module__ and not value.targetoptions.get("device")
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

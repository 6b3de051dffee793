"""A new method is a package and one row of the registry, as fastsal/README.md says."""

import numpy as np
import pytest

import fastsal
from fastsal import algorithms, registry
from fastsal.cli.main import main
from fastsal.io.pictures import read_image, write_image
from fastsal.pipelines.warmup import warmup

FORMULAS = """
from fastsal.kernels.jit import serial


@serial
def darkness(level):
    return 255 - level
"""

CPU = """
import numpy as np
from fastsal.kernels.jit import banded
from fastsal.kernels.launch import over_bands
from ._formulas import darkness


def darkness_map(pixels, out):
    over_bands(_span, out.size, pixels.reshape(-1), out.reshape(-1))


@banded
def _span(pixels, out, start, stop):
    for i in range(start, stop):
        out[i] = darkness(pixels[i]) / np.float32(255)
"""

CUDA = """
from numba import cuda, float32
from fastsal.kernels.jit import kernel
from fastsal.kernels.launch import grid_for
from ._formulas import darkness


def darkness_map(pixels, out):
    _fill[grid_for(out.shape[1], out.shape[0])](pixels, out)


@kernel
def _fill(pixels, out):
    frame = cuda.blockIdx.y
    while frame < out.shape[0]:
        i = cuda.grid(2)[0]
        while i < out.shape[1]:
            out[frame, i] = darkness(pixels[frame, i]) / float32(255)
            i += cuda.gridsize(2)[0]
        frame += cuda.gridDim.y
"""

API = """
from fastsal import images
from fastsal.chunked import compute


def darkness_saliency(image, *, color="rgb", channel_axis=-1, out=None, backend="auto"):
    frames = images.as_frames(image, color=color, channel_axis=channel_axis, dtypes=("uint8",))
    return compute(_fill, backend, out, frames)


def _fill(call):
    (frames,) = call.inputs
    gray = frames.pixels
    if frames.channels > 1:
        gray = call.workspace("darkness", frames.flat_shape, "uint8")
        colors = call.kernels("fastsal.kernels.color")
        colors.fill_luma(frames.pixels, frames.channels, frames.weights, gray)
    call.kernels(__package__).darkness_map(call.read_only(gray), call.saliency)
"""

ROW = registry.Method(
    key="darkness",
    title="Darkness",
    summary="dark pixels are salient",
    kind="static",
    paper="this test, 2026",
    function="darkness_saliency",
    dtypes=("uint8",),
    package="darkness_for_tests",
)


@pytest.fixture
def darkness(tmp_path, monkeypatch):
    """Add a package and a row, and return the key of the method."""
    package = tmp_path / "algorithms" / ROW.package
    package.mkdir(parents=True)
    texts = {"_formulas": FORMULAS, "_cpu": CPU, "_cuda": CUDA, "api": API}
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text)
    (package / "__init__.py").write_text("from .api import darkness_saliency\n")
    monkeypatch.setattr(algorithms, "__path__", [*algorithms.__path__, str(package.parent)])
    for table in (registry.METHODS, registry.BUILT_IN):
        monkeypatch.setitem(table._rows, ROW.key, ROW)
    return ROW.key


def expected(gray):
    return (np.float32(1) - gray / np.float32(255)).astype(np.float32)


def test_streams_and_options_know_it(darkness, backend, rng):
    gray = rng.integers(0, 256, (5, 7), dtype=np.uint8)
    stream = fastsal.Stream(darkness, backend=backend)

    np.testing.assert_allclose(stream.update(gray), expected(gray), atol=1e-6)
    assert stream.update(np.dstack([gray] * 3)).shape == (5, 7)
    with pytest.raises(TypeError, match="'darkness' takes no options; got size"):
        fastsal.Stream(darkness, size=3)


def test_the_command_line_knows_it(darkness, tmp_path, rng, capsys):
    gray = rng.integers(0, 256, (20, 30), dtype=np.uint8)
    write_image(tmp_path / "image.png", np.dstack([gray] * 3))

    options = ["-m", darkness, "--view", "map", "-o", str(tmp_path / "map.png")]
    assert main(["image", str(tmp_path / "image.png"), *options]) == 0
    assert main(["methods"]) == 0

    made = read_image(tmp_path / "map.png")
    np.testing.assert_allclose(made, 255 - gray.astype(int), atol=1)
    assert "dark pixels are salient" in capsys.readouterr().out


def test_warmup_compiles_it(darkness):
    warmup([darkness], progress=False)

"""Regions for encoders, against plain loops over blocks."""

import struct
from fractions import Fraction

import av
import av.filter
import numpy as np
import pytest

from fastsal import ImageError
from fastsal.applications import as_addroi, regions_of


def painted(regions, shape):
    """Return the offset of every pixel; the rectangles must not overlap."""
    offsets, count = np.zeros(shape), np.zeros(shape, int)
    for x, y, width, height, offset in regions:
        rows, cols = slice(int(y), int(y + height)), slice(int(x), int(x + width))
        offsets[rows, cols] = offset
        count[rows, cols] += 1
    assert count.max() <= 1
    return offsets


def expected(saliency, block, levels, strength, background):
    """Compute the offsets block by block, as the docstring says it."""
    values = saliency - saliency.min()
    threshold = np.quantile(values, 0.8)
    if threshold == 0:
        threshold = values[values > 0].mean()
    values = np.minimum(values / threshold, 1) ** 16
    offsets = np.empty(saliency.shape)
    for top in range(0, saliency.shape[0], block):
        for left in range(0, saliency.shape[1], block):
            part = (slice(top, top + block), slice(left, left + block))
            level = round(np.cbrt(values[part].mean()) * (levels - 1))
            offsets[part] = background - level * (strength + background) / (levels - 1)
    return offsets


@pytest.mark.parametrize("seed", range(6))
def test_offsets_are_those_of_the_blocks(seed):
    rng = np.random.default_rng(seed)
    block, levels = int(rng.integers(2, 20)), int(rng.integers(2, 8))
    shape = tuple(block * rng.integers(1, 9, 2))
    saliency = rng.random(shape) ** rng.integers(1, 30) * (rng.random(shape) < 0.9)
    strength, background = rng.random(2)
    found = regions_of(
        saliency, block=block, levels=levels, strength=strength, background=background
    )
    wanted = expected(saliency, block, levels, strength, background)
    np.testing.assert_allclose(painted(found, shape), wanted, atol=1e-5)
    assert set(np.round(found[:, 4], 6)) <= set(np.round(wanted.ravel(), 6))


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (33, 1), (37, 51)])
def test_odd_sizes_are_covered(shape):
    saliency = np.zeros(shape)
    saliency[:8, :8] = 1
    found = regions_of(saliency, levels=2)
    offsets = painted(found, shape)
    if saliency.size > 1:
        assert offsets[0, 0] == -0.15
        assert (offsets != 0).all()
    else:
        assert found.shape == (0, 5)


def test_few_rectangles():
    saliency = np.zeros((160, 160))
    saliency[32:64, 48:96] = 1
    assert len(regions_of(saliency)) == 5  # above, left, the square, right, below


@pytest.mark.parametrize("value", [0, 1, 0.3])
def test_a_uniform_map_has_none(value):
    found = regions_of(np.full((40, 60), value))
    assert found.shape == (0, 5)
    assert as_addroi(found) == "null"


def test_bytes_and_floats_are_alike():
    saliency = np.random.default_rng(0).integers(0, 256, (64, 96), np.uint8)
    np.testing.assert_array_equal(regions_of(saliency), regions_of(saliency / 255))


def test_ffmpeg_reads_the_filters():
    saliency = np.zeros((64, 96))
    saliency[16:32, 16:48] = 1
    regions = regions_of(saliency)
    graph = av.filter.Graph()
    last = graph.add_buffer(
        width=96, height=64, format=av.VideoFormat("yuv420p"), time_base=Fraction(1, 25)
    )
    for text in as_addroi(regions).split(","):
        name, _, arguments = text.partition("=")
        last.link_to(added := graph.add(name, arguments))
        last = added
    last.link_to(graph.add("buffersink"))
    graph.configure()
    frame = av.VideoFrame(96, 64, "yuv420p")
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    graph.push(frame)
    data = bytes(graph.pull().side_data["REGIONS_OF_INTEREST"])
    # AVRegionOfInterest: its size, top, bottom, left, right, and a fraction.
    records = list(struct.iter_unpack("=IiiiiII", data))
    found = [
        (left, top, right - left, bottom - top, np.int32(np.uint32(up)) / down)
        for _, top, bottom, left, right, up, down in records
    ]
    np.testing.assert_allclose(found, regions, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"block": 0}, "block"),
        ({"levels": 1}, "levels"),
        ({"strength": 1.5}, "strength"),
        ({"background": -0.1}, "background"),
    ],
)
def test_bad_options(options, name):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        regions_of(np.eye(4), **options)


@pytest.mark.parametrize("saliency", [np.full((3, 3), np.nan), -np.ones((3, 3)), np.ones(4)])
def test_bad_maps(saliency):
    with pytest.raises(ImageError, match="`saliency`"):
        regions_of(saliency)


@pytest.mark.parametrize("regions", [[[1, 2, 3]], [[0, 0, 4, 4, 1.5]], [[-1, 0, 4, 4, 0.1]], "a"])
def test_bad_regions(regions):
    with pytest.raises(ImageError, match="`regions` must"):
        as_addroi(regions)

"""Recipes for stacks in Dask arrays: every function, block by block."""

import dask
import dask.array as da
import numpy as np
import pytest

import fastsal
from fastsal import applications, metrics

MAPS = [
    "boolean_map", "center_surround", "fine_grained", "image_signature", "itti_koch",
    "luminance_contrast", "minimum_barrier", "spectral_residual", "superpixel_contrast", "whitened",
]  # fmt: skip
PAIRS = ["flow_saliency", "frame_difference", "superpixel_change", "superpixel_contrast"]


@pytest.fixture
def images():
    from skimage import data

    picture = data.astronaut()
    return np.stack([picture[i : i + 96, 8 * i : 8 * i + 128] for i in range(6)])


@pytest.fixture
def stack(images):
    return da.from_array(images, chunks=(2, *images.shape[1:]))


@pytest.mark.parametrize("name", MAPS)
def test_maps_of_colour_images(name, images, stack):
    function = getattr(fastsal, name)
    lazy = da.map_blocks(function, stack, dtype="float32", drop_axis=3)
    assert (lazy.shape, lazy.dtype) == ((6, 96, 128), np.float32)
    np.testing.assert_array_equal(lazy.compute(), function(images))


@pytest.mark.parametrize("name", MAPS)
def test_maps_of_grey_images(name, images, stack):
    function = getattr(fastsal, name)
    lazy = da.map_blocks(function, stack[..., 1], channel_axis=None, dtype="float32")
    wanted = function(np.ascontiguousarray(images[..., 1]), channel_axis=None)
    np.testing.assert_array_equal(lazy.compute(), wanted)


@pytest.mark.parametrize("name", PAIRS)
def test_maps_of_two_frames(name, images, stack):
    function = getattr(fastsal, name)
    frames = stack[1:]
    previous = stack[:-1].rechunk(frames.chunks)
    lazy = da.map_blocks(function, frames, previous, dtype="float32", drop_axis=3)
    np.testing.assert_array_equal(lazy.compute(), function(images[1:], images[:-1]))


def test_labels(images, stack):
    lazy = da.map_blocks(
        lambda block: np.stack([fastsal.slic(image) for image in block]),
        stack, dtype="int32", drop_axis=3, meta=np.empty((0, 0, 0), np.int32),
    )  # fmt: skip
    np.testing.assert_array_equal(lazy.compute(), [fastsal.slic(image) for image in images])


def test_binary_maps_and_overlays(images, stack):
    maps = da.map_blocks(fastsal.whitened, stack, dtype="float32", drop_axis=3)
    binary = da.map_blocks(
        lambda block: np.stack([fastsal.binary_map(one) for one in block]),
        maps, dtype="uint8", meta=np.empty((0, 0, 0), np.uint8),
    )  # fmt: skip
    wanted = [fastsal.binary_map(fastsal.whitened(image)) for image in images]
    np.testing.assert_array_equal(binary.compute(), wanted)
    shown = da.map_blocks(
        lambda block, saliency: np.stack(
            [fastsal.overlay(*pair) for pair in zip(block, saliency[..., 0], strict=True)]
        ),
        stack, maps[..., None], dtype="uint8", meta=np.empty((0, 0, 0, 0), np.uint8),
    )  # fmt: skip
    wanted = [fastsal.overlay(image, fastsal.whitened(image)) for image in images]
    np.testing.assert_array_equal(shown.compute(), wanted)


@pytest.mark.parametrize("scheduler", ["threads", "processes", "cluster"])
def test_every_scheduler_of_dask(scheduler, images, stack, request):
    lazy = da.map_blocks(fastsal.luminance_contrast, stack, dtype="float32", drop_axis=3)
    where = request.getfixturevalue("client") if scheduler == "cluster" else scheduler
    found = lazy.compute(scheduler=where.get if scheduler == "cluster" else where)
    np.testing.assert_array_equal(found, fastsal.luminance_contrast(images))


def test_results_of_other_shapes_are_delayed(images):
    """Boxes, fixations, statistics and scores are no arrays of the size of the images."""

    def answers(image):
        saliency = fastsal.boolean_map(image)
        labels = fastsal.slic(image)
        return (
            fastsal.bing(image, max_boxes=5)[0],
            fastsal.scanpath(saliency, 3),
            fastsal.salient_boxes(saliency)[0],
            fastsal.region_stats(image, labels).area,
            metrics.nss(saliency, [(10, 20), (40, 50)]),
            applications.best_crop(saliency, aspect=1.0).score,
        )

    found = dask.compute([dask.delayed(answers)(image) for image in images[:2]])[0]
    for image, values in zip(images, found, strict=False):
        for one, two in zip(values, answers(image), strict=True):
            np.testing.assert_array_equal(one, two)


def test_the_recipe_of_the_docstring():
    import doctest

    from fastsal import distributed

    text = distributed.__doc__.replace("# doctest: +SKIP", "")
    case = doctest.DocTestParser().get_doctest(text, {}, "recipe", None, None)
    assert len(case.examples) > 6
    assert doctest.DocTestRunner().run(case).failed == 0

"""Tensors of PyTorch on the CPU: read without a copy, and results come back as tensors."""

import copy

import numpy as np
import pytest
import torch

import fastsal
from fastsal.registry import BUILT_IN

OPTIONS = {key: {"region_size": 4} for key in BUILT_IN if key.startswith("superpixel")}
STATIC = [row for row in BUILT_IN.values() if row.kind == "static"]
ids = [row.key for row in STATIC]


@pytest.fixture
def image(rng):
    return rng.integers(0, 256, (40, 48, 3), dtype=np.uint8)


def assert_tensor(found, expected):
    assert type(found) is torch.Tensor
    np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize("row", STATIC, ids=ids)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_a_tensor_gives_a_tensor(row, dtype, image):
    function = getattr(fastsal, row.function)
    values = (image / 255).astype(dtype) if "float" in dtype else image.astype(dtype)
    expected = function(values)

    assert_tensor(function(torch.from_numpy(values)), expected)
    front = torch.from_numpy(values).permute(2, 0, 1)
    assert_tensor(function(front, channel_axis=0), expected)


@pytest.mark.parametrize("row", STATIC, ids=ids)
@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8])
def test_out_may_be_a_tensor(row, dtype, image):
    function = getattr(fastsal, row.function)
    out = torch.empty(image.shape[:2], dtype=dtype)
    address = out.data_ptr()

    assert function(torch.from_numpy(image), out=out) is out
    assert out.data_ptr() == address
    expected = function(image, out=np.empty(image.shape[:2], out.numpy().dtype))
    np.testing.assert_array_equal(out.numpy(), expected)
    assert function(image, out=out) is out


def test_memory_is_read_in_place(image):
    tensor = torch.from_numpy(image)
    frames = fastsal.images.as_frames(tensor)

    assert np.shares_memory(frames.pixels, image)
    with pytest.raises(fastsal.ImageError, match="must not overlap"):
        fastsal.fine_grained(grey_of(tensor), out=grey_of(tensor))


def grey_of(tensor):
    """Return a grey image of bytes in the memory of a tensor."""
    return tensor.reshape(-1)[: 40 * 48].reshape(40, 48)


@pytest.mark.parametrize("key", BUILT_IN)
def test_streams_take_tensors(key, rng):
    frames = rng.integers(0, 256, (3, 40, 48, 3), dtype=np.uint8)
    mine, other = (fastsal.Stream(key, **OPTIONS.get(key, {})) for _ in range(2))

    for frame in frames:
        expected = other.update(frame)
        mine = copy.deepcopy(mine)
        assert_tensor(mine.update(torch.from_numpy(frame)), expected)


def test_everything_else_that_takes_images(image, rng):
    tensor, second = torch.from_numpy(image), torch.from_numpy(image[::-1].copy())
    saliency = fastsal.luminance_contrast(image)
    labels = fastsal.slic(image)

    assert_tensor(fastsal.slic(tensor), labels)
    assert_tensor(fastsal.slic(tensor, initial=torch.from_numpy(labels), max_iter=1),
                  fastsal.slic(image, initial=labels, max_iter=1))  # fmt: skip
    for found, expected in zip(
        fastsal.region_stats(tensor, torch.from_numpy(labels)),
        fastsal.region_stats(image, labels),
        strict=True,
    ):
        assert_tensor(found, expected)
    assert_tensor(fastsal.binary_map(torch.from_numpy(saliency)), fastsal.binary_map(saliency))
    assert_tensor(fastsal.overlay(tensor, saliency), fastsal.overlay(image, saliency))
    assert_tensor(fastsal.BinWang().update(tensor), fastsal.BinWang().update(image))
    found = fastsal.flow_saliency(tensor, second, return_flow=True)
    for mine, expected in zip(
        found, fastsal.flow_saliency(image, second.numpy(), return_flow=True), strict=True
    ):
        assert_tensor(mine, expected)
    saliency, parts = fastsal.itti_koch(tensor, return_conspicuity=True)
    _, expected = fastsal.itti_koch(image, return_conspicuity=True)
    for mine, right in zip(parts, expected, strict=True):
        assert_tensor(mine, right)
    assert isinstance(saliency, torch.Tensor)
    np.testing.assert_array_equal(fastsal.scanpath(saliency), fastsal.scanpath(saliency.numpy()))
    np.testing.assert_array_equal(fastsal.bing(tensor)[0], fastsal.bing(image)[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_halves_are_refused_with_the_remedy(dtype):
    with pytest.raises(fastsal.ImageError, match=r"got b?float16; convert it with float\(\)"):
        fastsal.luminance_contrast(torch.zeros((3, 4), dtype=dtype))
    out = torch.zeros((3, 4), dtype=dtype)
    with pytest.raises(fastsal.ImageError, match=r"convert it with float\(\)"):
        fastsal.luminance_contrast(np.zeros((3, 4), np.uint8), out=out)


def test_tensors_that_require_grad_are_read_but_not_filled(image):
    tensor = torch.from_numpy(image / 255).requires_grad_()

    assert_tensor(fastsal.fine_grained(tensor), fastsal.fine_grained(image))
    out = torch.zeros(image.shape[:2], requires_grad=True)
    with pytest.raises(fastsal.ImageError, match="must not require grad"):
        fastsal.fine_grained(tensor, out=out)


@pytest.mark.parametrize(
    "tensor",
    [torch.zeros((3, 4), device="meta"), torch.zeros((3, 4)).to_sparse(),
     torch.zeros((3, 4), dtype=torch.int64), torch.zeros((3, 4), dtype=torch.complex64)],
    ids=["meta", "sparse", "int64", "complex"],
)  # fmt: skip
def test_other_tensors_are_refused(tensor):
    with pytest.raises(fastsal.ImageError, match="`image` must") as error:
        fastsal.luminance_contrast(tensor)
    assert "\n" not in str(error.value)


def test_parameters_and_lists(image):
    parameter = torch.nn.Parameter(torch.from_numpy((image / 255).astype(np.float32)))

    assert_tensor(fastsal.image_signature(parameter),
                  fastsal.image_signature((image / 255).astype(np.float32)))  # fmt: skip
    stack = [torch.from_numpy(image), torch.from_numpy(image[::-1].copy())]
    np.testing.assert_array_equal(
        fastsal.luminance_contrast(stack),
        fastsal.luminance_contrast(np.stack([image, image[::-1]])),
    )

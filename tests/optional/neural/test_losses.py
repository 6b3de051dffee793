"""The losses: values by their definitions, gradients, and inputs at the edges."""

import doctest

import numpy as np
import pytest
import torch
from reference import neural_losses

from fastsal.neural import losses


@pytest.fixture
def maps(rng):
    """Return predictions in (0, 1), logits, densities and fixations of four samples."""
    logits = rng.normal(size=(4, 7, 9))
    density = rng.random((4, 7, 9)) ** 3
    fixations = (rng.random((4, 7, 9)) < 0.1).astype(float)
    fixations[2] = 0  # nobody looked
    return 1 / (1 + np.exp(-logits)), logits, density, fixations


def tensors(*arrays):
    return [torch.from_numpy(each) for each in arrays]


def test_tased(maps):
    saliency, _, density, _ = maps
    # The sums are those of the batch: other samples change the weight of this one.
    expected = neural_losses.tased(saliency, 7 * density)
    assert losses.tased_loss(*tensors(saliency, 7 * density)).item() == pytest.approx(expected)
    alone = [neural_losses.tased(saliency[i : i + 1], density[i : i + 1]) for i in range(4)]
    assert abs(np.mean(alone) - expected) > 1e-3


@pytest.mark.parametrize("count", [1, 4])
def test_stra_net(maps, rng, count):
    saliency, _, density, fixations = maps
    outputs = [saliency, *rng.random((3, *saliency.shape))][:count]
    found = losses.stra_net_loss(tensors(*outputs), *tensors(density, fixations))
    expected = neural_losses.stra_net(outputs, density, fixations)
    assert found.item() == pytest.approx(expected, rel=1e-9)


def test_stavis(maps, rng):
    _, logits, density, fixations = maps
    found = losses.stavis_loss(*tensors(logits, density, fixations))
    expected = neural_losses.stavis(logits, density, fixations)
    assert found.item() == pytest.approx(expected, rel=1e-9)
    sides = list(rng.normal(size=(4, *logits.shape)))
    found = losses.stavis_loss(
        *tensors(logits, density, fixations), sides=tensors(*sides), side_weight=1 - 10 / 60
    )
    expected += 50 / 60 * sum(neural_losses.stavis(side, density, fixations) for side in sides)
    assert found.item() == pytest.approx(expected, rel=1e-9)


def test_gradients(maps):
    saliency, logits, density, fixations = (each.requires_grad_(i < 2) for i, each in
                                            enumerate(tensors(*maps)))  # fmt: skip
    check = torch.autograd.gradcheck
    assert check(lambda x: losses.tased_loss(x, density), saliency)
    assert check(lambda x: losses.stra_net_loss([x, x**2], density, fixations), saliency)
    assert check(
        lambda x: losses.stavis_loss(x, density, fixations, sides=[2 * x], side_weight=0.3), logits
    )


def test_constant_maps_and_absent_fixations_give_finite_gradients():
    flat = torch.full((2, 5, 6), 0.5, requires_grad=True)
    none = torch.zeros(2, 5, 6)
    for loss in (
        losses.tased_loss(flat, none),
        losses.stra_net_loss([flat], none, none),
        losses.stavis_loss(flat, none, none),
    ):
        (gradient,) = torch.autograd.grad(loss, flat)
        assert torch.isfinite(loss)
        assert torch.isfinite(gradient).all()


def test_float32_is_near_float64(maps):
    saliency, logits, density, fixations = tensors(*maps)
    for loss, args in (
        (losses.tased_loss, (saliency, density)),
        (lambda p, t, f: losses.stra_net_loss([p], t, f), (saliency, density, fixations)),
        (losses.stavis_loss, (logits, density, fixations)),
    ):
        single = loss(*(each.float() for each in args))
        assert single.dtype == torch.float32
        assert single.item() == pytest.approx(loss(*args).item(), rel=1e-4)


def test_fixations_may_be_boolean(maps):
    _, logits, density, fixations = tensors(*maps)
    found = losses.stavis_loss(logits, density, fixations > 0)
    assert found == losses.stavis_loss(logits, density, fixations)


@pytest.mark.parametrize(
    ("saliency", "message"),
    [
        (torch.rand(2, 5, 7), r"must have shape \(2, 5, 6\), as the others; got \(2, 5, 7\)"),
        (torch.rand(5, 6), r"must have shape \(N, H, W\); got \(5, 6\)"),
        (torch.ones(2, 5, 6, dtype=torch.int64), "must be floats; got torch.int64"),
        (np.ones((2, 5, 6)), "must be a tensor; got ndarray"),
    ],
)
def test_wrong_input_is_one_line(saliency, message):
    density = torch.rand(2, 5, 6)
    for call in (
        lambda: losses.tased_loss(density, saliency),
        lambda: losses.stra_net_loss([density, saliency], density, density),
        lambda: losses.stavis_loss(saliency, density, density),
        lambda: losses.stavis_loss(density, density, density, sides=[saliency]),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_no_output_is_refused():
    with pytest.raises(ValueError, match="must be a sequence of tensors; got none"):
        losses.stra_net_loss([], torch.rand(1, 2, 2), torch.rand(1, 2, 2))


def test_the_examples_run():
    assert doctest.testmod(losses).failed == 0
    assert doctest.testmod(losses).attempted >= 9

"""A data set for PyTorch in three lines, loaded by worker processes."""

import doctest
import textwrap

import numpy as np
import pytest
import torch

import fastsal.datasets
from fastsal.io.pictures import write_image


@pytest.fixture
def folder(tmp_path, rng):
    """Return a folder with five images, and fixations in a table."""
    rows = ["image,x_px,y_px"]
    for index in range(5):
        write_image(tmp_path / f"{index}.png", rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))
        rows += [f"{index}.png,{4 * index},{3 * index}", f"{index}.png,20,15"]
    (tmp_path / "fixations.csv").write_text("\n".join(rows))
    return tmp_path


def documented_class():
    """Return the lines of the documented example that define the class."""
    examples = doctest.DocTestParser().get_examples(fastsal.datasets.Dataset.__doc__)
    (found,) = (each.source for each in examples if each.source.startswith("class "))
    assert found.count("\n") == 3
    return textwrap.dedent(found)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_pairs_from_worker_processes(folder, start):
    data = fastsal.datasets.open_dataset("folder", folder)
    names = {"torch": torch, "data": data}
    if start == "fork":
        exec(documented_class(), names)
        pairs = names["Pairs"]()
    else:  # a class of the script cannot be sent there
        pairs = Pairs(data)

    loader = torch.utils.data.DataLoader(
        pairs, batch_size=2, num_workers=2, multiprocessing_context=start
    )

    batches = list(loader)
    assert [images.shape[0] for images, _ in batches] == [2, 2, 1]
    images, densities = (torch.cat(parts) for parts in zip(*batches, strict=True))
    assert (images.dtype, densities.dtype) == (torch.float32, torch.float32)
    assert (images.shape, densities.shape) == ((5, 3, 30, 40), (5, 1, 30, 40))
    for index, sample in enumerate(data):
        expected = sample.image().transpose(2, 0, 1) / np.float32(255)
        np.testing.assert_array_equal(images[index].numpy(), expected)
        np.testing.assert_allclose(densities[index, 0].numpy(), sample.density(), atol=1e-8)


class Pairs(torch.utils.data.Dataset):
    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return tuple(map(torch.from_numpy, self.data.pair(index)))

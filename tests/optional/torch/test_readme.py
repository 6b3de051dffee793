"""The code block of the README that needs PyTorch."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

import fastsal

README = (Path(__file__).parents[3] / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("workers", [0, 2])
def test_dataset(workers, rng):
    (code,) = (code for code in BLOCKS if "import torch" in code)
    namespace = {"fastsal": fastsal}
    exec(compile(code, "README.md", "exec"), namespace)
    images = rng.integers(0, 256, (4, 48, 64, 3), dtype=np.uint8)

    dataset = namespace["WithSaliency"](images)
    loader = torch.utils.data.DataLoader(dataset, batch_size=2, num_workers=workers)
    batches = list(loader)

    assert [tuple(image.shape) for image, _ in batches] == [(2, 3, 48, 64)] * 2
    maps = torch.cat([saliency for _, saliency in batches]).numpy()
    np.testing.assert_array_equal(maps, fastsal.boolean_map(images))

"""The blocks of the README that need PyTorch."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch

import fastsal
from fastsal.cli.main import main
from fastsal.io.pictures import write_image

README = (Path(__file__).parents[3] / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("workers", [0, 2])
def test_dataset(workers, rng):
    (code,) = (code for code in BLOCKS if "class WithSaliency" in code)
    namespace = {"fastsal": fastsal}
    exec(compile(code, "README.md", "exec"), namespace)
    images = rng.integers(0, 256, (4, 48, 64, 3), dtype=np.uint8)

    dataset = namespace["WithSaliency"](images)
    loader = torch.utils.data.DataLoader(dataset, batch_size=2, num_workers=workers)
    batches = list(loader)

    assert [tuple(image.shape) for image, _ in batches] == [(2, 3, 48, 64)] * 2
    maps = torch.cat([saliency for _, saliency in batches]).numpy()
    np.testing.assert_array_equal(maps, fastsal.boolean_map(images))


def test_explanation(tmp_path, monkeypatch, rng):
    (code,) = (code for code in BLOCKS if "import explain" in code)
    (command,) = re.findall(r"^fastsal (explain .*)$", README, re.MULTILINE)
    namespace = {}
    exec(compile(code, "README.md", "exec"), namespace)
    assert namespace["attribution"].shape == (3, 64, 64)

    monkeypatch.chdir(tmp_path)
    write_image("photo.jpg", rng.integers(0, 256, (60, 80, 3), dtype=np.uint8))
    network = torch.export.export(namespace["network"].eval(), (torch.rand(1, 3, 224, 224),))
    torch.export.save(network, "network.pt2")
    assert main(shlex.split(command, comments=True)) == 0
    assert (tmp_path / "explained.png").exists()

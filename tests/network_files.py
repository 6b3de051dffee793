"""Synthetic checkpoints of networks, and recorded inputs, from the formulas of the golden data."""

import json
import sys
from functools import cache

import numpy as np
import torch


class Recorded:
    """The formulas and files of ``golden/neural``."""

    def __init__(self, shared):
        self.folder = shared / "golden" / "neural"
        sys.path.insert(0, str(self.folder))
        try:
            import fill
        finally:
            sys.path.remove(str(self.folder))
        self.fill = fill

    def rows(self, net):
        return json.loads((self.folder / f"{net}_state_dict.json").read_text())

    @cache  # noqa: B019  # one object for the session
    def weights(self, net):
        rows = self.rows(net)
        gains = json.loads((self.folder / "gains.json").read_text())[net]
        norms = self.fill.torch_bn_prefixes([row["key"] for row in rows])
        return {
            row["key"]: torch.from_numpy(np.asarray(self.fill.torch_value(
                row["key"], tuple(row["shape"]), norms, gains["gain"], gains["gains"]
            )))
            for row in rows
        }  # fmt: skip

    def arrays(self, net):
        with np.load(self.folder / f"{net}.npz") as file:
            return dict(file)


def prefixed(weights):
    return {f"module.{name}": tensor for name, tensor in weights.items()}


def write_stavis(path, weights):
    content = {
        "epoch": 61, "arch": "resnet-50", "state_dict": prefixed(weights),
        "optimizer_global": {}, "optimizer_sal": {}, "optimizer_sound": {}, "optimizer_fusion": {},
    }  # fmt: skip
    torch.save(content, path)

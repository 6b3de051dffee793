"""Checkpoint files of STRA-Net as Keras writes them, whole ones and small ones."""

import json
import sys
from collections.abc import Mapping

import h5py
import numpy as np

BETWEEN = ("input_6", "input_1", "lambda_2", "lambda_3", "concatenate_4")  # without weights


class Recorded(Mapping):
    """The weights of the recordings, made one by one by their formula."""

    def __init__(self, shared):
        folder = shared / "golden" / "neural"
        sys.path.insert(0, str(folder))
        try:
            import fill
        finally:
            sys.path.remove(str(folder))
        self.fill = fill
        self.outputs = np.load(folder / "stranet.npz")
        self.rows = json.loads((folder / "stranet_state_dict.json").read_text())
        self._shapes = {row["key"]: row["shape"] for row in self.rows}
        self._gains = json.loads((folder / "gains.json").read_text())["stranet"]

    def __getitem__(self, key):
        gains = self._gains
        return self.fill.keras_value(key, self._shapes[key], gains["gain"], gains["gains"])

    def __iter__(self):
        return iter(self._shapes)

    def __len__(self):
        return len(self._shapes)


def narrow_weights(monkeypatch, rng):
    """Return random weights of a network with few channels, in which nothing else differs."""
    from fastsal.neural import stra_net_convolution, stra_net_layers

    for stage, (blocks, channels) in stra_net_layers.STAGES.items():
        narrower = tuple(each // 32 for each in channels)
        monkeypatch.setitem(stra_net_layers.STAGES, stage, (blocks, narrower))
    monkeypatch.setattr(stra_net_layers, "GRU_CHANNELS", 12)
    monkeypatch.setattr(stra_net_convolution, "_MIN_PRODUCTS", 0)
    monkeypatch.setattr(stra_net_layers, "groups", stra_net_layers.groups.__wrapped__)
    monkeypatch.setattr("fastsal.neural.stra_net_checkpoint.groups", stra_net_layers.groups)
    groups = stra_net_layers.groups().values()
    return {key: _values(rng, key, shape) for each in groups for key, shape in each.items()}


def _values(rng, key, shape):
    n = rng.standard_normal(shape)
    match key.split("/")[1]:
        case "gamma":
            n = 1 + 0.1 * n
        case "moving_variance":
            n = 1 + 0.1 * np.abs(n)
        case "kernel" | "recurrent_kernel":
            n *= (0.02 if "conv1" in key else 1.2) / np.sqrt(np.prod(shape[:-1]))
        case "prior_W":
            n = rng.random(shape)
        case _:
            n *= 0.1
    return n.astype(np.float32)


def layout(groups):
    """Return group -> names in the file -> key, for the layers of the network."""
    return {
        group: {f"{key}:0".replace("prior_W", "learning_prior_1_W"): key for key in shapes}
        for group, shapes in groups.items()
    }


def write(path, names, values, *, layers=None, form="S"):
    """Write a file of ``save_weights``.

    Parameters
    ----------
    names : dict
        Group -> name in the file -> key.
    values : mapping or callable
        Key -> array, or a shape for an array that takes no space in the file.
    layers : list, optional
        Names of all layers, also those without weights.
    form : {"S", "str", "split"}
        How attributes with names are stored.
    """
    layers = layers or [name for pair in zip(BETWEEN, names, strict=True) for name in pair]
    with h5py.File(path, "w") as file:
        _set(file, "layer_names", layers, form)
        file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", b"2.2.4"
        for layer in layers:
            group = file.create_group(layer)
            arrays = names.get(layer, {})
            _set(group, "weight_names", list(arrays), form)
            for name, key in arrays.items():
                value = values[key]
                if isinstance(value, np.ndarray):
                    group.create_dataset(name, data=value)
                else:
                    group.create_dataset(name, value, np.float32)
    return path


def _set(group, attribute, names, form):
    if form == "str":
        group.attrs[attribute] = names
    elif form == "split" and len(names) > 1:
        middle = len(names) // 2
        for i, part in enumerate((names[:middle], names[middle:])):
            group.attrs[f"{attribute}{i}"] = np.array(part, "S")
    else:
        group.attrs[attribute] = np.array(names, "S")

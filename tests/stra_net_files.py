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
        Key -> array, or a shape, whose array then takes no space in the file.
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

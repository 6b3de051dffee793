"""Checkpoint files of STRA-Net: whole ones, other layouts, and files that are something else."""

import json

import h5py
import numpy as np
import pytest
import torch
from stra_net_files import Recorded, layout, write

from fastsal.errors import ModelError
from fastsal.neural.stra_net_checkpoint import Checkpoint
from fastsal.neural.stra_net_layers import FEATURES, groups
from fastsal.neural.stra_net_network import StraNet

SHAPES = {key: shape for shapes in groups().values() for key, shape in shapes.items()}


@pytest.fixture
def names():
    return layout(groups())


def load(path):
    with Checkpoint(path) as checkpoint:
        return checkpoint.report()


def refused(path):
    with pytest.raises(ModelError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_the_whole_file_gives_the_recorded_maps(tmp_path, shared):
    """The only test that writes and reads all 673 MB."""
    recorded = Recorded(shared)
    names = {}
    for row in recorded.rows:
        names.setdefault(row["h5_group"], {})[row["h5_name"]] = row["key"]
    layers = json.loads((shared / "golden/neural/stranet_h5_layout.json").read_text())
    path = tmp_path / "UHD_dcross_res_matt_res.h5"
    write(path, names, recorded, layers=layers["layer_names"])
    try:
        assert path.stat().st_size > 672e6
        with Checkpoint(path) as checkpoint:
            read = []

            class Watched(dict):
                def __missing__(self, key):
                    read.append(key)
                    return checkpoint[key]

            network, report = StraNet(Watched(), winograd=True), checkpoint.report()
        assert sorted(read) == sorted(set(read) | set(SHAPES))  # all, the kernels only once
        assert len(report.entries) == 680
        assert not report.unused
    finally:
        path.unlink()
    x = torch.from_numpy(recorded.fill.stranet_input("small")).permute(0, 3, 1, 2)
    out, _ = network(x[:, :3], x[:, 3:], sides=True)
    expected = recorded.outputs
    assert np.abs(out.saliency.numpy() - expected["small/out"]).max() < 2e-4
    for i, (side, mask) in enumerate(zip(out.sides, out.masks, strict=True), 3):
        assert np.abs(side.numpy()[:, ::4, ::4] - expected[f"small/aux{i}_sub"]).max() < 2e-4
        assert np.abs(mask.numpy() - expected[f"small/mask{i}"]).max() < 1e-6
    x = torch.from_numpy(recorded.fill.stranet_input("full")[:1]).permute(0, 3, 1, 2)
    out, _ = network(x[:, :3], x[:, 3:])
    # float16 has steps of 5e-4 there.
    assert np.abs(out.saliency.numpy() - expected["full/out_f16"][:1]).max() < 4e-4


@pytest.mark.parametrize("form", ["S", "str", "split"])
def test_names_in_any_form(tmp_path, names, form):
    report = load(write(tmp_path / "a.h5", names, SHAPES, form=form))
    assert [entry.target for entry in report.entries] == list(SHAPES)
    assert report.entries[0].source == f"{FEATURES}/A_conv1/kernel:0"
    assert report.form == "weights of Keras 2.2.4"
    assert "680 entries" in str(report)


def test_other_numbers_of_layers_are_accepted(tmp_path, names):
    """Keras numbers layers by the session that wrote the file."""

    def renamed(name):
        layer, leaf = name.split("/")
        if layer.startswith(("A_", "M_")):
            return f"{layer}_1/{leaf}"
        stem, _, number = layer.rpartition("_")
        return f"{stem}_{int(number) + 20}/{leaf}" if number.isdigit() else name

    other = {
        group.replace("distributed_", "distributed_1"): {
            renamed(name): key for name, key in arrays.items()
        }
        for group, arrays in names.items()
    }
    report = load(write(tmp_path / "a.h5", other, SHAPES))
    assert [entry.target for entry in report.entries] == list(SHAPES)


def test_a_file_of_a_whole_model_is_accepted(tmp_path, names):
    path = write(tmp_path / "a.h5", names, SHAPES)
    with h5py.File(path, "r+") as file:
        inner = file.create_group("model_weights")
        for name in list(file):
            if name != "model_weights":
                file.move(name, f"model_weights/{name}")
        for name, value in file.attrs.items():
            inner.attrs[name] = value
        file["optimizer_weights/step"] = np.zeros(3)
    report = load(path)
    assert len(report.entries) == 680
    assert report.unused == ("optimizer_weights/step",)


def test_a_missing_array_is_named(tmp_path, names):
    path = write(tmp_path / "a.h5", names, SHAPES)
    with h5py.File(path, "r+") as file:
        del file[f"{FEATURES}/conv2d_5/bias:0"]
    assert "1 of 670 are missing in time_distributed_1: conv2d_5/bias:0" in refused(path)


def test_a_missing_layer_is_counted(tmp_path, names):
    names[FEATURES].pop("conv2d_5/bias:0")
    message = refused(write(tmp_path / "a.h5", names, SHAPES))
    assert message.startswith(f"{FEATURES} must have 670 arrays; got 669; get UHD_")


def test_an_absent_group_is_named(tmp_path, names):
    path = write(tmp_path / "a.h5", names, SHAPES)
    with h5py.File(path, "r+") as file:
        del file["ConvGRU2D"]
    assert "got no group 'ConvGRU2D'" in refused(path)


def test_another_shape_or_dtype_is_named(tmp_path, names):
    path = write(tmp_path / "a.h5", names, SHAPES)
    with h5py.File(path, "r+") as file:
        del file["ConvGRU2D/ConvGRU2D/bias:0"]
        file.create_dataset("ConvGRU2D/ConvGRU2D/bias:0", (767,), np.float32)
    assert "must be floats of shape (768,); got float32 (767,)" in refused(path)
    with h5py.File(path, "r+") as file:
        del file["ConvGRU2D/ConvGRU2D/bias:0"]
        file["ConvGRU2D/ConvGRU2D/bias:0"] = np.zeros(768, int)
    assert "got int64 (768,)" in refused(path)


@pytest.mark.parametrize(
    ("first", "second"),
    [("A_conv1/bias:0", "M_conv1/bias:0"),  # the trunks
     ("batch_normalization_1/gamma:0", "batch_normalization_1/beta:0")],
)  # fmt: skip
def test_another_order_is_refused(tmp_path, names, first, second):
    arrays = names[FEATURES]
    order = list(arrays)
    i, j = order.index(first), order.index(second)
    order[i], order[j] = order[j], order[i]
    names[FEATURES] = {name: arrays[name] for name in order}
    message = refused(write(tmp_path / "a.h5", names, SHAPES))
    assert message == f"{FEATURES}/{second} must be {first[:-2]}, which is stored at this place"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("ConvGRU2D/bias", np.nan, "must be finite; got NaN or infinity"),
        ("A_bn_conv1/moving_variance", -1, "must not be negative; got -1"),
    ],
)
def test_wrong_values_are_refused(tmp_path, names, key, value, message):
    values = dict(SHAPES)
    values[key] = np.full(SHAPES[key], value, np.float32)
    with (
        Checkpoint(write(tmp_path / "a.h5", names, values)) as checkpoint,
        pytest.raises(ModelError, match=message),
    ):
        checkpoint[key]


def test_other_floats_become_float32(tmp_path, names, rng):
    values = dict(SHAPES)
    values["ConvGRU2D/bias"] = rng.normal(size=768)
    values["A_conv1/bias"] = rng.normal(size=64).astype(np.float16)
    with Checkpoint(write(tmp_path / "a.h5", names, values)) as checkpoint:
        assert len(checkpoint) == 680
        for key in ("ConvGRU2D/bias", "A_conv1/bias"):
            assert checkpoint[key].dtype == np.float32
            assert np.array_equal(checkpoint[key], values[key].astype(np.float32))


def test_the_feature_network_alone_is_recognised(tmp_path, shared):
    listing = json.loads((shared / "golden/neural/stranet_feature_only_layout.json").read_text())
    names, shapes = {}, {}
    for row in listing["layers"]:
        names[row["layer"]] = {each["name"]: each["name"] for each in row["weights"]}
        shapes |= {each["name"]: tuple(each["shape"]) for each in row["weights"]}
    path = write(tmp_path / "U_td3_res_ds.h5", names, shapes, layers=listing["layer_names"])
    assert "got its feature network alone, from the first step of training" in refused(path)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (["conv1", "bn_conv1", "res2a_branch2a"], "got a ResNet-50, from which training starts"),
        (["A_conv1", "A_bn_conv1"], "got a ResNet-50, from which training starts"),
        (["dense_1"], "got a Keras file with 1 layer that has weights; it has 5"),
        (["block1_conv1", "block1_conv2"], "got a Keras file with 2 layers that have weights"),
        ([], "got a Keras file without weights"),
    ],
)
def test_other_keras_files_are_recognised(tmp_path, layers, message):
    names = {layer: {f"{layer}/kernel:0": "any"} for layer in layers}
    path = write(tmp_path / "a.h5", names, {"any": (3, 4)}, layers=layers or ["input_1"])
    assert message in refused(path)


def test_other_files_are_recognised(tmp_path, names):
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros(3)
    assert "got an HDF5 file without the layer names of Keras" in refused(path)
    path.write_text("<!DOCTYPE html><title>Quota exceeded</title>")
    assert "an HTML page" in refused(path)
    path.write_bytes(b"")
    assert "an empty file" in refused(path)
    torch.save({"module.convtsp4.13.weight": torch.zeros(1)}, path)
    assert "a PyTorch file" in refused(path)
    path.unlink()
    path.mkdir()
    assert "a folder" in refused(path)


@pytest.mark.parametrize("part", [0.01, 0.5, 0.999])
def test_a_truncated_file_is_recognised(tmp_path, names, part):
    values = dict(SHAPES)
    values["A_res2a_branch2a/kernel"] = np.zeros(SHAPES["A_res2a_branch2a/kernel"], np.float32)
    path = write(tmp_path / "a.h5", names, values)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    assert f"is truncated: {int(len(whole) * part):,} of {len(whole):,} bytes" in refused(path)


def test_a_damaged_file_is_recognised(tmp_path, names, rng):
    path = write(tmp_path / "a.h5", names, SHAPES)
    whole = bytearray(path.read_bytes())
    for start in range(64, len(whole), 4096):
        whole[start : start + 64] = rng.bytes(len(whole[start : start + 64]))
    path.write_bytes(whole)
    refused(path)

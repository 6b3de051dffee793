"""Checkpoint files of PyTorch: accepted forms, and files that are something else."""

import collections

import numpy as np
import pytest
import torch
from network_files import prefixed, write_stavis

from fastsal import neural
from fastsal.errors import ModelError
from fastsal.neural import checkpoints
from fastsal.neural.tased_model import shapes

TITLE = "TASED-Net"


def load(path):
    return checkpoints.load(path, "tased", shapes())


def refused(path, match):
    with pytest.raises(ModelError, match=match) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def weights(recorded):
    return recorded.weights("tased")


@pytest.mark.parametrize("has_prefix", [True, False])
@pytest.mark.parametrize("has_counters", [True, False])
@pytest.mark.parametrize("is_zip", [True, False])
def test_forms_that_are_accepted(tmp_path, weights, has_prefix, has_counters, is_zip):
    saved = {k: v for k, v in weights.items() if has_counters or not checkpoints.is_counter(k)}
    path = tmp_path / "TASED_updated.pt"
    torch.save(
        collections.OrderedDict(prefixed(saved) if has_prefix else saved), path,
        _use_new_zipfile_serialization=is_zip,
    )  # fmt: skip
    state, report = load(path)

    assert len(report.entries) == len(saved)
    assert report.unused == ()
    assert len(report.absent) == len(weights) - len(saved)
    for entry in report.entries[:3]:
        assert entry.source == ("module." if has_prefix else "") + entry.target
        assert torch.equal(state[entry.target], weights[entry.target])
    text = str(report)
    assert f"{len(saved)} entries assigned" in text
    assert text.count("\n") == len(weights)


def test_every_entry_is_counted(recorded):
    listed = {row["key"]: tuple(row["shape"]) for row in recorded.rows("tased")}
    assert shapes() == listed


def test_a_missing_entry_is_named(tmp_path, weights):
    path = tmp_path / "short.pt"
    torch.save({k: v for k, v in weights.items() if k != "convtsp2.0.weight"}, path)
    refused(path, r"1 of 513 are missing: convtsp2\.0\.weight")


def test_a_wrong_shape_and_nan_are_named(tmp_path, weights):
    path = tmp_path / "wrong.pt"
    torch.save({**weights, "base1.2.conv.weight": torch.zeros(64, 64, 1, 1, 2)}, path)
    refused(path, r"base1\.2\.conv\.weight must have shape \(64, 64, 1, 1, 1\)")
    torch.save({**weights, "base1.2.bn.bias": torch.full((64,), torch.nan)}, path)
    refused(path, r"base1\.2\.bn\.bias must be finite")


def test_additional_entries_are_reported(tmp_path, weights):
    path = tmp_path / "more.pt"
    torch.save({**weights, "epoch": 3, "extra.weight": torch.zeros(2)}, path)
    assert load(path)[1].unused == ("extra.weight",)


def test_checkpoints_of_other_networks_are_recognised(tmp_path, recorded, stavis_file):
    refused(stavis_file, "appears to be one of STAViS")
    path = tmp_path / "soundnet8.pth"
    sound = {k: v for k, v in recorded.weights("stavis").items() if k.startswith("soundnet8")}
    torch.save(prefixed(sound), path)
    refused(path, "appears to be one of SoundNet")
    torch.save({f"fc{i}.weight": torch.zeros(2) for i in range(4)}, path)
    refused(path, "of another network, with 4 tensors: fc0.weight, fc1.weight, fc2.weight, ...")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html>Quota exceeded</html>", "an HTML page"),
        (b"\n <html lang='en'>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a text file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file"),
        (bytes(range(256)), "an unknown format"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "a picture.*pass the file of TASED-Net"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a picture"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(20), "a video"),
        (b"\x1f\x8b\x08" + bytes(20), "compressed by gzip"),
        (bytes(257) + b"ustar\x00", "a tar archive"),
        (b"\x93NUMPY\x01\x00" + bytes(20), "an array of NumPy"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x80\x02}q\x00", "a damaged file"),
    ],
    ids=[
        "empty",
        "html",
        "html-2",
        "pointer",
        "hdf5",
        "bytes",
        "png",
        "webp",
        "mp4",
        "gzip",
        "tar",
        "numpy",
        "pdf",
        "pickle",
    ],
)
def test_files_that_are_something_else(tmp_path, content, match):
    path = tmp_path / "TASED_updated.pt"
    path.write_bytes(content)
    refused(path, match)


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("fraction", [0.3, 0.99])
def test_truncated_downloads(tmp_path, weights, is_zip, fraction):
    path = tmp_path / "TASED_updated.pt"
    torch.save(weights, path, _use_new_zipfile_serialization=is_zip)
    content = path.read_bytes()
    path.write_bytes(content[: int(fraction * len(content))])
    refused(path, "truncated download" if is_zip else "a damaged file")


class Malicious:
    def __reduce__(self):
        return (print, ("unpickled",))


def test_nothing_is_unpickled(tmp_path, capsys):
    path = tmp_path / "TASED_updated.pt"
    torch.save({"a": Malicious()}, path)
    refused(path, "not loaded for safety")
    assert "unpickled" not in capsys.readouterr().out


def test_files_without_names(tmp_path):
    path = tmp_path / "TASED_updated.pt"
    torch.save([torch.zeros(2)], path)
    refused(path, "without names")
    torch.save({"epoch": 3}, path)
    refused(path, "without tensors")


def test_a_missing_file_says_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.delenv("FASTSAL_WEIGHTS", raising=False)
    with pytest.raises(ModelError, match=r"get TASED_updated\.pt from https://github\.com/"):
        neural.tased()
    with pytest.raises(ModelError, match=r"no such file; get TASED_updated\.pt from"):
        neural.tased(tmp_path / "none.pt")
    with pytest.raises(ModelError, match="got a folder"):
        neural.tased(tmp_path)
    with pytest.raises(TypeError, match="`weights` must be a path; got int"):
        neural.tased(3)


def test_the_folder_of_weights_is_searched(tased_file, monkeypatch, tmp_path):
    monkeypatch.setenv("FASTSAL_WEIGHTS", str(tased_file.parent))
    assert neural.tased(size=(32, 32)).report.path == str(tased_file)
    assert neural.tased("TASED_updated.pt", size=(32, 32)).report.path == str(tased_file)
    monkeypatch.setenv("FASTSAL_WEIGHTS", str(tmp_path))
    with pytest.raises(ModelError, match=r"FASTSAL_WEIGHTS names .* which has none"):
        neural.tased()


def test_a_file_for_pictures_alone_needs_no_parts_for_sound(tmp_path, recorded):
    path = tmp_path / "visual.pth"
    parts = ("soundnet8.", "fusion3.", "fuseav.")
    saved = {k: v for k, v in recorded.weights("stavis").items() if not k.startswith(parts)}
    write_stavis(path, saved)
    rest = {k: v for k, v in saved.items() if k != "fuse.bias"}
    write_stavis(tmp_path / "less.pth", rest)
    with pytest.raises(ModelError, match=r"fuse\.bias, fuseav[^;]*$"):
        neural.stavis(tmp_path / "less.pth")
    with pytest.raises(ModelError, match=r"are missing: fuseav.*audio=False needs no sound"):
        neural.stavis(path)
    network = neural.stavis(path, audio=False)
    assert "soundnet8.0.weight" in network.report.absent
    assert np.isfinite(network.predict(np.zeros((2, 20, 30, 3), np.uint8))).all()

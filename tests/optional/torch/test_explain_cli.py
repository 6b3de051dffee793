"""``fastsal explain`` with networks from files and factories; files that would run code."""

import io
import os
import pickle
import warnings
import zipfile

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from fastsal.cli.main import main
from fastsal.pipelines.explanations import last_convolution, load_network

NET = """
from torch import nn

def make():
    import torch
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 6, 3), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4))

def wrong():
    return "a network"

number = 5
"""
SIZE = ["--size", "32x24"]


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def folder(tmp_path, rng, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_nets.py").write_text(NET)
    for name, shape in (("a.png", (40, 60, 3)), ("b.png", (50, 30))):
        cv2.imwrite(name, rng.integers(0, 256, shape, np.uint8))
    (tmp_path / "labels.txt").write_text("cat\ndog\nfrog\nélan\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 6, 3), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)).eval()  # fmt: skip


def files_of(net):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated
        torch.jit.script(net).save("net.pt")
    torch.export.save(torch.export.export(net, (torch.zeros(1, 3, 24, 32),)), "net.pt2")
    return ["my_nets:make", "net.pt", "net.pt2"]


@pytest.mark.filterwarnings("ignore")  # of PyTorch's own exporters
def test_all_kinds_of_networks_give_one_picture(folder, net, capsys):
    pictures = []
    for name in files_of(net):
        status = main(["explain", "a.png", "--model", name, *SIZE, "--steps", "4",
                       "--labels", "labels.txt", "-o", "out.png"])  # fmt: skip
        assert status == 0, capsys.readouterr().err
        pictures.append(cv2.imread("out.png"))
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("a.png: ")
    assert line.endswith("; wrote out.png")
    assert pictures[0].shape == (240 + 28, 3 * 320, 3)
    for picture in pictures[1:]:
        assert np.abs(picture.astype(int) - pictures[0]).max() <= 2


@pytest.mark.filterwarnings("ignore")
def test_every_method_and_several_images(folder, net, capsys):
    status = main(["explain", "a.png", "b.png", "--model", "my_nets:make", "-m", "all", *SIZE,
                   "--steps", "2", "--target", "3", "-o", "out"])  # fmt: skip
    output = capsys.readouterr()
    assert status == 0, output.err
    assert output.out.count("class 3, 0.") == 2
    for name in ("a", "b"):
        assert cv2.imread(f"out/{name}-explained.png").shape == (268, 9 * 320, 3)
    files_of(net)
    assert main(["explain", "a.png", "--model", "net.pt2", "-m", "grad-cam", *SIZE,
                 "-o", "x.png"]) == 0  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "missing.pt"], "missing.pt: "),
        (["--model", "labels.txt"], "labels.txt: not a TorchScript file"),
        (["--model", "a.png"], "a.png: not a TorchScript file"),
        (["--model", "resnet"], "must be a file (.pt, .pt2) or module:factory"),
        (["--model", "no_such:make"], "no_such:make: cannot import no_such"),
        (["--model", "my_nets:none"], "my_nets has no none"),
        (["--model", "my_nets:wrong"], "must give a torch.nn.Module; got str"),
        (["--model", "my_nets:make", "--target", "4"], "`target` must be an integer from 0 to 3"),
        (["--model", "my_nets:make", "-m", "grad-cam", "--layer", "9"], "the nearest is"),
        (["--model", "my_nets:make", "--labels", "none.txt"], "none.txt: "),
        (["--model", "my_nets:make", "--size", "2x2"], "a.png: "),
    ],
)
def test_refusals_are_one_line_and_leave_no_file(folder, capsys, options, message):
    status = main(["explain", "a.png", *SIZE, *options, "-o", "out.png"])
    error = capsys.readouterr().err.strip()
    assert status in (1, 2)
    assert message in error
    assert "\n" not in error
    assert not (folder / "out.png").exists()


def test_outputs_do_not_overwrite(folder, capsys):
    for output, message in (("a.png", "would overwrite an input"), ("out.npy", "must be a picture"),
                            ("out.txt", "must end in")):  # fmt: skip
        assert main(["explain", "a.png", "--model", "my_nets:make", "-o", output]) != 0
        assert message in capsys.readouterr().err
    assert main(["explain", "a.png", "b.png", "--model", "my_nets:make", "-o", "x.png"]) == 2


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["pickle", "checkpoint", "script", "export"])
def test_files_run_no_code(folder, net, capsys, kind):
    mark = folder / "was_here"
    payload = Payload(mark)
    name = "bad.pt2" if kind == "export" else "bad.pt"
    if kind == "pickle":
        (folder / name).write_bytes(pickle.dumps(payload))
    elif kind == "checkpoint":
        torch.save({"weights": payload}, name)
    else:
        files_of(net)
        with zipfile.ZipFile("net.pt2" if kind == "export" else "net.pt") as source, \
                zipfile.ZipFile(name, "w") as target:  # fmt: skip
            for entry in source.namelist():
                data = source.read(entry)
                if kind == "script" and entry.endswith("data.pkl"):
                    data = pickle.dumps(payload)
                elif kind == "export" and "sample_inputs" in entry:
                    buffer = io.BytesIO()
                    torch.save(payload, buffer)
                    data = buffer.getvalue()
                target.writestr(entry, data)
    status = main(["explain", "a.png", "--model", name, *SIZE, "-o", "out.png"])
    assert status == 1, capsys.readouterr()
    assert not mark.exists()
    assert "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ


def test_the_last_convolution(folder):
    network = load_network("my_nets:make")
    assert last_convolution(network.module) == "2"

"""Explanations of image files as pictures: networks from files or factories, and their drawing."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import explain, images, runtime
from ..errors import ModelError
from ..explain.models import INSTALL, checked_target, explained
from ..io.atomic_write import reason_of
from ..render.overlay import overlay

METHODS = (
    "gradient", "smooth-grad", "integrated-gradients", "grad-cam", "xrai", "blur-ig", "guided-ig",
    "occlusion",
)  # fmt: skip
_BATCH = 8  # pictures in one call of a network
_CELL = 320  # pixels of a cell's longer side, at least
_CAPTION = 28  # rows above each cell
_OCCLUDED = 8  # an eighth of the shorter side is covered at a time


class Network(NamedTuple):
    """A loaded network.

    Attributes
    ----------
    module : torch.nn.Module
    batch_size : int
        Inputs that it takes at a time. Exported programs have a fixed number.
    """

    module: Any
    batch_size: int


class Options(NamedTuple):
    """How pictures are fed and explained."""

    methods: Sequence[str]
    size: tuple[int, int]  # width and height
    mean: Sequence[float]
    std: Sequence[float]
    target: int | None
    layer: str | None
    steps: int
    labels: Sequence[str]


class Explained(NamedTuple):
    """A picture with its explanations, and its class."""

    picture: NDArray[np.uint8]
    title: str


def load_network(name: str) -> Network:
    """Return the network of a TorchScript file, an exported program, or ``module:factory``.

    Nothing is unpickled, so a file cannot run its own code while it is loaded.

    Raises
    ------
    BackendUnavailableError
        If PyTorch is not installed.
    ModelError
        If there is no such network, or the file is of another kind or damaged.
    """
    torch = runtime.pytorch(INSTALL)
    path = Path(name)
    if path.suffix.lower() in (".pt2", ".pt", ".ts", ".pth", ".torchscript") or path.is_file():
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            raise ModelError(f"{name}: {reason_of(error)}") from error
        if path.suffix.lower() == ".pt2":
            return Network(_exported(torch, path), 1)
        return Network(_scripted(torch, path), _BATCH)
    return Network(_made(torch, name), _BATCH)


def _scripted(torch: Any, path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript is deprecated, and still in use
            return torch.jit.load(str(path), map_location="cpu")
    except Exception as error:
        raise ModelError(
            f"{path}: not a TorchScript file, or damaged; weights alone have no network: "
            "give it as module:factory"
        ) from error


def _exported(torch: Any, path: Path) -> Any:
    try:
        with _no_pickles(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.load(str(path))
            return torch.export.unflatten(program)
    except Exception as error:
        raise ModelError(f"{path}: not a file of torch.export, or damaged") from error


@contextmanager
def _no_pickles() -> Iterator[None]:
    """Let PyTorch load tensors only: its loader of programs would try pickles else."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _made(torch: Any, name: str) -> Any:
    """Return the module that a factory makes."""
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ModelError(f"{name}: must be a file (.pt, .pt2) or module:factory")
    sys.path.insert(0, os.getcwd())
    try:
        factory = getattr(importlib.import_module(module_name), attribute)
    except ImportError as error:
        raise ModelError(f"{name}: cannot import {module_name}: {error}") from error
    except AttributeError as error:
        raise ModelError(f"{name}: {module_name} has no {attribute}") from error
    finally:
        sys.path.remove(os.getcwd())
    made = factory if isinstance(factory, torch.nn.Module) else factory()
    if not isinstance(made, torch.nn.Module):
        raise ModelError(f"{name}: must give a torch.nn.Module; got {type(made).__name__}")
    return made


def read_labels(path: str | Path) -> list[str]:
    """Return class names, one per line.

    Raises
    ------
    ModelError
        If the file cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "not a text in UTF-8"
        raise ModelError(f"{path}: {reason}") from error


def last_convolution(module: Any) -> str:
    """Return the name of the last convolution, for Grad-CAM.

    Raises
    ------
    ModelError
        If there is none.
    """
    torch = runtime.pytorch(INSTALL)
    kinds = torch.nn.Conv2d
    names = [
        name
        for name, part in module.named_modules()
        if isinstance(part, kinds) or "Conv2d" in getattr(part, "original_name", "")
        or getattr(getattr(part, "weight", None), "ndim", 0) == 4
    ]  # fmt: skip
    if not names:
        raise ModelError("grad-cam: the network has no convolution; name a layer by --layer")
    return str(names[-1])


def explain_picture(pixels: NDArray[Any], network: Network, options: Options) -> Explained:
    """Return a picture with the input beside each explanation."""
    colors = _cropped(pixels, options.size)
    image = (colors - np.asarray(options.mean)) / np.asarray(options.std)
    image = image.astype(np.float32)
    target, score = class_of(image, network, options.target)
    label = options.labels[target] if target < len(options.labels) else f"class {target}"
    title = f"{label}, {score:.2f}"
    shown = np.rint(colors * 255).astype(np.uint8)
    cells = [(title, shown)]
    for method in options.methods:
        found = _computed(method, image, network, options._replace(target=target))
        cells.append((method, overlay(shown, explain.heatmap(found, sign=_sign_of(method)))))
    return Explained(np.concatenate([_cell(*each) for each in cells], axis=1), title)


def class_of(image: NDArray[np.float32], network: Network, target: int | None) -> tuple[int, float]:
    """Return a class and its probability; scores that are none yet pass the softmax."""

    def scores(session: Any) -> Any:
        table = session.table(session.image[None])[0].detach().double().cpu().numpy()
        return table, checked_target(session.target, table.size)

    table, chosen = explained(image, network.module, target, scores)
    if table.min() < 0 or abs(table.sum() - 1) > 1e-3:
        table = np.exp(table - table.max())
        table /= table.sum()
    return int(chosen), float(table[chosen])


def _computed(
    method: str, image: NDArray[np.float32], network: Network, options: Options
) -> NDArray[Any]:
    size, steps = network.batch_size, options.steps
    if method == "grad-cam":
        layer = options.layer or last_convolution(network.module)
        found = explain.grad_cam(image, network.module, layer=layer, target=options.target)
        return np.asarray(found)
    side = max(1, min(image.shape[:2]) // _OCCLUDED)
    functions: dict[str, Callable[..., Any]] = {
        "gradient": explain.gradient,
        "smooth-grad": partial(explain.smooth_grad, batch_size=size, kind="square"),
        "integrated-gradients": partial(explain.integrated_gradients, steps=steps, batch_size=size),
        "xrai": partial(explain.xrai, steps=steps, batch_size=size),
        "blur-ig": partial(explain.blur_ig, steps=steps, batch_size=size),
        "guided-ig": partial(explain.guided_ig, steps=steps),
        "occlusion": partial(
            explain.occlusion, size=side, stride=max(1, side // 2), batch_size=size
        ),
    }
    return np.asarray(functions[method](image, network.module, target=options.target))


def _sign_of(method: str) -> Any:
    return "positive" if method in ("xrai", "occlusion", "grad-cam") else "absolute"


def _cropped(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the centre of an image as RGB in [0, 1] of this width and height."""
    frames = images.as_frames(pixels, stacks=False)
    colors = images.picture_of(frames)
    rows, cols = colors.shape[:2]
    width, height = size
    scale = min(rows / height, cols / width)
    inner_rows, inner_cols = max(1, round(scale * height)), max(1, round(scale * width))
    top, left = (rows - inner_rows) // 2, (cols - inner_cols) // 2
    part = colors[top : top + inner_rows, left : left + inner_cols]
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    found: NDArray[np.float64] = cv2.resize(part / 255, size, interpolation=way)
    return found


def _cell(title: str, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, cols = picture.shape[:2]
    scale = max(1.0, _CELL / max(rows, cols))
    size = round(scale * cols), round(scale * rows)
    cell = np.full((size[1] + _CAPTION, size[0], 3), 255, np.uint8)
    cell[_CAPTION:] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    text = "".join(each if each.isascii() and each.isprintable() else "?" for each in title)
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, 1
    while text and cv2.getTextSize(text, font, 0.5, thickness)[0][0] > size[0] - 8:
        text = text[:-1]
    cv2.putText(cell, text, (4, _CAPTION - 9), font, 0.5, (0, 0, 0), thickness, cv2.LINE_AA)
    return cell

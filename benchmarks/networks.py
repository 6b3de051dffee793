"""Networks for videos beside the same layers of plain PyTorch: times and differences.

    PYTHONPATH=.:tests python -m benchmarks.networks GOLDEN stavis --seconds 10

GOLDEN is the folder with the formulas of synthetic weights. Both sides run in turn, in this
process, on the same threads. The plain side prepares frames as the authors' scripts do.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

RNG = np.random.default_rng(0)
BATCH = 4  # windows of the plain side at once; one alone takes a third longer


def scene(count: int, height: int, width: int) -> Iterator[NDArray[np.uint8]]:
    """Yield frames of smooth noise that moves."""
    small = RNG.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    for i in range(count):
        yield np.roll(picture, 4 * i, 1)


def stavis(recorded: Any, folder: Path, seconds: float, rounds: int) -> dict[str, Any]:
    """Time a clip with sound, window by window on the plain side as in the authors' script."""
    from network_files import write_stavis
    from PIL import Image
    from reference.stavis import Stavis

    from fastsal import neural
    from fastsal.neural import stavis_net

    weights = recorded.weights("stavis")
    path = folder / "stavis.pth"
    write_stavis(path, weights)
    network = neural.stavis(path, device="cpu")
    rough = neural.stavis(path, device="cpu", precision="bfloat16")
    plain = Stavis().eval()
    plain.load_state_dict(weights)
    frames = list(scene(round(25 * seconds), 360, 640))
    sound = (RNG.standard_normal(round(22050 * seconds)) * 0.1).clip(-1, 1).astype(np.float32)
    nearest = Image.Resampling.NEAREST

    def window(start: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Prepare all frames of a window, as the authors do for every window."""
        count = min(16, len(frames) - start)
        indices = [start + i % count for i in range(16)]
        x = np.stack([stavis_net.prepared(frames[each], nearest) for each in indices], 1)
        wave = stavis_net.excerpt(sound, start, count, 25.0)
        return torch.from_numpy(x), torch.from_numpy(wave)[None, None]

    def plainly(*, is_prepared: bool = False) -> NDArray[np.float32]:
        """Run the windows that start at each frame but the last; prepare one only, or all."""
        found, known = [], window(0)
        with torch.inference_mode():
            for start in range(0, len(frames) - 1, BATCH):
                starts = range(start, min(start + BATCH, len(frames) - 1))
                pairs = [known if is_prepared else window(each) for each in starts]
                x, wave = (torch.stack(each) for each in zip(*pairs, strict=True))
                found.append(torch.sigmoid(plain(x, wave)).numpy())
        return np.concatenate(found)

    calls = {
        "fastsal": lambda: network.predict(frames, audio=sound, fps=25.0, raw=True),
        "fastsal, bfloat16": lambda: rough.predict(frames, audio=sound, fps=25.0, raw=True),
        "plain": plainly,
        "plain, frames prepared": lambda: plainly(is_prepared=True),
    }
    times, results = timed(calls, rounds)
    apart = np.abs(results["fastsal"][8:] - results["plain"][: len(frames) - 8]).max()
    return {
        "frames": len(frames), "largest difference": float(apart), "seconds": times,
        "ratio": times["plain"] / times["fastsal"],
        "ratio, frames prepared": times["plain, frames prepared"] / times["fastsal"],
    }  # fmt: skip


def tased(recorded: Any, folder: Path, seconds: float, rounds: int) -> dict[str, Any]:
    """Time one map from 32 frames, and one in a stream, which shares steps with those before."""
    from network_files import prefixed
    from reference.tased import Tased

    from fastsal import neural

    path = folder / "TASED_updated.pt"
    torch.save(prefixed(recorded.weights("tased")), path)
    plain = Tased().eval()
    plain.load_state_dict(recorded.weights("tased"))
    frames = list(scene(32, 224, 384))
    pixels = (np.stack(frames).astype(np.float32) * 2 - 255) / 255
    clip = torch.from_numpy(pixels).permute(3, 0, 1, 2)[None].contiguous()

    def plainly() -> NDArray[np.float32]:
        with torch.inference_mode():
            found: NDArray[np.float32] = torch.sigmoid(plain(clip))[0].numpy()
        return found

    calls: dict[str, Callable[[], Any]] = {"plain": plainly}
    for precision in ("float32", "bfloat16"):
        # Every 31st map: those of the first and of the last frame.
        pair = neural.tased(path, device="cpu", stride=31, precision=precision)
        stream = neural.tased(path, device="cpu", precision=precision)
        stream.update(frames[0])
        calls[f"fastsal, two maps, {precision}"] = lambda x=pair: x.predict(frames, raw=True)
        calls[f"fastsal, stream, {precision}"] = lambda x=stream: x.update(frames[1])
    times, results = timed(calls, rounds)
    apart = np.abs(results["fastsal, two maps, float32"][31] - results["plain"])
    return {
        "fraction of pixels within 0.001": float(np.mean(apart < 1e-3)), "seconds": times,
        "ratio": times["plain"] / times["fastsal, two maps, float32"] * 2,
        "ratio in a stream": times["plain"] / times["fastsal, stream, float32"],
    }  # fmt: skip


def stra_net(recorded: Any, folder: Path, seconds: float, rounds: int) -> dict[str, Any]:
    """Time four frames, without the optical flow."""
    from reference.stra_net import PlainStraNet, enlarged
    from stra_net_files import Recorded, layout, write

    from fastsal import neural
    from fastsal.neural import stra_net_images, stra_net_layers

    weights = Recorded(recorded.folder.parent.parent)
    path = write(folder / "stra.h5", layout(stra_net_layers.groups()), weights)
    plain = PlainStraNet(weights).eval()
    frames = list(scene(4, 360, 640))
    still = np.zeros((360, 640, 2), np.float32)
    images = torch.from_numpy(np.stack([stra_net_images.prepare_image(each) for each in frames]))
    flows = torch.zeros(len(frames), 10, *images.shape[2:])

    def plainly() -> NDArray[np.float32]:
        with torch.inference_mode():
            found: NDArray[np.float32] = enlarged(plain(images, flows)[0]).numpy()
        return found

    calls: dict[str, Callable[[], Any]] = {"plain": plainly}
    for precision in ("float32", "bfloat16"):
        network = neural.stra_net(path, flow=lambda *_: still, device="cpu", precision=precision)
        calls[f"fastsal, {precision}"] = lambda x=network: x.predict(frames, raw=True)
    times, results = timed(calls, rounds)
    apart = np.abs(results["fastsal, float32"] - results["plain"]).max()
    return {
        "frames": len(frames), "largest difference": float(apart), "seconds": times,
        "ratio": times["plain"] / times["fastsal, float32"],
    }  # fmt: skip


NETWORKS = {"tased": tased, "stra-net": stra_net, "stavis": stavis}


def timed(
    calls: dict[str, Callable[[], Any]], rounds: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the median seconds of each call, one after the other in each round, and its result."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    results = {}
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            results[name] = call()
            found[name].append(time.perf_counter() - began)
            print(f"{name}: {found[name][-1]:.2f} s", file=sys.stderr)
    return {name: statistics.median(each) for name, each in found.items()}, results


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("golden", type=Path, help="folder golden/neural")
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of STAViS's clip")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    from network_files import Recorded

    recorded = Recorded(options.golden.parent.parent)
    with tempfile.TemporaryDirectory() as folder:
        run = NETWORKS[options.network]
        found = run(recorded, Path(folder), options.seconds, options.rounds)
    print(json.dumps({"threads": options.threads, options.network: found}, indent=1))


if __name__ == "__main__":
    main()

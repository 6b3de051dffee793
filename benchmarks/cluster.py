"""``python -m benchmarks.cluster PHOTOS``: many JPEGs on Dask workers, and in plain processes.

PHOTOS is a folder of photographs. They are scaled and encoded to ``--files`` different JPEGs of
about 100 kB. Rows ``loop-N`` run N plain processes, each with a loop over its part of the files.
Rows ``workers-N`` run `fastsal.distributed.map_images` on a local cluster of N processes. Every row
is stored in a separate file, so that rows can be measured one by one.

    python -m benchmarks.cluster PHOTOS --files 10000
    python -m benchmarks.cluster PHOTOS --files 1000 --rows loop-2,workers-2
    python -m benchmarks.cluster --table

Seconds are from the first file to the last. Processes have loaded their kernels before. The client
and the scheduler of a local cluster share a process: `own` is its processor time per file. `memory`
is its growth between the first and the last result.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.kept import FOLDER, rounded
from fastsal.bench import machine

METHOD = "spectral-residual"
ROWS = ("loop-1", "loop-2", "workers-1", "workers-2")
RESULTS = FOLDER / "cluster"
README = Path(__file__).parents[1] / "fastsal" / "distributed" / "README.md"
_BYTES = 100_000
_BEGIN, _END = "<!-- scaling: begin -->\n", "<!-- scaling: end -->"

_LOOP = """
import json, sys, time
from pathlib import Path
import numba
from fastsal.kernels import threads
from fastsal.io.pictures import read_image, write_image
from fastsal.stream import Stream
key, target, kernel_threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
names = sys.stdin.readline().split("\\t")
threads.count()
numba.set_num_threads(kernel_threads)
stream = Stream(key)
stream.update(read_image(names[0].strip()))
print("ready", flush=True)
sys.stdin.readline()
began = time.perf_counter()
for name in names:
    path = Path(name.strip())
    write_image(target / f"{path.stem}.png", stream.update(read_image(path)))
print(time.perf_counter() - began, flush=True)
"""


def make_files(photos: Path, folder: Path, count: int) -> list[Path]:
    """Write different JPEGs of about 100 kB; those of an earlier run are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    originals = sorted(
        path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".png")
    )
    if not originals:
        raise SystemExit(f"{photos}: must hold photographs; got none")
    targets = [folder / f"{index:06}.jpg" for index in range(count)]
    qualities: dict[int, int] = {}
    for index, target in enumerate(targets):
        if target.exists():
            continue
        number = index % len(originals)
        picture = cv2.resize(cv2.imread(str(originals[number])), (800, 600))
        # A few columns are moved, so that no two files are equal.
        picture = np.roll(picture, 3 * (index // len(originals)), axis=1)
        if number not in qualities:
            sizes = {quality: _size(picture, quality) for quality in range(40, 100, 3)}
            qualities[number] = min(sizes, key=lambda quality: abs(sizes[quality] - _BYTES))
        cv2.imwrite(str(target), picture, [cv2.IMWRITE_JPEG_QUALITY, qualities[number]])
    return targets


def _size(picture: Any, quality: int) -> int:
    return len(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def run_loop(files: list[Path], target: Path, processes: int) -> dict[str, Any]:
    """Time plain processes, each with a loop over its part of the files."""
    from fastsal.distributed.threads import cores

    target.mkdir()
    command = [sys.executable, "-c", _LOOP, METHOD, str(target), str(max(1, cores() // processes))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(command, **pipes) for _ in range(processes)]
    for index, process in enumerate(started):
        process.stdin.write("\t".join(map(str, files[index::processes])) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "ready\n":
            raise SystemExit("a process of the loop has failed")
    began = time.perf_counter()
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.communicate()
    return {"seconds": time.perf_counter() - began}


def run_workers(files: list[Path], target: Path, workers: int) -> dict[str, Any]:
    """Time a local cluster."""
    from fastsal.distributed import batch, map_images

    marks = {}
    run = batch.run

    def watched(*arguments: Any) -> None:
        marks["before"] = (_resident(), time.process_time())
        run(*arguments)
        marks["after"] = (_resident(), time.process_time())

    batch.run = watched
    report = map_images(files, target, METHOD, workers=workers, progress=False)
    batch.run = run
    if len(report.done) != len(files):
        raise SystemExit(f"{len(report.failed)} files have failed: {report.failed[:1]}")
    (memory, processor), (memory_after, processor_after) = marks["before"], marks["after"]
    return {
        "seconds": report.seconds,
        "own_ms_per_file": 1e3 * (processor_after - processor) / len(files),
        "memory_growth_mb": memory_after - memory,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _resident() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def measure(row: str, files: list[Path], folder: Path) -> dict[str, Any]:
    """Run one row, store its result, and return it."""
    kind, _, number = row.partition("-")
    target = folder / f"out-{row}"
    shutil.rmtree(target, ignore_errors=True)
    run = {"loop": run_loop, "workers": run_workers}[kind]
    found = run(files, target, int(number))
    outputs = len(list(target.glob("*.png")))
    if outputs != len(files):
        raise SystemExit(f"{row}: {outputs} of {len(files)} outputs are there")
    shutil.rmtree(target)
    result = {
        "row": row, "files": len(files), "method": METHOD,
        "mean_bytes": float(np.mean([path.stat().st_size for path in files])),
        "files_per_second": len(files) / found["seconds"], **found,
        "machine": machine.description(),
    }  # fmt: skip
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{len(files)}-{row}.json"
    path.write_text(json.dumps(rounded(result), indent=1) + "\n")
    return result


def table() -> str:
    """Return the stored rows as a table."""
    results = [json.loads(path.read_text()) for path in RESULTS.glob("*.json")]
    lines = [
        "| files | processes | files per second | client and scheduler, ms per file "
        "| their memory, MB more |",
        "|--:|---|--:|--:|--:|",
    ]
    for each in sorted(results, key=lambda each: (each["files"], each["row"])):
        kind, _, number = each["row"].partition("-")
        name = f"{number} x plain loop" if kind == "loop" else f"{number} x Dask worker"
        own = f"{each['own_ms_per_file']:.2f}" if "own_ms_per_file" in each else ""
        memory = f"{each['memory_growth_mb']:.0f}" if "memory_growth_mb" in each else ""
        rate = f"{each['files_per_second']:.1f}"
        lines.append(f"| {each['files']:,} | {name} | {rate} | {own} | {memory} |")
    return "\n".join(lines) + "\n"


def write_table() -> None:
    """Put the table into the README of `fastsal.distributed`."""
    before, _, rest = README.read_text().partition(_BEGIN)
    README.write_text(f"{before}{_BEGIN}{table()}{_END}{rest.partition(_END)[2]}")


def main() -> None:
    """Measure rows, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("photos", nargs="?", type=Path, metavar="PHOTOS")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--folder", type=Path, default=Path("/tmp/fastsal-cluster"))
    parser.add_argument("--make", action="store_true", help="make the files only")
    parser.add_argument("--table", action="store_true", help="write the table only")
    options = parser.parse_args()
    if not options.table:
        if options.photos is None:
            parser.error("PHOTOS must be a folder of photographs")
        files = make_files(options.photos, options.folder / "files", options.files)
        for row in [] if options.make else options.rows.split(","):
            result = measure(row, files, options.folder)
            print(f"{row}: {result['files_per_second']:.1f} files per second", flush=True)
    if not options.make:
        write_table()


if __name__ == "__main__":
    main()

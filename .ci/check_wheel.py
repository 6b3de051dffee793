"""Prove that an installed wheel with machine code compiles nothing, and gives the same maps.

    python .ci/check_wheel.py [METHOD ...]

Of each method, by default of all, a first map is made with an empty cache from the code in the
wheel, and again with all code compiled here. It prints the processor seconds of both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

_CODE = """
import hashlib, json, resource, sys
import numpy as np
import fastsal
from fastsal.kernels import shipped, watch

shipped.is_enabled = sys.argv[2] == "shipped"
compiled = []

class Watcher:
    def started(self, name): compiled.append(name)
    def done(self, name): pass

frames = np.random.default_rng(7).integers(0, 256, (2, 480, 640, 3), dtype=np.uint8)
with watch.watching(Watcher()):
    stream = fastsal.Stream(sys.argv[1], backend="cpu")
    maps = [stream.update(frame).tobytes() for frame in frames]
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "compiled": compiled, "maps": hashlib.sha256(b"".join(maps)).hexdigest(),
    "seconds": used.ru_utime + used.ru_stime,
}))
"""


def first_maps(key: str, source: str) -> dict[str, object]:
    """Run a process with an empty cache; return its compiled functions, maps and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "FASTSAL_CACHE_DIR": folder, "FASTSAL_NATIVE": "0"}
        printed = subprocess.run(
            [sys.executable, "-c", _CODE, key, source],
            check=True, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder,
        ).stdout  # fmt: skip
    found: dict[str, object] = json.loads(printed)
    return found


def main(keys: list[str]) -> None:
    """Check the methods."""
    import fastsal
    from fastsal.kernels import shipped
    from fastsal.registry import BUILT_IN

    if reason := shipped.why_unused():
        sys.exit(f"the wheel's machine code is not used: {reason}")
    print(f"fastsal in {os.path.dirname(fastsal.__file__)}")
    print(f"{'method':<20}{'from the wheel, s':>20}{'compiling, s':>16}")
    failed = []
    for key in keys or BUILT_IN:
        wheel, own = first_maps(key, "shipped"), first_maps(key, "compiled")
        print(f"{key:<20}{wheel['seconds']:>20.2f}{own['seconds']:>16.1f}", flush=True)
        if wheel["compiled"]:
            failed.append(f"{key} compiled {wheel['compiled']}")
        if wheel["maps"] != own["maps"]:
            failed.append(f"{key} gives other maps")
        if not own["compiled"]:
            failed.append(f"{key} compiled nothing where it had to")
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main(sys.argv[1:])

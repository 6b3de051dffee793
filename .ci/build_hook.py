"""The build hook that puts machine code into a wheel, if FASTSAL_BUILD_KERNELS asks for it.

    FASTSAL_BUILD_KERNELS=1 pip wheel --no-deps .          # every kernel that `warmup` covers
    FASTSAL_BUILD_KERNELS=lc,flow pip wheel --no-deps .    # those of first maps of two methods

It uses the newest Numba that pip finds. It lies here since no wheel needs it after the build.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VARIABLE = "FASTSAL_BUILD_KERNELS"
SCRIPT = Path(__file__).with_name("build_kernels.py")

# Machine code works with any Python. No file in the wheel links to a library of the system, so the
# tag is that of Numba's own wheels.
TAG = "py3-none-manylinux_2_27_x86_64"


class KernelsHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the folder of machine code to a wheel."""

    def dependencies(self) -> list[str]:
        """Return fastsal's own dependencies, which compilation needs."""
        return list(self.metadata.core.dependencies) if os.environ.get(VARIABLE) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and let hatch take the folder."""
        wanted = os.environ.get(VARIABLE, "")
        if wanted in ("", "0") or version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        target = Path(self._folder.name) / "machine_code"
        methods = [] if wanted == "1" else wanted.split(",")
        subprocess.run([sys.executable, SCRIPT, target, *methods], check=True)
        build_data["pure_python"], build_data["tag"] = False, TAG
        build_data["force_include"][str(target)] = "fastsal/kernels/machine_code"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the compiled kernels, which are in the wheel now."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()

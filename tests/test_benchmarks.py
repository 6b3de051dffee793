"""What the benchmarks promise of how they measure."""

from processes import run_python


def test_peers_and_ours_get_two_threads_on_larger_machines():
    printed = run_python(
        """
import os
os.environ.update(NUMBA_NUM_THREADS="4", OPENCV_FOR_THREADS_NUM="4")
import cv2, numba
from benchmarks import peers
from fastsal.pipelines.bench import machine
before = numba.get_num_threads()
peers.hold_to_threads()
print(before, numba.get_num_threads(), cv2.getNumThreads(), machine.description()["threads"])
import subprocess, sys
from benchmarks.peers import _program
code = "import cv2, numba, sys; sys.exit((numba.get_num_threads(), cv2.getNumThreads()) != (2, 2))"
print(_program([sys.executable, "-c", code])().returncode)
"""
    )

    assert printed.split() == ["4", "2", "2", "2", "0"]

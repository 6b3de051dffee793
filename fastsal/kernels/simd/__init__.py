"""Code that is emitted as LLVM IR, because Numba or LLVM does not vectorise the plain loops.

Every user has a plain loop with the same bits for other processors. ``FASTSAL_SIMD=0`` selects the
plain loops on all processors.
"""

import os

ENABLED = os.environ.get("FASTSAL_SIMD") != "0"

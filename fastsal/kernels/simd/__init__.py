"""Code that is emitted as LLVM IR, because Numba or LLVM does not vectorise the plain loops.

Code for some processors has a plain loop with the same bits for the others, and ``FASTSAL_SIMD=0``
selects the plain loops everywhere. Superpixels use vectors that LLVM builds on every processor.
"""

import os

ENABLED = os.environ.get("FASTSAL_SIMD") != "0"

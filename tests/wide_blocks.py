"""Kernels whose blocks have more threads than `launch.THREADS`, and so fewer registers for each."""

WIDE_BLOCKS = {
    "kernels.finish._cuda._scale": 1024,
    "kernels.reconstruction._cuda._reconstruct": 512,
    "algorithms.itti_koch._cuda_scales.halve": 512,
    "algorithms.itti_koch._cuda_sum.add_up": 1024,
}

"""Kernels with more threads per block than `launch.THREADS`, and so fewer registers for each."""

WIDE_BLOCKS = {
    "kernels.postprocess._cuda._scale": 1024,
    "kernels.reconstruction._cuda._reconstruct": 512,
    "algorithms.boolean_map._cuda_blur.quantize": 1024,
    "algorithms.boolean_map._cuda_blur.shape_map": 1024,
    "algorithms.boolean_map._cuda_planes.project": 1024,
    "algorithms.boolean_map._cuda_regions.fill_levels": 1024,
    "algorithms.boolean_map._cuda_regions.weigh_areas": 1024,
    "algorithms.boolean_map._cuda_regions.weigh_maps": 1024,
    "algorithms.itti_koch._cuda_pyramids.halve": 512,
    "algorithms.itti_koch._cuda_sum.add_up": 1024,
}

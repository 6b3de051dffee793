COLORS = "uint8[:,:,:,::1]"
WINDOWS = "int64[:,::1]"
WORDS = "uint32[:,:,:,::1]"
MAPS = "uint32[:,:,::1]"
WEIGHTS = "int64[:,:,::1]"
TABLE = "uint32[::1]"

KERNELS = {
    "_cuda_planes.clear_counts": ["void(int32[:,::1])"],
    "_cuda_planes.count_unlike": [f"void({COLORS}, int32[:,::1])"],
    "_cuda_planes.find_windows": [f"void(int32[:,::1], int64, {WINDOWS})"],
    "_cuda_planes.set_windows": [f"void(int64, int64, int64, int64, {WINDOWS})"],
    "_cuda_planes.replicate": [f"void({COLORS}, {WINDOWS})"],
    "_cuda_planes.fill_warm": [f"void({COLORS}, int32[:,::1], {COLORS})"],
    "_cuda_planes.fill_covariance_axes": [f"void({COLORS}, {WINDOWS}, int64[:,:,::1])"],
    "_cuda_planes.project": [f"void({COLORS}, int64[:,:,::1], {COLORS})"],
    "_cuda_regions.fill_levels": [
        f"void({COLORS}, {WINDOWS}, int64, {COLORS}, {COLORS}, int64[:,::1])"
    ],
    "_cuda_regions.weigh_areas": [f"void({COLORS}, {COLORS}, int64[:,::1], int64[::1], {WEIGHTS})"],
    "_cuda_regions.spread_across": [
        f"void({COLORS}, {COLORS}, int64[:,::1], int64, int64, {WORDS})"
    ],
    "_cuda_regions.spread_down": [f"void({WORDS}, {WINDOWS}, int64, {WORDS})"],
    "_cuda_regions.weigh_maps": [f"void({WORDS}, {WINDOWS}, int64[::1], int64, {WEIGHTS})"],
    "_cuda_regions.add_maps": [f"void({WORDS}, {WEIGHTS}, {WINDOWS}, int64, {MAPS})"],
    "_cuda_blur.quantize": [f"void({MAPS}, {WINDOWS}, boolean)"],
    "_cuda_blur.dilate": [f"void({MAPS}, {WINDOWS}, int64, {MAPS})"],
    "_cuda_blur.blur": [
        f"void({MAPS}, {WINDOWS}, {TABLE}, boolean, boolean, int64, {MAPS})",
    ],
    "_cuda_blur.shape_map": [
        f"void({MAPS}, {WINDOWS}, boolean, int32[::1], int64, {TABLE}, {TABLE}, float32[:,:,::1])"
    ],
}
# Eigenvectors, once a frame; square roots, once a threshold.
DOUBLES = {
    "_cuda_planes.fill_covariance_axes", "_cuda_regions.weigh_areas", "_cuda_regions.weigh_maps",
}  # fmt: skip

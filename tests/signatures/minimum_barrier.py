PLANES, BYTES, MAPS = "uint8[:,:,:,::1]", "uint8[:,:,::1]", "float32[:,:,::1]"
STRIPS, BOUNDS = "float32[:,:,:,::1]", "int64[:,::1]"

KERNELS = {
    "_cuda._replicate": [f"void({PLANES}, {BOUNDS})"],
    "_cuda._compose": [f"void({PLANES}, {PLANES}, {BOUNDS}, {MAPS}, boolean, boolean, {MAPS})"],
    "_cuda_frame._fill_bounds": [f"void({PLANES}, {BOUNDS})"],
    "_cuda._fill_distances": [f"void({PLANES}, {BOUNDS}, {PLANES}, {PLANES})"],
    "_cuda_background._fill_axes": [f"void({PLANES}, {BOUNDS}, {MAPS})"],
    "_cuda_background._fill_strips": [f"void({PLANES}, {BOUNDS}, {MAPS}, {STRIPS})"],
    "_cuda_background._combine": [f"void({STRIPS}, {BOUNDS}, {MAPS})"],
    "_cuda_refine._fill_levels": [f"void({MAPS}, {BOUNDS}, {BYTES}, int64[::1])"],
    "_cuda_refine._erode_across": [f"void({BYTES}, {BOUNDS}, int64[::1], {BYTES})"],
    "_cuda_refine._erode_down": [f"void({BYTES}, {BOUNDS}, int64[::1], {BYTES})"],
    "_cuda_refine._invert": [f"void({BYTES}, {BOUNDS}, {BYTES})"],
    "_cuda_refine._sharpen": [f"void({BYTES}, {BOUNDS}, {MAPS})"],
}
# Variances and axes of a strip, from sums that are exact integers: a few hundred operations.
DOUBLES = {"_cuda_background._fill_axes"}

MAPS = "float32[:,:,::1]"
PLANES = "float32[:,:,:,::1]"

KERNELS = {
    "_cuda._oppose": [f"void({PLANES}, float32, {PLANES})"],
    "_cuda_blur.across": [f"void({MAPS}, float32, float32, {MAPS}, {MAPS})"],
    "_cuda_blur.down": [f"void({MAPS}, float32, {MAPS})"],
    "_cuda_blur.compare": [
        f"void({PLANES}, {PLANES}, {PLANES}, float32, float32, {MAPS}, boolean, {PLANES})"
    ],
    "_cuda_merge.add_cubic": [f"void({MAPS}, {MAPS})"],
    "_cuda_merge.add_next": [f"void({MAPS}, {MAPS})"],
    "_cuda_merge.fade_out": [f"void({MAPS}, float32)"],
}

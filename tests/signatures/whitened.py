PLANES, MAPS = "float32[:,:,:,::1]", "float32[:,:,::1]"

KERNELS = {
    "_cuda._fill_lab": [f"void({PLANES}, {PLANES})"],
    "_cuda._blur_across": [f"void({PLANES}, float32, {PLANES})"],
    "_cuda._subtract_down": [f"void({PLANES}, float32, {PLANES}, int64, {PLANES}, {PLANES})"],
    "_cuda._fill_moments": [f"void({PLANES}, float32[:,::1])"],
    "_cuda._fill_weights": ["void(float32[:,::1], int64, float64[:,:,::1], float64[:,:,::1])"],
    "_cuda._fill_distances": [f"void({PLANES}, float64[:,:,::1], int64, {MAPS})"],
}
# A Cholesky factor of 21 x 21 a frame, of a matrix that is nearly singular; its weights are read.
DOUBLES = {"_cuda._fill_weights", "_cuda._fill_distances"}

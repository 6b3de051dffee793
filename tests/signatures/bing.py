KERNELS = {
    "_cuda._resize": ["void(uint8[:,::1], int64, int64, int32[:,::1], int32[:,::1], uint8[:,::1])"],
    "_cuda._fill_gradients": ["void(uint8[:,::1], int32[:,::1], int32[::1], uint8[:,::1])"],
    "_cuda._score": [
        "void(uint8[:,::1], int32[:,::1], float32[:,::1], int32[:,:,::1], float32[:,::1])"
    ],
    "_cuda._pick": [
        "void(float32[:,::1], int32[:,::1], int64, float32[:,::1], int32[:,:,::1], "
        "float32[:,:,::1])"
    ],
}

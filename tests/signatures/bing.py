from signatures.forms import each

KERNELS = {
    "_cuda._clear": ["void(int32[::1], int32[::1])"],
    "_cuda._mark": ["void(int32[:,::1], int32[::1], int32[:,::1])"],
    "_cuda._add_right": ["void(int32[:,::1])"],
    "_cuda._add_down": ["void(int32[:,::1], int32[::1])"],
    "_cuda._paint": each(
        "void(int32[:,::1], int32[::1], int64, MAP[::1])", MAP=["float32", "uint8"]
    ),
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

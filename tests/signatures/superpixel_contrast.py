from signatures.forms import each

KERNELS = {
    "_cuda_paint.average": each(
        "void(PIXEL[::1], int64, boolean, float32, int64, int64, int64, int64[:,::1], "
        "float32[:,::1], float32[:,::1], int32[:,::1], float32[::1], MAP[::1])",
        PIXEL=["uint8", "uint16", "float32"],
        MAP=["float32", "uint8"],
    ),
    "_cuda_paint.subtract": each(
        "void(float32[::1], float32[::1], boolean, MAP[::1])", MAP=["float32", "uint8"]
    ),
    "_cuda.fill_points": [
        "void(int64[:,::1], float32[:,::1], float32[:,::1], float32, float32, float32, "
        "float32[:,::1])"
    ],
    "_cuda.fill_terms": ["void(float32[:,:,::1], float32[:,::1])"],
    "_cuda_paint.paint": each("void(int32[::1], float32[::1], MAP[::1])", MAP=["float32", "uint8"]),
    "_cuda.scale": ["void(float32[:,::1], float32[:,::1], float32, float32[::1])"],
    "_cuda.sum_pairs": ["void(float32[:,::1], float32[:,::1], float32[:,:,::1])"],
}

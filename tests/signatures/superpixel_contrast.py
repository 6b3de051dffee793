from signatures.forms import each

KERNELS = {
    "_cuda._average": each(
        "void(PIXEL[::1], int64, boolean, float32, int64, int64, int64, int64[:,::1], "
        "float32[:,::1], float32[:,::1], int32[:,::1], float32[::1], MAP[::1])",
        PIXEL=["uint8", "uint16", "float32"],
        MAP=["float32", "uint8"],
    ),
    "_cuda._clear": each("void(MAP[::1])", MAP=["float32", "uint8"]),
    "_cuda._fill_change": each(
        "void(float32[::1], float32[::1], boolean, MAP[::1])", MAP=["float32", "uint8"]
    ),
    "_cuda._fill_points": [
        "void(int64[:,::1], float32[:,::1], float32[:,::1], float32, float32, float32, "
        "float32[:,::1])"
    ],
    "_cuda._fill_terms": ["void(float32[:,:,::1], float32[:,::1])"],
    "_cuda._paint": each("void(int32[::1], float32[::1], MAP[::1])", MAP=["float32", "uint8"]),
    "_cuda._scale": ["void(float32[:,::1], float32[:,::1], float32, float32[::1])"],
    "_cuda._sum_pairs": ["void(float32[:,::1], float32[:,::1], float32[:,:,::1])"],
}

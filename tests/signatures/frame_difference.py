from signatures.forms import LUMA, each

LIMIT = "int64, float32"  # white and threshold

KERNELS = {
    "_cuda._fill_from_gray": each(
        f"void(PIXEL[::1], PIXEL[::1], {LIMIT}, MAP[::1])",
        PIXEL=["uint8", "uint16", "float32"],
        MAP=["float32", "uint8"],
    ),
    "_cuda._fill_from_color": each(
        f"void(PIXEL[::1], PIXEL[::1], {LUMA}, {LIMIT}, MAP[::1])",
        PIXEL=["uint8", "uint16"],
        MAP=["float32", "uint8"],
    ),
}

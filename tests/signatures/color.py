from signatures.forms import LUMA, each

KERNELS = {
    "_cuda._fill_luma": each(
        f"void(PIXEL[:,::1], {LUMA}, PIXEL[:,::1])", PIXEL=["uint8", "uint16"]
    ),
    "_cuda._fill_float_luma": [f"void(float32[:,::1], {LUMA}, float32[:,::1])"],
}

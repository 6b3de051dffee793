from signatures.forms import each

KERNELS = {
    "_cuda._fill_bytes": ["void(uint16[:,::1], uint8[:,::1])"],
    "_cuda._fill_levels": each(
        "void(float32[:,::1], int64, LEVEL[:,::1])", LEVEL=["uint8", "uint16"]
    ),
}

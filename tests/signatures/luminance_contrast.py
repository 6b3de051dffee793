from signatures.forms import each

KERNELS = {
    "_cuda._count_bytes": ["void(uint8[:,::1], uint32[:,::1])"],
    "_cuda._count_words": ["void(uint16[:,::1], uint32[:,::1])"],
    "_cuda._fill_scores": ["void(uint32[:,::1], float32[:,::1])"],
    "_cuda._paint_bytes": each(
        "void(uint8[:,::1], float32[:,::1], MAP[:,::1])", MAP=["float32", "uint8"]
    ),
    "_cuda._paint_words": each(
        "void(uint16[:,::1], float32[:,::1], MAP[:,::1])", MAP=["float32", "uint8"]
    ),
}

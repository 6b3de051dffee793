from signatures.forms import each

MODEL = "float32[:,::1], int16[:,::1], uint8[:,::1]"  # templates, shorts, codes

KERNELS = {
    "_cuda._match": [f"void({MODEL}, uint8[::1], int32[::1])"],
    "_cuda._match_blocks": [f"void({MODEL}, uint8[::1], int64, uint8[:,::1], int32[::1])"],
    "_cuda._find_firsts": ["void(uint8[:,::1], int64, uint8[:,::1], int32[::1])"],
    "_cuda._learn": [f"void({MODEL}, uint8[::1], int64, uint8[:,::1], int32[::1], int64)"],
    "_cuda._finish": [f"void({MODEL}, uint8[::1], int32[::1])"],
    "_cuda._start_anew": ["void(int32[::1])"],
    "_cuda._paint": each("void(uint8[:,::1], int64, MAP[::1])", MAP=["float32", "uint8"]),
    "_cuda_candidates._judge": [f"void({MODEL}, int32[::1], uint8[:,::1], int64)"],
    "_cuda_candidates._scan": ["void(uint8[:,::1], int32[::1], uint8[:,::1])"],
}
# OpenCV's bits hang on means in float64.
DOUBLES = {"_cuda._match_blocks"}

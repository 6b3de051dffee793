from signatures.forms import each

KERNELS = {
    "_cuda.add_regions": each(
        "void(PIXEL[::1], int64, boolean, int32[:,::1], int64[:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda.add_up": ["void(int32[::1])"],
    "_cuda.average": ["void(int64[:,::1], int64, float32, float32[:,::1], float32[:,::1])"],
    "_cuda.count_first_pixels": ["void(int32[::1], int64, int32[::1], int32[::1])"],
    "_cuda.find_first_pixels": ["void(int32[::1], int32[::1])"],
    "_cuda.find_range": ["void(int32[::1], int32[::1])"],
    "_cuda.name_labels": ["void(int32[::1], int64, int32[::1], int32[::1], int32[::1])"],
    "_cuda.rename": ["void(int32[::1], int32[::1])"],
    "_cuda.start_boxes": ["void(int64, int64, int32[:,::1])"],
    "_cuda.stretch_boxes": ["void(int32[:,::1], int32[:,::1])"],
    "_cuda_components.count_pixels": ["void(int32[::1], int32[::1])"],
    "_cuda_components.join_components": ["void(int32[::1], int64, int32[::1])"],
    "_cuda_components.start_components": ["void(int32[::1], int32[::1])"],
    "_cuda_grid.fill_flat": [
        "void(int64[::1], int64)",
        "void(int32[::1], int32)",
        "void(float32[::1], float32)",
        "void(uint8[::1], uint8)",
    ],
}

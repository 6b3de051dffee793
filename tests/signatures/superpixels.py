from signatures.forms import each

KERNELS = {
    "_cuda_clean.count_pixels": ["void(int32[::1], int32[::1])"],
    "_cuda_clean.hand_over": ["void(int32[::1], int64, int32[::1], int32[::1], int64)"],
    "_cuda_clean.join_components": ["void(int32[::1], int64, int32[::1])"],
    "_cuda_clean.start_components": ["void(int32[::1], int32[::1])"],
    "_cuda_fast.add_levels": each(
        "void(PIXEL[::1], int64, boolean, int32[:,::1], int64[:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_fast.assign": each(
        "void(PIXEL[::1], int64, boolean, int64, int64, int32[:,:,::1], int64, int64, "
        "int32[:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_fast.convert": ["void(float32[:,:,::1], int64, int64, int32[:,:,::1])"],
    "_cuda_fast.find_keepers": ["void(int32[::1], int32[::1], int32[::1], int64[::1])"],
    "_cuda_fast.give_away": [
        "void(int32[::1], int64, int32[::1], int32[::1], int64[::1], int64, int32[::1])"
    ],
    "_cuda_fast.move": each(
        "void(PIXEL[::1], int64, boolean, int64, int64, int32[:,::1], int64, int64, "
        "int32[:,:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_fast.place": each(
        "void(PIXEL[::1], int64, boolean, int64, int64, int64, int64, int32[:,:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_regions.add_regions": each(
        "void(PIXEL[::1], int64, boolean, int32[:,::1], int64[:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_regions.add_up": ["void(int32[::1])"],
    "_cuda_regions.count_first_pixels": ["void(int32[::1], int64, int32[::1], int32[::1])"],
    "_cuda_regions.fill": [
        "void(int64[::1], int64)",
        "void(int32[::1], int32)",
    ],
    "_cuda_regions.fill_means": [
        "void(int64[:,::1], int64, float32, float32[:,::1], float32[:,::1])"
    ],
    "_cuda_regions.find_first_pixels": ["void(int32[::1], int32[::1])"],
    "_cuda_regions.find_range": ["void(int32[::1], int32[::1])"],
    "_cuda_regions.name_labels": ["void(int32[::1], int64, int32[::1], int32[::1], int32[::1])"],
    "_cuda_regions.raise_claims": ["void(int64[:,::1], int64, boolean, int64, int64[::1])"],
    "_cuda_regions.rename": ["void(int32[::1], int32[::1])"],
    "_cuda_regions.settle_claims": ["void(int64[:,::1], float32, int64[::1], float32[:,:,::1])"],
    "_cuda_regions.start_boxes": ["void(int64, int64, int32[:,::1])"],
    "_cuda_regions.stretch_boxes": ["void(int32[:,::1], int32[:,::1])"],
    "_cuda_rounds.assign": [
        "void(float32[:,:,::1], float32[:,:,::1], int64, float32, int32[:,::1], float32[::1], "
        "float32[::1])"
    ],
    "_cuda_rounds.decide": ["void(float32[::1], float32[::1])"],
    "_cuda_rounds.fill_planes": each(
        "void(PIXEL[::1], int64, boolean, float32, float32[:,:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_rounds.move": [
        "void(float32[:,:,::1], int32[:,::1], int64, float32[:,:,::1], float32[::1])"
    ],
    "_cuda_rounds.place": ["void(float32[:,:,::1], int64, float32[:,:,::1])"],
    "_cuda_rounds.start": ["void(float32[::1])"],
}

from signatures.forms import each

KERNELS = {
    "_cuda_slic.add_levels": each(
        "void(PIXEL[::1], int64, boolean, int32[:,::1], int64[:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_slic.assign": [
        "void(float32[:,:,::1], float32[:,:,::1], int64, float32, int32[:,::1], float32[::1], "
        "float32[::1])"
    ],
    "_cuda_slic.assign_fast": each(
        "void(PIXEL[::1], int64, boolean, int64, int64, int32[:,:,::1], int64, int64, "
        "int32[:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_slic.convert_fast": ["void(float32[:,:,::1], int64, int64, int32[:,:,::1])"],
    "_cuda_slic.decide": ["void(float32[::1], float32[::1])"],
    "_cuda_slic.fill_planes": each(
        "void(PIXEL[::1], int64, boolean, float32, float32[:,:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_slic.find_keepers": ["void(int32[::1], int32[::1], int32[::1], int64[::1])"],
    "_cuda_slic.merge_others": [
        "void(int32[::1], int64, int32[::1], int32[::1], int64[::1], int64, boolean, int32[::1])"
    ],
    "_cuda_slic.merge_small": ["void(int32[::1], int64, int32[::1], int32[::1], int64)"],
    "_cuda_slic.move": [
        "void(float32[:,:,::1], int32[:,::1], int64, float32[:,:,::1], float32[::1])"
    ],
    "_cuda_slic.move_fast": each(
        "void(PIXEL[::1], int64, boolean, int64, int64, int32[:,::1], int64, int64, "
        "int32[:,:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_slic.place": ["void(float32[:,:,::1], int64, float32[:,:,::1])"],
    "_cuda_slic.place_fast": each(
        "void(PIXEL[::1], int64, boolean, int64, int64, int64, int64, int32[:,:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_slic.raise_claims": ["void(int64[:,::1], int64, boolean, int64, int64[::1])"],
    "_cuda_slic.settle_claims": ["void(int64[:,::1], float32, int64[::1], float32[:,:,::1])"],
}

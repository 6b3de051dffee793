from signatures.forms import each

SIZES, TAPS = "int32[:,::1]", "float32[:,::1]"
PLANES = "float32[:,:,::1]"
TASKS = f"{SIZES}, int32[:,::1], int32[::1]"
SPANS, TALLIES = "float32[:,:,::1]", "int64[:,:,:,::1]"
WAVES = "float32, float32[:,::1], float32[:,::1]"
GAPS, MAPS = "float32[:,::1]", "float32[:,:,:,::1]"

KERNELS = {
    "_cuda_pyramids.shrink": each(
        f"void(PIXEL[:,::1], UniTuple(int64, 4), int64, float32, {SIZES}, {PLANES}, float32[::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_pyramids.average": each(
        "void(PIXEL[:,::1], int64, int64, int64, float32, float32[:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
    "_cuda_pyramids.oppose": [f"void(int64, float32[::1], {PLANES})"],
    "_cuda_pyramids.to_lab": [f"void(int64, int64, {PLANES})"],
    "_cuda_pyramids.halve": [f"void({SIZES}, {PLANES})"],
    "_cuda_pyramids.filter_rows": [f"void({SIZES}, {SIZES}, {TAPS}, boolean, {PLANES}, {PLANES})"],
    "_cuda_pyramids.filter_columns": [
        f"void({SIZES}, {SIZES}, {TAPS}, boolean, {PLANES}, {PLANES})"
    ],
    "_cuda_features.clear": [f"void({SPANS}, {TALLIES}, float32[::1])"],
    "_cuda_features.compare": [f"void({SIZES}, {TASKS}, boolean, {PLANES}, {GAPS}, {SPANS})"],
    "_cuda_features.count": [f"void({SIZES}, {TASKS}, float32[::1], {GAPS}, {SPANS}, {TALLIES})"],
    "_cuda_features.reduce": [
        f"void({TASKS}, float32[::1], boolean, boolean, {GAPS}, {SPANS}, {TALLIES}, {MAPS})"
    ],
    "_cuda_sum.reduce_signs": [f"void({TASKS}, float32[::1], {GAPS}, {SPANS}, {MAPS})"],
    "_cuda_sum.compete": [f"void({WAVES}, {SIZES}, {MAPS}, {MAPS}, {MAPS})"],
    "_cuda_sum.sum_signs": [f"void({SIZES}, float32[::1], boolean, {SPANS}, {MAPS}, {MAPS})"],
    "_cuda_sum.add_up_competing": [
        f"void(boolean, {WAVES}, float32[::1], int64, {MAPS}, {MAPS}, {MAPS}, {MAPS}, {MAPS})"
    ],
    "_cuda_sum.add_up": [f"void(boolean, boolean, float32[::1], int64, {MAPS}, {MAPS})"],
}

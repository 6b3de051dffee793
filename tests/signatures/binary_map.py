from signatures.forms import each

MAPS = ["float32", "uint8"]
ATTEMPTS = "float32[:,:,::1], float32[:,:,::1], int32[:,:,::1], int32[:,:,::1], float64[:,::1]"

KERNELS = {
    "_cuda._clear": each("void(SUM[:,::1])", SUM=["int32", "int64"]),
    "_cuda._count": each("void(MAP[:,::1], int32[:,::1])", MAP=MAPS),
    "_cuda._fill_thresholds": ["void(int32[:,::1], int32[::1])"],
    "_cuda._paint_levels": each("void(MAP[:,::1], int32[::1], uint8[:,::1])", MAP=MAPS),
    "_cuda._add_up": each("void(MAP[:,::1], int64[:,::1])", MAP=MAPS),
    "_cuda._fill_bounds": ["void(int64[:,::1], int64, float32[::1])"],
    "_cuda._paint_above": each("void(MAP[:,::1], float32[::1], uint8[:,::1])", MAP=MAPS),
    "_cuda_kmeans.reset_extents": ["void(int32[:,::1])"],
    "_cuda_kmeans.fill_extents": each("void(MAP[:,::1], int32[:,::1])", MAP=MAPS),
    "_cuda_kmeans.cluster": each(
        f"void(MAP[:,::1], UniTuple(float32, 25), int32[:,::1], {ATTEMPTS})", MAP=MAPS
    ),
    "_cuda.choose": [f"void({ATTEMPTS}, int32[:,::1], uint8[:,::1])"],
    "_cuda.paint_clusters": each(
        "void(MAP[:,::1], float32[:,:,::1], int32[:,:,::1], uint8[:,::1], uint8[:,::1])", MAP=MAPS
    ),
}

# Otsu's shares and means, sums of 52 bits, and the sums that choose among attempts.
DOUBLES = {
    "_cuda._fill_thresholds",
    "_cuda._add_up",
    "_cuda._fill_bounds",
    "_cuda_kmeans.cluster",
    "_cuda.choose",
}

from signatures.forms import each

MAPS = "float32[:,:,::1]"

KERNELS = {
    "_cuda._blur_across": [f"void({MAPS}, float32, {MAPS})"],
    "_cuda._blur_down": [f"void({MAPS}, float32, {MAPS})"],
    "_cuda._scale": [f"void({MAPS}, float32, boolean)"],
    "_cuda._upsample": each(f"void({MAPS}, MAP[:,:,::1])", MAP=["float32", "uint8"]),
}

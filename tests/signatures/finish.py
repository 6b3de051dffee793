from signatures.forms import each

MAPS = "float32[:,:,::1]"

KERNELS = {
    "_cuda._blur_across": [f"void({MAPS}, float32, {MAPS})"],
    "_cuda._blur_down": [f"void({MAPS}, float32, {MAPS})"],
    "_cuda._bias": [f"void({MAPS}, float32)"],
    "_cuda._stretch": ["void(float32[:,::1])"],
    "_cuda._enlarge": each(f"void({MAPS}, MAP[:,:,::1])", MAP=["float32", "uint8"]),
}

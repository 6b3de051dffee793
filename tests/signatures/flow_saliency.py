from signatures.forms import LUMA, each

PICTURE, FIELD, FLOW = "int16[:,::1]", "float32[:,::1]", "float32[:,:,::1]"

KERNELS = {
    "_cuda_flow._reduce": each(
        f"void(PIXEL[::1], {LUMA}, int64, {PICTURE})", PIXEL=["uint8", "uint16", "float32"]
    ),
    "_cuda_flow._smooth": [f"void({PICTURE}, {PICTURE})"],
    "_cuda_flow._halve": [f"void({PICTURE}, {PICTURE})"],
    "_cuda_flow._clear": [f"void({FLOW})"],
    "_cuda_flow._hand_down": [f"void({FLOW}, int64, {FLOW})"],
    "_cuda_flow._search": [f"void({PICTURE}, {PICTURE}, {FLOW}, {FLOW})"],
    "_cuda_camera._fit_camera": [f"void({FLOW}, int64, {FIELD}, float32[::1])"],
    "_cuda_camera._fill_reference": [f"void(float32[::1], {FLOW})"],
    "_cuda_camera._average_across": [f"void({FLOW}, int64, {FLOW}, {FLOW})"],
    "_cuda_camera._average_down": [f"void({FLOW}, int64, {FLOW})"],
    "_cuda_camera._weigh": [
        f"void({PICTURE}, {PICTURE}, {FLOW}, {FLOW}, {FIELD}, {FIELD}, int64[:,:,::1])"
    ],
    "_cuda_camera._soften": [f"void({FIELD}, int64[:,:,::1], boolean, {FIELD})"],
    "_cuda_camera._blend": [f"void({FIELD}, {FIELD}, float32, {FIELD}, {FLOW})"],
    "_cuda_camera._scale": [f"void(float32, float32, {FLOW})"],
}

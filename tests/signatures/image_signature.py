WAVES = "float64[:,:,::1]"
COSINES = "float64[:,::1]"

KERNELS = {
    "_cuda._fill_cosines": [f"void({COSINES}, {COSINES})"],
    "_cuda._fill_lab": ["void(float32[:,:,:,::1], float64[:,:,:,::1])"],
    "_cuda._transform_across": [f"void({WAVES}, {COSINES}, {WAVES})"],
    "_cuda._sign_down": [f"void({WAVES}, {COSINES}, {WAVES})"],
    "_cuda._transform_back_down": [f"void({WAVES}, {COSINES}, {WAVES})"],
    "_cuda._add_up": [f"void(float64[:,:,:,::1], {COSINES}, float32[:,:,::1])"],
}
# Rounding decides the signs of some of a few thousand coefficients: see image_signature/_cuda.py.
DOUBLES = set(KERNELS)

from signatures.forms import LUMA, each

SPECTRUM = "float64[:,:,::1]"
SPECTRA2 = f"{SPECTRUM}, {SPECTRUM}"  # real and imaginary part
TRANSFORM = f"void({SPECTRA2}, float64[:,::1], {SPECTRA2})"

KERNELS = {
    "_cuda._fill_twiddles": ["void(float64[:,::1])"],
    "_cuda._shrink": each(
        f"void(PIXEL[:,::1], {LUMA}, int64, {SPECTRA2})",
        PIXEL=["uint8", "uint16", "int16", "int32"],
    ),
    "_cuda._shrink_floats": [f"void(float32[:,::1], {LUMA}, int64, float64, {SPECTRA2})"],
    "_cuda._transform_rows": [TRANSFORM],
    "_cuda._transform_cols": [TRANSFORM],
    "_cuda._fill_spectrum": [f"void({SPECTRA2}, {SPECTRA2}, {SPECTRUM})"],
    "_cuda._fill_residual": [f"void({SPECTRA2}, {SPECTRA2}, {SPECTRUM})"],
    "_cuda._fill_sizes": [f"void({SPECTRA2}, {SPECTRUM})"],
    "_cuda._fill_blurred": [f"void({SPECTRA2})"],
    "_cuda._normalize": ["void(float64[:,::1], float32[:,::1])"],
}
# Rounding would show in these 4,096 numbers per frame: see spectral_residual/_cuda.py.
DOUBLES = set(KERNELS)

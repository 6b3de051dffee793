from signatures.forms import each

KERNELS = {
    "_cuda._fill_means": each(
        "void(PIXEL[:,:,::1], int64, boolean, float32[:,:,:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
}

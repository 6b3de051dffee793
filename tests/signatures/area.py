from signatures.forms import each

KERNELS = {
    "_cuda._fill": each(
        "void(PIXEL[:,:,::1], int64, boolean, int64, int64, uint8[:,:,:,::1])",
        PIXEL=["uint8", "uint16", "float32"],
    ),
}

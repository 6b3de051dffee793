from signatures.forms import each

KERNELS = {
    "_cuda._quantize": ["void(float32[:,::1], uint8[:,::1])"],
    "_cuda._smooth": ["void(uint8[:,:,::1], uint8[:,:,::1])"],
    "_cuda._sum_rows": each(
        "void(uint8[:,:,::1], SUM[:,:,::1], int32[:,::1])", SUM=["float32", "int32"]
    ),
    "_cuda._add_down": each("void(SUM[:,:,::1])", SUM=["float32", "int32"]),
    "_cuda._compare": each(
        "void(uint8[:,:,::1], SUM[:,:,::1], boolean, int32[:,:,::1], int32[:,::1])",
        SUM=["float32", "int32"],
    ),
    "_cuda._paint": each("void(int32[:,::1], int32[:,::1], MAP[:,::1])", MAP=["float32", "uint8"]),
}

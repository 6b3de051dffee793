PLACES = "int32[:,:,::1]"

KERNELS = {
    "_cuda._fill_cells": [
        f"void({levels}[:,::1], int64, float64, float32[:,::1], {PLACES})"
        for levels in ("uint8", "float32")
    ]
}
# The means of the cells are those of the CPU, to the bit.
DOUBLES = set(KERNELS)

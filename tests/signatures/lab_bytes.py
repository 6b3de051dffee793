KERNELS = {
    "_cuda._fill_bytes": ["void(float32[:,::1], uint8[:,::1])"],
    "_cuda._fill_lab": ["void(uint8[:,:,::1], uint8[:,:,::1])"],
}

KERNELS = {"_cuda._fill_lab": ["void(uint8[:,:,::1], uint8[:,:,::1])"]}

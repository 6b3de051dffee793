KERNELS = {"_cuda._reconstruct": ["void(uint8[:,:,::1], uint8[:,:,::1])"]}

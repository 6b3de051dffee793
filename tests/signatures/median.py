KERNELS = {"_cuda._fill": ["void(uint8[:,:,::1], int64, uint8[:,:,::1])"]}

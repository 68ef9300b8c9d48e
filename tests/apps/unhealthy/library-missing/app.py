import ctypes

ctypes.CDLL("libGL.so.1")

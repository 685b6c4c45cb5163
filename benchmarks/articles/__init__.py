"""Published autoencoders rebuilt: parameters, losses, times, pictures."""

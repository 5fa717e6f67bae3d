"""`/v2`: the Open Inference Protocol over HTTP, with Triton's binary tensors, classification and model repository."""

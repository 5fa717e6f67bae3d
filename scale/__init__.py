"""The service on more than one machine: the same application, its models in Ray Serve's replicas."""

"""How fast the service is, beside other ways to serve the same model: `make bench`."""

"""How the service runs: its listening sockets, one process that stops without losing a request, or several of them."""

"""What is told of requests and models while they run: metrics, log lines, spans. Nothing of what clients send."""

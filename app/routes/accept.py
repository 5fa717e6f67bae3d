"""Which of two media types a client would rather have (RFC 9110, section 12.5.1)."""


def prefers(media_type: str, default: str, accept: str) -> bool:
    """Say whether an `Accept` header rates `media_type` above `default`. Unreadable parts of it say nothing."""
    qualities = dict(_ranges(accept))
    return _quality(media_type, qualities) > _quality(default, qualities)


def _ranges(accept: str) -> list[tuple[str, float]]:
    """Return each media range and its quality, lower case and without other parameters."""
    ranges = []
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        stated = [piece.removeprefix("q=") for piece in parameters if piece.startswith("q=")]
        try:
            ranges.append((name, float(stated[0]) if stated else 1.0))
        except ValueError:
            continue
    return ranges


def _quality(media_type: str, qualities: dict[str, float]) -> float:
    """Return the quality of the most specific range that covers a type."""
    covering = media_type, f"{media_type.partition('/')[0]}/*", "*/*"
    return next((qualities[name] for name in covering if name in qualities), 0.0)

"""Exit with 0 if the service in this container is ready, with 1 and its reason otherwise. The image has no curl."""

import http.client
import os
import sys

SECONDS = 4
HERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared, not listened on


def main() -> int:
    """Ask `/health/ready`, which needs no key."""
    host = os.environ.get("QUARTET_HOST", "127.0.0.1")
    port = int(os.environ.get("QUARTET_PORT", "8000"))
    connection = http.client.HTTPConnection(HERE.get(host, host), port, timeout=SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        body = answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer: {error}")
        return 1
    finally:
        connection.close()
    print(body)
    return int(answer.status != http.client.OK)


if __name__ == "__main__":
    sys.exit(main())

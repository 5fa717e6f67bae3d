import asyncio

from starlette.types import Message, Receive, Scope, Send

from app.middleware.body_limit import BodyLimitMiddleware


def test_after_its_body_a_client_is_seen_to_leave_though_other_bodies_have_gone_beyond_the_room() -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"a" * 10, "more_body": True},
        {"type": "http.request", "body": b"a" * 10, "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(_: Message) -> None:
        pass

    seen: list[Message] = []

    async def app(_: Scope, receive: Receive, __: Send) -> None:
        while (await receive())["more_body"]:
            pass
        # Another's body, which is about to be refused.
        limited.held_bytes += 100
        seen.append(await receive())
        limited.held_bytes -= 100

    limited = BodyLimitMiddleware(app, 100, 100, OverflowError, MemoryError)
    asyncio.run(limited({"type": "http", "headers": []}, receive, send))
    assert seen == [{"type": "http.disconnect"}]
    assert limited.held_bytes == 0

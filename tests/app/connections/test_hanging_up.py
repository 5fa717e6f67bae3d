from unittest.mock import Mock

from app.connections.hanging_up import HangUp


def test_who_watches_is_told_once_the_client_has_hung_up() -> None:
    hang_up, tell = HangUp(Mock()), Mock()
    with hang_up.watched(tell):
        tell.assert_not_called()
        hang_up.happen()
        tell.assert_called_once_with()


def test_who_watches_after_the_client_has_hung_up_is_told_at_once() -> None:
    hang_up, tell = HangUp(Mock()), Mock()
    hang_up.happen()
    with hang_up.watched(tell):
        tell.assert_called_once_with()


def test_a_connection_that_is_watched_is_read() -> None:
    flow = Mock()
    with HangUp(flow).watched(Mock()):
        flow.resume_reading.assert_called_once_with()


def test_who_watches_no_more_is_not_told() -> None:
    hang_up, tell = HangUp(Mock()), Mock()
    with hang_up.watched(tell):
        pass
    hang_up.happen()
    tell.assert_not_called()

import httpx

from app.tasks import TASKS


def test_a_service_whose_models_all_serve_is_ready(client: httpx.Client) -> None:
    response = client.get("/health/ready")
    assert response.status_code == 200
    available = {"state": "available", "version": 1, "reason": None}
    assert response.json() == {
        "status": "ready",
        "tasks": dict.fromkeys((task.name for task in TASKS), available),
    }


def test_a_running_process_is_live(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}

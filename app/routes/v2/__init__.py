"""`/v2`: the Open Inference Protocol over HTTP, with Triton's binary tensors, classification and model repository."""

from fastapi import APIRouter

from app.routes.v2 import health, infer, metadata, repository


def inference_protocol_router() -> APIRouter:
    """Return the routes of the protocol."""
    router = APIRouter(tags=["Open Inference Protocol"])
    for part in (health.router, metadata.router, infer.router, repository.router):
        router.include_router(part)
    return router

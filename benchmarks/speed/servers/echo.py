"""The least that a FastAPI route can do: answer with the body that it was sent."""

import os

import uvicorn
from fastapi import FastAPI, Request, Response

app = FastAPI()


@app.get("/ready")
async def ready():
    """Answer at once."""
    return {}


@app.post("/echo")
async def echo(request: Request):
    """Answer with the body."""
    return Response(await request.body())


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False)

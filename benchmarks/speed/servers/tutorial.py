"""The tutorial way: FastAPI, Pillow and Keras' `model.predict`, one request after another."""

import keras
import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from picture_model import FOLDER, PORT, SHAPE, read_picture

# Without its type Keras would hand the pixels over as floats.
inputs = keras.Input(SHAPE, dtype="uint8")
layer = keras.layers.TFSMLayer(str(FOLDER), call_endpoint="serving_default")
model = keras.Model(inputs, layer(inputs))
app = FastAPI()


@app.get("/ready")
def ready():
    """Answer once the model is loaded."""
    return {}


@app.post("/predict")
async def predict(request: Request):
    """Answer for one picture."""
    picture = read_picture(await request.body())
    answer = model.predict(picture[np.newaxis], verbose=0)
    return {"probabilities": answer["probabilities"][0].tolist()}


if __name__ == "__main__":
    uvicorn.run(app, port=PORT, log_level="warning")

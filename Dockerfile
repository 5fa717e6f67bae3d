# The service with its committed models; training is left out.
FROM python:3.12-slim

WORKDIR /srv/quartet
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY app app
RUN mkdir training && pip install --no-cache-dir -c constraints.txt . && useradd --system quartet
COPY models models

USER quartet
ENV QUARTET_HOST=0.0.0.0 QUARTET_PORT=8000 QUARTET_MODELS_DIR=/srv/quartet/models
EXPOSE 8000
HEALTHCHECK --start-period=30s --interval=15s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready')"]
CMD ["quartet", "serve"]

# The service with its committed models. docs/container.md says what is in it and what was measured.
#
# docker build -t quartet .
# docker build --secret id=pip,src=pip.conf -t quartet .     with package indexes of your own
# docker build --build-arg TENSORFLOW=with -t quartet .      for models that need TensorFlow

ARG PYTHON_IMAGE=python:3.13-slim-trixie
# The same Python at the same path, with pip.
ARG BUILD_IMAGE=${PYTHON_IMAGE}

FROM ${BUILD_IMAGE} AS build
ARG EXTRAS=signing
ARG TENSORFLOW=without
WORKDIR /build
COPY pyproject.toml constraints.txt ./
COPY deploy/container/requirements.py deploy/container/slim.sh deploy/container/
# Before the sources: what they need changes less often than they do.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca.crt \
    case "${TENSORFLOW}" in with) without= ;; without) without=tensorflow ;; *) echo "TENSORFLOW: with or without"; exit 2 ;; esac \
    && python3 deploy/container/requirements.py pyproject.toml --extras "${EXTRAS}" --without "${without}" > requirements.txt \
    && python3 -m venv --without-pip /opt/quartet \
    && python3 -m pip --python /opt/quartet/bin/python install --no-cache-dir --no-compile --only-binary :all: \
        -c constraints.txt -r requirements.txt
COPY README.md LICENSE ./
COPY app app
# The byte code is not compared with the sources' times, which an image may not keep.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca.crt \
    PIP_CONSTRAINT=/build/constraints.txt python3 -m pip --python /opt/quartet/bin/python install \
        --no-cache-dir --no-compile --no-deps . \
    && deploy/container/slim.sh /opt/quartet/lib/python3*/site-packages \
    && /opt/quartet/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/quartet/lib

FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Quartet" \
    org.opencontainers.image.description="A REST inference service: news topic, handwritten digit, cat or dog, pneumonia in a chest X-ray" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
# A service installs nothing.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip
COPY LICENSE /licenses/quartet/LICENSE
COPY models /srv/quartet/models
COPY deploy/container/healthcheck.py /usr/local/lib/quartet/healthcheck.py
COPY --from=build /opt/quartet /opt/quartet
# glibc, told to give back what pictures took: docs/container.md has the figures.
ENV PATH=/opt/quartet/bin:${PATH} \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=65536 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    QUARTET_HOST=0.0.0.0 \
    QUARTET_PORT=8000 \
    QUARTET_MODELS_DIR=/srv/quartet/models
WORKDIR /srv/quartet
# By number: orchestrators check that it is not root's without looking the name up.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["/opt/quartet/bin/python", "-I", "/usr/local/lib/quartet/healthcheck.py"]
ENTRYPOINT ["/opt/quartet/bin/quartet"]
CMD ["serve"]

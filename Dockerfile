# lambda-pack inside the runtime that it packs for: the same glibc, the same Python, the same entrypoint as everywhere.
#
#     docker build --build-arg BASE=public.ecr.aws/lambda/python:3.12 --tag lambda-pack:python3.12 .
#
# BASE alone decides which runtime an image is for; its Python says so. docs/container.md has every build argument.
ARG BASE=public.ecr.aws/lambda/python:3.13
FROM ${BASE}

# The largest layer, and the one that changes least. PACKAGES: more of the distribution's, separated by spaces.
ARG PACKAGES=""
COPY script/image /opt/lambda-pack/script/
RUN /opt/lambda-pack/script/image compilers ${PACKAGES}

# Where these come from, when not from their usual places. An argument that is not given is not set; none may hold a
# secret: they stay readable in the image.
ARG PIP_INDEX_URL
ARG UV_PYTHON_INSTALL_MIRROR
ARG UV_PYTHON_DOWNLOADS_JSON_URL

# Made while the image is built, for any user to run; wins over RUNNER_TEMP when a workflow runs the image.
ENV LAMBDA_PACK_ENVIRONMENTS=/opt/lambda-pack-environments
COPY requirements.lock entrypoint /opt/lambda-pack/
COPY script/environment /opt/lambda-pack/script/environment
RUN /opt/lambda-pack/script/image python && /opt/lambda-pack/script/image environment

# Whoever runs it may have no home: caches lie where all may write, and a volume here keeps them between runs.
ENV XDG_CACHE_HOME=/var/cache/lambda-pack
RUN mkdir -m 1777 /var/cache/lambda-pack

ENV LAMBDA_PACK_CONFIG_FILE=/opt/lambda-pack/image.toml
COPY src /opt/lambda-pack/src
RUN /opt/lambda-pack/script/image command

ENTRYPOINT ["/opt/lambda-pack/entrypoint"]
CMD ["--help"]

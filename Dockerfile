# lambda-pack inside the runtime that it packs for: the same glibc, the same Python, the same entrypoint as everywhere.
ARG BASE=public.ecr.aws/lambda/python:3.13
FROM ${BASE}

# Made while the image is built, for any user to run; wins over RUNNER_TEMP when a workflow runs the image.
ENV LAMBDA_PACK_ENVIRONMENTS=/opt/lambda-pack-environments
RUN mkdir -m 755 /opt/lambda-pack-environments

# The dependencies change seldom, so they are a layer of their own; bytecode too, for users who cannot write it.
COPY requirements.lock entrypoint /opt/lambda-pack/
COPY script/environment.py /opt/lambda-pack/script/
RUN python3 -c "import runpy; runpy.run_path('/opt/lambda-pack/entrypoint')['ready_python']()" \
    && python3 -m compileall -q /opt/lambda-pack-environments

COPY src /opt/lambda-pack/src
RUN python3 -m compileall -q /opt/lambda-pack/src

ENTRYPOINT ["/opt/lambda-pack/entrypoint"]
CMD ["--help"]

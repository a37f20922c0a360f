FROM python:3.13-slim AS build
WORKDIR /source
RUN python -m venv /opt/emulator
COPY pyproject.toml README.md ./
COPY emulator ./emulator
COPY seeds ./seeds
RUN /opt/emulator/bin/pip install --no-cache-dir .

FROM python:3.13-slim
COPY --from=build /opt/emulator /opt/emulator
RUN useradd --no-create-home --uid 10001 emulator
# By number, so that an orchestrator can see that it is not root.
USER 10001
ENV PATH=/opt/emulator/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8787
# The empty ProxyHandler: a proxy from the environment must not be asked for our own loopback.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:8787/_emulator/health', timeout=2)"]
ENTRYPOINT ["worldflux-emulator"]
CMD ["serve", "--host", "0.0.0.0", "--allowed-host", "emulator"]

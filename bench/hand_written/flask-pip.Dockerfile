FROM python:3.12-slim AS build
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt .
RUN --mount=type=secret,id=shipway-ca,target=/ca.pem \
    PIP_CERT=/ca.pem pip install --no-cache-dir -r requirements.txt

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PORT=8080
WORKDIR /app
RUN useradd --system --no-create-home app
COPY --from=build /venv /venv
COPY app.py .
USER app
EXPOSE 8080
CMD ["sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT --threads 8 app:app"]

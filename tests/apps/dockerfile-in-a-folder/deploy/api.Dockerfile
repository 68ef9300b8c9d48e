FROM python:3.13-slim
WORKDIR /srv
COPY service/ ./
USER 1000
EXPOSE 7000
CMD ["python", "serve.py"]

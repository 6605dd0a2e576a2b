"""An API that keeps orders: FastAPI behind API Gateway, a database through SQLAlchemy."""

from functools import lru_cache

import boto3
import httpx
import orjson
import structlog
from fastapi import FastAPI, HTTPException
from mangum import Mangum
from pydantic import BaseModel, EmailStr, PositiveInt
from pydantic_settings import BaseSettings
from sqlalchemy import Engine, create_engine, text

log = structlog.get_logger()
app = FastAPI(title="orders")


class Settings(BaseSettings):
    """Read from the function's environment variables."""

    database_url: str = "sqlite://"
    rates_url: str = "https://rates.example.com/latest"
    bucket: str = "orders"


class Order(BaseModel):
    """What a customer sends."""

    customer: EmailStr
    article: str
    pieces: PositiveInt


@lru_cache
def settings() -> Settings:
    return Settings()


@lru_cache
def engine() -> Engine:
    return create_engine(settings().database_url, pool_pre_ping=True)


@app.get("/health")
def health() -> dict[str, str]:
    with engine().connect() as connection:
        connection.execute(text("select 1"))
    return {"status": "ok"}


@app.get("/rates/{currency}")
async def rate(currency: str) -> dict[str, float]:
    async with httpx.AsyncClient(timeout=5) as client:
        rates = (await client.get(settings().rates_url)).raise_for_status().json()
    if currency not in rates:
        raise HTTPException(404, f"no rate for {currency}")
    return {currency: rates[currency]}


@app.post("/orders", status_code=201)
def receive(order: Order) -> Order:
    boto3.client("s3").put_object(
        Bucket=settings().bucket, Key=f"{order.customer}.json", Body=orjson.dumps(order.model_dump())
    )
    log.info("received", article=order.article, pieces=order.pieces)
    return order


handler = Mangum(app, lifespan="off")

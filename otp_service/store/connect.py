"""Connections to Redis by URL: one server, a Cluster, behind Sentinels, or in this process."""

from functools import partial
from importlib import import_module
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.cluster import RedisCluster as AsyncRedisCluster
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.connection import ConnectionPool
from redis.retry import Retry
from redis.sentinel import Sentinel

from otp_service.store.link import Direct, Link, Through
from otp_service.store.packing import packed_by_hiredis

CONNECT_S = 0.25
COMMAND_S = 0.5
COURIER_CONNECT_S = 1.0
COURIER_COMMAND_S = 5.0  # a courier blocks while it waits for work
MEMORY = "memory://"
SENTINEL = "redis+sentinel://"

# The client's own retries are off everywhere: redis-py repeats a command ten times after a lost reply, and one request
# would be two messages.
OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": CONNECT_S,
    "socket_timeout": COMMAND_S,
    "protocol": 2,
    "driver_info": None,  # telling the library's name would be two more trips for each new connection
}
COURIER_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": COURIER_CONNECT_S,
    "socket_timeout": COURIER_COMMAND_S,
    "protocol": 2,
}


def _memory() -> Any:
    """Loaded only where it is used: no production process pays for it."""
    return import_module("otp_service.store.memory")


def connect(url: str, min_replicas: int = 0) -> Link:
    """The web's way to the Redis of this URL: one server, a Cluster, behind Sentinels, or in this process."""
    options = {**OPTIONS, "decode_responses": True}
    if url == MEMORY:
        return Through(_memory().client)
    if is_cluster(url):
        return Through(partial(cluster_client, url), min_replicas)
    retry = Retry(NoBackoff(), 0)
    if url.startswith(SENTINEL):
        nodes, name = sentinels(url)
        sentinel = Sentinel(nodes, sentinel_kwargs=options)
        return Through(partial(sentinel.master_for, name, **options, retry=retry), min_replicas)
    return Direct(ConnectionPool.from_url(url, **options, retry=retry), min_replicas)


def cluster_client(url: str, **more: Any) -> RedisCluster:
    """A Cluster's client, which finds all nodes through the one that is named."""
    retry = Retry(NoBackoff(), 0)
    client: RedisCluster = RedisCluster.from_url(plain(url), **OPTIONS, decode_responses=True, retry=retry, **more)
    return client


def connect_courier(url: str) -> Any:
    """The courier's client of the same Redis, on asyncio, answering in bytes."""
    if url == MEMORY:
        return _memory().courier_client()
    options = {**COURIER_OPTIONS, "retry": AsyncRetry(NoBackoff(), 0)}
    if is_cluster(url):
        return AsyncRedisCluster.from_url(plain(url), **options)
    if url.startswith(SENTINEL):
        nodes, name = sentinels(url)
        return _quick(AsyncSentinel(nodes, sentinel_kwargs=COURIER_OPTIONS).master_for(name, **options))
    return _quick(redis.asyncio.Redis.from_url(url, **options))


def _quick(client: Any) -> Any:
    pool = client.connection_pool
    pool.connection_class = packed_by_hiredis(pool.connection_class)
    return client


def is_cluster(url: str) -> bool:
    """Whether the URL names a Redis Cluster."""
    return url.startswith(("redis+cluster://", "rediss+cluster://"))


def plain(url: str) -> str:
    """The URL of any one node of a Cluster."""
    return url.replace("+cluster", "", 1)


def sentinels(url: str) -> tuple[list[tuple[str, int]], str]:
    """Addresses of the sentinels and the name of the master in `redis+sentinel://host:port[,host:port]/name`."""
    hosts, _, name = url.removeprefix(SENTINEL).partition("/")
    pairs = (item.partition(":") for item in hosts.split(","))
    return [(host, int(port or 26379)) for host, _, port in pairs], name or "mymaster"

"""The thresholds of the brake: what a scope may owe before somebody is asked to prove themselves, or is refused.

Debts are money, thresholds are sends at the price of the one that asks: the same rule holds for a country at one cent a
message and for one at thirty. `weak` is where a challenge is asked for, `strong` where a send is refused whoever solved
what. Debt that is younger than an answer takes counts for `weak` only: nobody could have typed that code yet.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Sends = Annotated[float, Field(ge=0, le=1_000_000)]
PerDay = Annotated[float, Field(ge=0, le=1_000_000)]
Seconds = Annotated[int, Field(ge=1, le=366 * 86_400)]


class Thresholds(BaseModel):
    """How the brake judges; every field has a default that needs no tuning."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    answer_s: Annotated[int, Field(ge=1, le=3600)] = 60
    least_conversion: Annotated[float, Field(ge=0.05, le=1)] = 0.35
    growth: Annotated[float, Field(ge=0, le=100)] = 0.4
    growth_s: Seconds = 10_800
    memory: Annotated[float, Field(ge=0, le=10)] = 0.1
    memory_s: Seconds = 7 * 86_400
    least_price_micros: Annotated[int, Field(ge=1, le=10**9)] = 10_000

    known_s: Seconds = 90 * 86_400
    known_may_owe: Sends = 3
    proven_after: Sends = 2

    number_weak: Sends = 4
    number_strong: Sends = 8
    number_refill_per_day: PerDay = 6
    block_weak: Sends = 4
    block_strong: Sends = 6
    block_refill_per_day: PerDay = 2
    run_weak: Annotated[int, Field(ge=2, le=1000)] = 4
    run_strong: Sends = 2
    prefix_weak: Sends = 3
    prefix_refill_per_day: PerDay = 4
    network_weak: Sends = 4
    network_strong: Sends = 14
    network_refill_per_day: PerDay = 6
    country_weak: Sends = 4
    country_pressed: Sends = 6
    country_strong: Sends = 25
    country_refill_per_day: PerDay = 8
    application_weak: Sends = 5
    application_pressed: Sends = 8
    application_strong: Sends = 100
    application_refill_per_day: PerDay = 12
    pressed_may_owe: Sends = 3

    send_score: Annotated[float, Field(ge=0, le=100)] = 1.15
    code_score: Annotated[float, Field(ge=0, le=100)] = 2.64
    alarm: Annotated[float, Field(ge=0, le=10_000)] = 10.0
    quarantine_s: Seconds = 3600
    quarantine_most_s: Seconds = 86_400
    probe_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    watch_s: Seconds = 1800
    watch_most_s: Seconds = 14_400

"""A parcel of the outbox around anything that is told."""

from __future__ import annotations

from tests.fakes.session_script import START
from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.outbox import Parcel
from tradewind.model.channel import Topic
from tradewind.model.delivery import Delivery, DeliveryState


def parcel(told: object, topic: Topic) -> Parcel:
    delivery = Delivery(1, 1, "telegram:1", DeliveryState.SENDING, START)
    return Parcel(delivery, topic, "key", START, "info", encode_text(told), None, 0)

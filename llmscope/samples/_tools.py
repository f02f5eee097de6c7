"""The tools of the assistant: which ones a topic needs, what they are asked and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from llmscope.samples._dice import Dice

Slots = Mapping[str, str]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: its usual duration in microseconds, what it is for, and its arguments and result."""

    name: str
    usual: int
    description: str
    arguments: Callable[[Slots], Json]
    result: Callable[[Dice, Slots], Json]


TRACKING: Final = "track_shipment"
"""The tool that times out in one of the incidents."""

_CHARGES: Final = (("captured",), ("captured", "pending"), ("failed", "captured"))
_TOOLS: Final = (
    Tool("get_order", 140_000, "Look up an order",
         lambda s: {"order_id": s["order"]},
         lambda d, s: {"order_id": s["order"], "status": d.pick(("shipped", "delivered", "processing", "returned")),
                       "items": [{"sku": f"LUM-{d.between(100, 999)}", "name": s["product"], "count": d.between(1, 3)}],
                       "total": s["amount"]}),
    Tool(TRACKING, 420_000, "Ask the carrier where a parcel is",
         lambda s: {"order_id": s["order"], "include_events": True},
         lambda d, s: {"carrier": d.pick(("DHL", "UPS", "GLS", "Yamato", "Correos")), "last_scan": s["city"],
                       "eta": s["date"], "events": d.between(2, 9)}),
    Tool("issue_refund", 310_000, "Refund an order",
         lambda s: {"order_id": s["order"], "amount": s["amount"], "reason": "customer_return"},
         lambda d, s: {"refund_id": f"rf_{d.hexadecimal(8)}", "amount": s["amount"], "state": "approved"}),
    Tool("list_charges", 190_000, "List the charges of an account",
         lambda s: {"email": s["email"], "limit": 10},
         lambda d, s: {"charges": [{"id": f"ch_{d.hexadecimal(8)}", "amount": s["amount"], "state": state}
                                   for state in d.pick(_CHARGES)]}),
    Tool("get_invoice", 160_000, "Fetch an invoice",
         lambda s: {"invoice": s["invoice"]},
         lambda d, s: {"invoice": s["invoice"], "total": s["amount"], "vat_id": None, "pages": d.between(1, 3)}),
    Tool("get_account", 90_000, "Look up an account by e-mail",
         lambda s: {"email": s["email"]},
         lambda d, s: {"account": f"acc_{d.hexadecimal(8)}", "email": s["email"], "locked": d.chance(3000),
                       "two_factor": d.chance(6000)}),
    Tool("send_reset_link", 230_000, "Send a password reset link",
         lambda s: {"email": s["email"]},
         lambda d, _s: {"sent": True, "expires_in_minutes": 30, "message_id": d.hexadecimal(16)}),
    Tool("search_logs", 880_000, "Search the API logs of a customer",
         lambda s: {"endpoint": s["endpoint"], "since": "24h", "status": int(s["code"])},
         lambda d, s: {"matches": d.between(1, 4000), "first_error": s["error"], "endpoint": s["endpoint"]}),
    Tool("get_service_status", 70_000, "Read the public status page",
         lambda _s: {"component": "api"},
         lambda d, _s: {"status": d.pick(("operational", "operational", "degraded")), "incidents": []}),
    Tool("start_export", 350_000, "Start a data export",
         lambda s: {"email": s["email"], "format": "csv"},
         lambda d, s: {"export_id": f"ex_{d.hexadecimal(8)}", "size_mb": d.between(2, 48_000),
                       "ready_in_h": int(s["days"])}),
    Tool("open_privacy_request", 260_000, "Open a request under data protection law",
         lambda s: {"email": s["email"], "kind": "erasure"},
         lambda _d, s: {"request": f"PR-{s['invoice']}", "due_days": 30}),
    Tool("get_subscription", 120_000, "Read the subscription of an account",
         lambda s: {"email": s["email"]},
         lambda d, s: {"plan": d.pick(("free", "pro", "enterprise")), "renews": s["date"], "price": s["amount"]}),
    Tool("get_device_status", 540_000, "Ask a device for its state",
         lambda s: {"device": s["product"], "serial": f"LH{s['invoice']}"},
         lambda d, s: {"online": d.chance(6500), "firmware": s["version"], "rssi_dbm": -d.between(38, 88),
                       "battery_percent": d.between(4, 100)}),
    Tool("create_return_label", 280_000, "Create a return label",
         lambda s: {"order_id": s["order"], "reason": "defect"},
         lambda d, s: {"label": f"RL-{s['invoice']}", "pages": 1, "carrier": d.pick(("DHL", "UPS"))}),
    Tool("list_members", 150_000, "List the members of a workspace",
         lambda s: {"workspace": s["city"].lower(), "role": "any"},
         lambda d, s: {"members": int(s["seats"]), "seats_left": d.below(20)}),
    Tool("validate_coupon", 60_000, "Check a promo code",
         lambda s: {"code": s["coupon"], "order_id": s["order"]},
         lambda d, s: {"code": s["coupon"], "valid": d.chance(6000), "minimum": s["amount"]}),
    Tool("lookup_serial", 110_000, "Check a serial number against a recall",
         lambda s: {"serial": f"LD2-{s['invoice']}"},
         lambda d, s: {"serial": f"LD2-{s['invoice']}", "recalled": s["invoice"] < "60000", "campaign": "DB2-2026-11",
                       "stock": d.between(0, 900)}),
)  # fmt: skip
TOOLS: Final = {tool.name: tool for tool in _TOOLS}

_CALLS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "refund": (("get_order",), ("get_order", "issue_refund"), ()),
    "shipping": (("get_order", TRACKING), (TRACKING,), ("get_order", TRACKING)),
    "billing": (("list_charges",), ("list_charges", "get_subscription"), ()),
    "invoice": (("get_invoice",), ()),
    "login": (("get_account", "send_reset_link"), ("get_account",), ()),
    "api_error": (("search_logs", "get_service_status"), ("search_logs",), ()),
    "data_export": (("start_export",), ()),
    "privacy": (("open_privacy_request",), ()),
    "upgrade": (("get_subscription",), (), ()),
    "cancel": (("get_subscription",), ()),
    "setup": (("get_device_status",), (), ()),
    "firmware": (("get_device_status",), ()),
    "warranty": (("get_order", "create_return_label"), ("get_order",), ()),
    "team": (("list_members",), ()),
    "promo": (("validate_coupon",), ()),
    "recall": (("lookup_serial",), ("lookup_serial",), ()),
}


def calls(dice: Dice, topic: str) -> tuple[Tool, ...]:
    """Return the tools that one turn about a topic calls, at once."""
    return tuple(TOOLS[name] for name in dice.pick(_CALLS[topic]))

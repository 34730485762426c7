"""The tables of Larkspur Outfitters, a made-up shop for the outdoors: its shop and its web log.

Plain types only, so that they are made alike on SQLite, PostgreSQL and MariaDB.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

shop = MetaData()

customers = Table(
    "customers",
    shop,
    Column("id", Integer, primary_key=True),
    Column("account_no", String(40), nullable=False, unique=True),
    Column("email", String(120), index=True),  # not unique: a deleted account may have had the address before
    Column("name", String(120), nullable=False),
    Column("phone", String(40)),
    Column("birth_date", Date),
    Column("password_hash", String(120), nullable=False),
    Column("driver_licence_no", String(20)),  # asked for once, for goods that are sold by age
    Column("marketing_email", Boolean, nullable=False),
    Column("marketing_sms", Boolean, nullable=False),
    Column("sale_opt_out", Boolean, nullable=False),
    Column("sensitive_limited", Boolean, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("deleted_at", DateTime),
)
addresses = Table(
    "addresses",
    shop,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("street", String(120), nullable=False),
    Column("city", String(80), nullable=False),
    Column("state", String(2)),
    Column("postcode", String(12)),
    Column("created_at", DateTime, nullable=False),
)
products = Table(
    "products",
    shop,
    Column("id", Integer, primary_key=True),
    Column("sku", String(20), nullable=False, unique=True),
    Column("title", String(120), nullable=False),
    Column("price_cents", Integer, nullable=False),
    Column("sold_by_age", Boolean, nullable=False),
)
orders = Table(
    "orders",
    shop,
    Column("id", Integer, primary_key=True),
    Column("order_no", String(20), nullable=False, unique=True),
    Column("customer_id", ForeignKey("customers.id"), index=True),  # NULL: ordered without an account
    Column("guest_email", String(120), index=True),
    Column("placed_at", DateTime, nullable=False),
    Column("status", String(20), nullable=False),
    Column("total_cents", Integer, nullable=False),
    Column("gift_note", Text),
)
order_lines = Table(
    "order_lines",
    shop,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price_cents", Integer, nullable=False),
)
payments = Table(
    "payments",
    shop,
    Column("id", Integer, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False, index=True),
    Column("method", String(20), nullable=False),
    Column("card_last4", String(4)),
    Column("bank_account_no", String(40)),
    Column("amount_cents", Integer, nullable=False),
    Column("paid_at", DateTime, nullable=False),
)
support_tickets = Table(
    "support_tickets",
    shop,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), index=True),
    Column("contact_email", String(120), index=True),
    Column("subject", String(200), nullable=False),
    Column("opened_at", DateTime, nullable=False),
    Column("closed_at", DateTime),
)
ticket_messages = Table(
    "ticket_messages",
    shop,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", ForeignKey("support_tickets.id"), nullable=False, index=True),
    Column("author", String(20), nullable=False),
    Column("body", Text, nullable=False),
    Column("written_at", DateTime, nullable=False),
)
newsletter_subscribers = Table(
    "newsletter_subscribers",
    shop,
    Column("email", String(120), primary_key=True),
    Column("first_name", String(60)),
    Column("consent_ip", String(45)),
    Column("subscribed_at", DateTime, nullable=False),
    Column("unsubscribed_at", DateTime),
)
reviews = Table(
    "reviews",
    shop,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("stars", Integer, nullable=False),
    Column("body", Text),
    Column("written_at", DateTime, nullable=False),
)
avatars = Table(
    "avatars",
    shop,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("media_type", String(40), nullable=False),
    Column("image", LargeBinary, nullable=False),
    Column("uploaded_at", DateTime, nullable=False),
)
devices = Table(
    "devices",
    shop,
    Column("device_id", String(36), primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("platform", String(20), nullable=False),
    Column("first_seen_at", DateTime, nullable=False),
)
loyalty_entries = Table(
    "loyalty_entries",
    shop,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("points", Integer, nullable=False),
    Column("reason", String(80), nullable=False),
    Column("booked_at", DateTime, nullable=False),
)
wishlist_items = Table(
    "wishlist_items",
    shop,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("added_at", DateTime, nullable=False),
)

web_log = MetaData()

web_devices = Table(
    "web_devices",
    web_log,
    Column("device_id", String(36), primary_key=True),
    Column("sale_opt_out", Boolean, nullable=False),
    Column("first_seen_at", DateTime, nullable=False),
)
page_views = Table(
    "page_views",
    web_log,
    Column("id", Integer, primary_key=True),
    Column("device_id", String(36), nullable=False, index=True),
    Column("path", String(200), nullable=False),
    Column("ip_address", String(45), nullable=False),
    Column("user_agent", String(200), nullable=False),
    Column("viewed_at", DateTime, nullable=False),
)
ad_segments = Table(
    "ad_segments",
    web_log,
    Column("device_id", String(36), primary_key=True),
    Column("segment", String(60), primary_key=True),
    Column("added_at", DateTime, nullable=False),
)

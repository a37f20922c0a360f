"""Unset members: members of Stripe's objects that the emulator never sets, with their defaults.

Real: names and nullability are those of API version 2026-10-28.endive, as in the types of the
stripe packages.
"""

from __future__ import annotations

from typing import Any

View = dict[str, Any]


def _nulls(*names: str) -> View:
    return dict.fromkeys(names)


BILLING_PORTAL_SESSION: View = _nulls("customer_account")

CARD: View = {
    **_nulls("generated_from", "regulated_status", "wallet"),
    "three_d_secure_usage": {"supported": True},
}

CHARGED_CARD: View = _nulls(
    "amount_authorized",
    "authorization_code",
    "electronic_commerce_indicator",
    "installments",
    "mandate",
    "network_transaction_id",
    "regulated_status",
    "three_d_secure",
    "transaction_link_id",
    "wallet",
)

CHARGE: View = {
    **_nulls(
        "application",
        "application_fee",
        "application_fee_amount",
        "balance_transaction",
        "calculated_statement_descriptor",
        "description",
        "failure_balance_transaction",
        "on_behalf_of",
        "receipt_email",
        "receipt_number",
        "receipt_url",
        "review",
        "shipping",
        "source",
        "source_transfer",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
        "transfer_group",
    ),
    "disputed": False,
    "fraud_details": {},
    "metadata": {},
}

CHECKOUT_SESSION: View = {
    **_nulls(
        "adaptive_pricing",
        "after_expiration",
        "allow_promotion_codes",
        "allowed_payment_method_types",
        "billing_address_collection",
        "client_secret",
        "collected_information",
        "consent",
        "consent_collection",
        "currency_conversion",
        "customer_account",
        "customer_creation",
        "discounts",
        "integration_identifier",
        "invoice_creation",
        "locale",
        "managed_payments",
        "origin_context",
        "payment_intent",
        "payment_link",
        "payment_method_configuration_details",
        "payment_method_options",
        "permissions",
        "recovered_from",
        "saved_payment_method_options",
        "setup_intent",
        "shipping_address_collection",
        "shipping_cost",
        "submit_type",
        "wallet_options",
    ),
    "automatic_tax": _nulls("liability", "provider", "status") | {"enabled": False},
    "custom_fields": [],
    "custom_text": _nulls(
        "after_submit", "shipping_address", "submit", "terms_of_service_acceptance"
    ),
    "shipping_options": [],
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
}

CUSTOMER: View = {
    **_nulls(
        "address",
        "customer_account",
        "default_source",
        "description",
        "discount",
        "invoice_prefix",
        "phone",
        "shipping",
        "test_clock",
    ),
    "delinquent": False,
    "preferred_locales": [],
    "tax_exempt": "none",
}

CUSTOMER_DETAILS: View = {
    **_nulls("address", "business_name", "individual_name", "phone"),
    "tax_exempt": "none",
    "tax_ids": [],
}

INVOICE: View = {
    **_nulls(
        "account_tax_ids",
        "application",
        "automatically_finalizes_at",
        "custom_fields",
        "customer_account",
        "customer_address",
        "customer_phone",
        "customer_shipping",
        "customer_tax_exempt",
        "default_payment_method",
        "default_source",
        "description",
        "due_date",
        "footer",
        "from_invoice",
        "last_finalization_error",
        "latest_revision",
        "on_behalf_of",
        "receipt_number",
        "rendering",
        "shipping_cost",
        "shipping_details",
        "statement_descriptor",
        "test_clock",
        "webhooks_delivered_at",
    ),
    "account_country": "US",
    "account_name": "WorldFlux (emulated)",
    "amount_overpaid": 0,
    "amount_shipping": 0,
    "automatic_tax": _nulls("disabled_reason", "liability", "provider", "status")
    | {"enabled": False},
    "collection_method": "charge_automatically",
    "default_tax_rates": [],
    "discounts": [],
    "issuer": {"type": "self"},
    "metadata": {},
    "payment_settings": _nulls("default_mandate", "payment_method_options", "payment_method_types"),
    "post_payment_credit_notes_amount": 0,
    "pre_payment_credit_notes_amount": 0,
    "total_discount_amounts": [],
    "total_pretax_credit_amounts": [],
    "total_taxes": [],
}

INVOICE_ITEM: View = {
    **_nulls("customer_account", "invoice", "test_clock"),
    "discountable": False,
    "discounts": [],
    "metadata": {},
    "tax_rates": [],
}

OUTCOME: View = {
    **_nulls("advice_code", "network_advice_code", "network_decline_code", "seller_message"),
    "risk_level": "normal",
}

PAYMENT_INTENT: View = {
    **_nulls(
        "allowed_payment_method_types",
        "application",
        "application_fee_amount",
        "automatic_payment_methods",
        "canceled_at",
        "cancellation_reason",
        "customer_account",
        "description",
        "excluded_payment_method_types",
        "managed_payments",
        "next_action",
        "on_behalf_of",
        "payment_method_configuration_details",
        "payment_method_options",
        "payment_record",
        "processing",
        "receipt_email",
        "review",
        "setup_future_usage",
        "shipping",
        "source",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
        "transfer_group",
    ),
    "amount_capturable": 0,
    "metadata": {},
}

PAYMENT_METHOD: View = {"allow_redisplay": "limited", "customer_account": None, "metadata": {}}

SUBSCRIPTION: View = {
    **_nulls(
        "application",
        "application_fee_percent",
        "billing_cycle_anchor_config",
        "billing_thresholds",
        "customer_account",
        "days_until_due",
        "default_source",
        "description",
        "managed_payments",
        "next_pending_invoice_item_invoice",
        "on_behalf_of",
        "pause_collection",
        "payment_settings",
        "pending_invoice_item_interval",
        "pending_setup_intent",
        "pending_update",
        "schedule",
        "test_clock",
        "transfer_data",
    ),
    "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
    "billing_mode": {"flexible": None, "type": "flexible"},
    "billing_schedules": [],
    "collection_method": "charge_automatically",
    "discounts": [],
    "invoice_settings": _nulls("account_tax_ids", "custom_fields", "description", "footer")
    | {"issuer": {"type": "self"}},
    "trial_settings": {
        "end_behavior": {"billing_cycle_anchor": None, "missing_payment_method": "cancel"}
    },
}

SUBSCRIPTION_ITEM: View = {
    **_nulls("billing_thresholds", "current_trial"),
    "discounts": [],
    "metadata": {},
    "tax_rates": [],
}

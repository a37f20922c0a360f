"""Accounts, sign-up, sessions, one-time codes and PKCE flows."""

"""Organisations, their receiving accounts, people and what they may do, logins and API keys."""

"""The OpenAPI document, made from what the functions declare at their handlers."""

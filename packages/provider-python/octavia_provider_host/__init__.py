"""Serves unchanged drivers of octavia-lib over the driver protocol of docs/driver-protocol.md."""

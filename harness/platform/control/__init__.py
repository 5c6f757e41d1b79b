"""The control API of ``hil serve``: orders to and questions about a running platform."""

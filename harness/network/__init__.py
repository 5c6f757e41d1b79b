"""The private network: namespaces, sockets inside them, capture and traffic facts."""

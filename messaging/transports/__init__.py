"""The ways out: each sends one message or raises TransportError; none touches the database."""

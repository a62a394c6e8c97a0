"""The rights of the people whose data a node has: who read it, restriction, retention, and what could expose them."""

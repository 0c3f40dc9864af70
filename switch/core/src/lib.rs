//! What a payment, a posting and a bill are, and which changes are allowed.

//! The other side of the counter as one service.

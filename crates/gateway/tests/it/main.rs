//! What a module and an operator see of the gateway.

mod calls;
mod line;

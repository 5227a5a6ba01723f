//! Plans are carried out whole or not at all, and taken back.

mod kept;
mod killed;
mod order;
mod refused;
mod site;
mod stand_in;
mod together;

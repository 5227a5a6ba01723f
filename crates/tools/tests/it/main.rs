//! What the tools beyond the PBX do, through their public face.
#![cfg(test)]

mod http;
mod injection;
mod mcp;
mod mcp_faults;
mod reception;

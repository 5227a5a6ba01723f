//! What the store promises, through its public face.
#![cfg(test)]

mod keeper;

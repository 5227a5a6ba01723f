//! The commands around FusionPBX, on real databases of it and a fake FreeSWITCH.

mod administering;
mod dialling;
#[path = "../../../fusionpbx/tests/it/estate.rs"]
mod estate;
mod mending;
mod service;
mod setting_up;
mod test_calls;
mod world;

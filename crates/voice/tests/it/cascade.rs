//! The local engine with parts that do exactly what a test tells them. Time is virtual: it moves only when every task waits,
//! so "nothing more comes" is a fact and no guess.

mod answers;
mod endings;
mod live;
mod stage;
mod turns;

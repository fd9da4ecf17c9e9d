//! The window: it folds in what the engine says, draws from its own state, and performs what the person asked for after
//! drawing. Nothing here waits: no file, no socket, no lock, no answer.

pub mod action;
pub mod app;
pub mod dialogs;
mod history;
pub mod key_trouble;
pub mod notifier;
pub mod renderer;
pub mod state;
pub mod text;

mod answering;
mod asking;
mod checking;
mod notifying;
mod opening;
mod perform;
mod sending;
mod sharing;
mod theme;
mod trusting;
mod verifying;
mod views;
mod widgets;

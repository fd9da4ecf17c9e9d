mod fake_engine;
mod window;
mod window_cards;
mod window_rows;
mod window_scene;

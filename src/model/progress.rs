//! Rate and time left out of moved bytes, told the time so that tests bring their own clock.

//! Free memory stays with this machine while others are measured on it.
//!
//! A virtual machine may give its host back what is free for two seconds (free page reporting, `mm/page_reporting.c` of Linux), and
//! whoever takes it next waits until the host has found memory again; that is counted as processor time of the kernel here. What
//! [`touch_memory`](super::table::touch_memory) has readied is gone by then: a file of 2 GiB came in at 540 MiB/s for 2.5 s, and at
//! 265 MiB/s from then on. So programs that take longer than two seconds were measured with the host, and others without.

use std::{fs, path::Path};

/// The order of the smallest blocks of pages that are given back.
const SETTING: &str = "/sys/module/page_reporting/parameters/page_reporting_order";
/// There are no blocks of this order (`MAX_PAGE_ORDER` is 10).
const NONE: &str = "11";

/// As long as it lives, nothing is given back.
pub(crate) struct Kept {
    before: String,
}

impl Kept {
    /// `None`: it is not given back here at all, or that is not ours to say.
    pub(crate) fn begin() -> Option<Self> {
        let before = now()?;
        fs::write(SETTING, NONE).ok()?;
        Some(Self { before })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Err(error) = fs::write(SETTING, &self.before) {
            println!("{SETTING} was {}, and could not be set so again: {error}", self.before);
        }
    }
}

/// Tells how it stands.
pub(crate) fn say() {
    match now() {
        Some(order) if order != NONE => {
            println!("FREE MEMORY GOES BACK TO THE HOST: what takes more than two seconds is slower than elsewhere");
        }
        Some(_) => println!("free memory: kept from the host"),
        None if Path::new(SETTING).exists() => println!("free memory: not known whether it goes back to a host"),
        None => {}
    }
}

fn now() -> Option<String> {
    fs::read_to_string(SETTING).ok().map(|order| order.trim().to_owned())
}

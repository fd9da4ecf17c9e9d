//! One lane: moving files over a `Link`.

//! Any bytes as requests for downloads and as answers to them: what is understood leads nowhere else, and can be said again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealdrop::{
    model::{
        file_name::NameRules,
        shared_path::{MAX_REQUEST_BYTES, SharedPath, WantedFile},
    },
    wire::{
        caller,
        download::{self, Answer},
        frame::PREFIX_BYTES,
    },
};

fuzz_target!(|bytes: &[u8]| {
    requests(bytes);
    an_answer(bytes);
});

/// Takes request after request out of a stream, until none has an end.
fn requests(mut stream: &[u8]) {
    stream = &stream[download::marks_before(stream)..];
    while let Some((end, taken)) = download::end_of_request(stream) {
        assert!(end < taken && taken <= stream.len());
        one(&stream[..end]);
        stream = &stream[taken..];
    }
    one(stream);
}

fn one(request: &[u8]) {
    caller::is_http(request);
    let Ok(text) = download::parse_request(request) else { return };
    assert!(text.len() <= MAX_REQUEST_BYTES);
    for rules in [NameRules::MacOs, NameRules::Unix, NameRules::Windows] {
        if let Ok(path) = SharedPath::parse(text, rules) {
            let harmless = |name: &String| {
                !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']) && name.len() <= 1024
            };
            assert!(path.components().iter().all(harmless), "{path:?}");
            assert_eq!(SharedPath::parse(&path.shown(), rules).as_ref(), Ok(&path));
        }
        if let Ok(wanted) = WantedFile::parse(text, rules) {
            assert!(!wanted.name.contains(['/', '\\', '\0']) && wanted.name != "..", "{wanted:?}");
        }
    }
}

/// What was understood, said by us, is understood the same.
fn an_answer(json: &[u8]) {
    match download::parse_answer(json) {
        Ok(Answer::There { size, md5: Some(md5) }) => {
            let name = String::from_utf8_lossy(json);
            let frame = download::there_frame(&name, size, md5).unwrap();
            assert!(frame.len() <= 1400);
            let again = download::parse_answer(&frame[PREFIX_BYTES..]).unwrap();
            assert_eq!(again, Answer::There { size, md5: Some(md5) });
        }
        Ok(_) => {}
        Err(error) => assert!(error.to_string().chars().count() < 400),
    }
}

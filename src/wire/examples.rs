//! Examples for the protocol's document ([`wire`](super)), byte by byte.
//!
//! In Rust's byte strings, `\x0f` is one byte in hex. A ping, on the wire:
//!
//! ```
//! # use sealdrop::wire::header::{Message, encode};
//! let bytes = encode(&Message::Ping)?;
//! assert_eq!(bytes, b"\x0f\x00\x00\x00{\"type\":\"ping\"}");
//! # Ok::<(), sealdrop::wire::error::WireError>(())
//! ```
//!
//! One file `hello.txt` with the five bytes `hello`. The sender's side after the hellos, each line one write (the first four
//! bytes of a header are its length, `c0` = 192):
//!
//! ```
//! # use sealdrop::wire::{chunk::*, entries::ManifestDigest, header::*, frame::read_frame};
//! # use std::io::Read;
//! # let example: &[&[u8]] = &[
//! b"\xc0\x00\x00\x00{\"type\":\"offer\",\"transfer\":\"00112233445566778899aabbccddeeff\",\"epoch\":1,\
//!   \"manifest\":\"da84d0f64315954cf2b37b69c540acd126104d2d3fc521d6b582f0192de6cd7e\",\
//!   \"files\":1,\"folders\":0,\"links\":0,\"bytes\":5}",
//! b"\x4c\x00\x00\x00{\"type\":\"entries\",\"entries\":[{\"path\":[\"hello.txt\"],\"kind\":\"file\",\"size\":5}]}",
//! // the receiver accepts and wants it: {"type":"answer","answer":"accept"} {"type":"plan","items":[[0,1,"send"]]}
//! b"\x24\x00\x00\x00{\"type\":\"file\",\"index\":0,\"offset\":0}",
//! b"\x05\x00\x00\x00hello",
//! b"\x00\x00\x00\x00",
//! b"\x42\x00\x00\x00{\"type\":\"seal\",\"index\":0,\"md5\":\"5d41402abc4b2a76b9719d911017c592\"}",
//! // the receipt: {"type":"receipt","index":0,"state":"verified","md5":"5d41402abc4b2a76b9719d911017c592"}
//! b"\x0f\x00\x00\x00{\"type\":\"done\"}",
//! // and the receiver's {"type":"done"}
//! # ];
//! # let mut stream = &example.concat()[..];
//! # let Some(Message::Offer(offer)) = read_header(&mut stream)? else { panic!() };
//! # let entries = read_frame(&mut stream)?.unwrap();
//! # let mut digest = ManifestDigest::new();
//! # digest.add(&entries);
//! # assert_eq!((offer.manifest, offer.files, offer.bytes), (digest.finish(), 1, 5));
//! # assert!(matches!(parse(&entries)?, Message::Entries { entries } if entries[0].shown_path() == "hello.txt" && entries[0].size() == 5));
//! # assert_eq!(read_header(&mut stream)?, Some(Message::File { index: 0, offset: 0 }));
//! # assert_eq!(read_chunk_start(&mut stream)?, ChunkStart::Data(5));
//! # stream.read_exact(&mut [0; 5])?;
//! # assert_eq!(read_chunk_start(&mut stream)?, ChunkStart::End);
//! # assert!(matches!(read_header(&mut stream)?, Some(Message::Seal { index: 0, .. })));
//! # assert_eq!(read_header(&mut stream)?, Some(Message::Done));
//! # assert_eq!(read_header(&mut stream)?, None);
//! # Ok::<(), sealdrop::wire::error::WireError>(())
//! ```
//!
//! The same body with a ping in the middle:
//!
//! ```
//! # use sealdrop::wire::{chunk::*, header::*};
//! # use std::io::Read;
//! # let example: &[&[u8]] = &[
//! b"\x02\x00\x00\x00he",
//! b"\xff\xff\xff\xff",                          // interlude: one header follows
//! b"\x0f\x00\x00\x00{\"type\":\"ping\"}",
//! b"\x03\x00\x00\x00llo",
//! b"\x00\x00\x00\x00",                          // the body is over
//! # ];
//! # let mut stream = &example.concat()[..];
//! # assert_eq!(read_chunk_start(&mut stream)?, ChunkStart::Data(2));
//! # stream.read_exact(&mut [0; 2])?;
//! # assert_eq!(read_chunk_start(&mut stream)?, ChunkStart::Interlude);
//! # assert_eq!(read_header(&mut stream)?, Some(Message::Ping));
//! # assert_eq!(read_chunk_start(&mut stream)?, ChunkStart::Data(3));
//! # stream.read_exact(&mut [0; 3])?;
//! # assert_eq!(read_chunk_start(&mut stream)?, ChunkStart::End);
//! # Ok::<(), sealdrop::wire::error::WireError>(())
//! ```
//!
//! The connection breaks behind the first two bytes. The sender dials again and offers as before, but with `"epoch":2` and
//! `"again":true`, and without entries; the receiver answers:
//!
//! ```
//! # use sealdrop::wire::header::*;
//! # let example: &[&[u8]] = &[
//! b"\x23\x00\x00\x00{\"type\":\"answer\",\"answer\":\"accept\"}",
//! b"\x27\x00\x00\x00{\"type\":\"plan\",\"items\":[[0,1,\"check\"]]}",
//! b"\x4b\x00\x00\x00{\"type\":\"at\",\"index\":0,\"offset\":2,\"md5\":\"6f96cfdfe5ccc627cadf24b41725caa4\"}",
//! # ];
//! # let mut stream = &example.concat()[..];
//! # assert_eq!(read_header(&mut stream)?, Some(Message::Answer(Answer::Accept { ahead: None, together: None })));
//! # let items = vec![PlanItem { first: 0, count: 1, want: Want::Check }];
//! # assert_eq!(read_header(&mut stream)?, Some(Message::Plan { items, done: Vec::new() }));
//! # assert!(matches!(read_header(&mut stream)?, Some(Message::At { index: 0, offset: 2, .. })));
//! # assert_eq!(read_header(&mut stream)?, None);
//! # Ok::<(), sealdrop::wire::error::WireError>(())
//! ```
//!
//! and the sender, whose file begins with the same two bytes, goes on:
//!
//! ```
//! # use sealdrop::wire::{chunk::*, header::*};
//! # use std::io::Read;
//! # let example: &[&[u8]] = &[
//! b"\x24\x00\x00\x00{\"type\":\"file\",\"index\":0,\"offset\":2}",
//! b"\x03\x00\x00\x00llo",
//! b"\x00\x00\x00\x00",
//! b"\x42\x00\x00\x00{\"type\":\"seal\",\"index\":0,\"md5\":\"5d41402abc4b2a76b9719d911017c592\"}",
//! # ];
//! # let mut stream = &example.concat()[..];
//! # assert_eq!(read_header(&mut stream)?, Some(Message::File { index: 0, offset: 2 }));
//! # assert_eq!(read_chunk_start(&mut stream)?, ChunkStart::Data(3));
//! # stream.read_exact(&mut [0; 3])?;
//! # assert_eq!(read_chunk_start(&mut stream)?, ChunkStart::End);
//! # assert!(matches!(read_header(&mut stream)?, Some(Message::Seal { index: 0, .. })));
//! # Ok::<(), sealdrop::wire::error::WireError>(())
//! ```
//!
//! A classic sender in Python, whole:
//!
//! ```python
//! import hashlib, json, os, socket, struct
//!
//! def send(path, host, port=9527):
//!     with open(path, "rb") as file:
//!         md5 = hashlib.file_digest(file, "md5").hexdigest()
//!     header = json.dumps({"file_name": os.path.basename(path), "file_size": os.path.getsize(path), "md5": md5}).encode()
//!     with socket.create_connection((host, port)) as peer, open(path, "rb") as file:
//!         peer.sendall(struct.pack("<i", len(header)) + header)
//!         peer.sendfile(file)
//! ```

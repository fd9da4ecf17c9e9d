//! The disk: what is sent is read here, what arrives is written here, and the profile is kept here.

pub mod agreement;
pub mod cancelled_file;
pub mod checksum_file;
pub mod devices_file;
pub mod disk;
pub mod error;
pub mod history_file;
pub mod identity_file;
pub mod journal;
pub mod kept;
pub mod landing;
pub mod outgoing_file;
pub mod part_file;
pub mod profile;
pub mod receive_folder;
pub mod settings_file;
pub mod shared_folder;
pub mod sources;
pub mod space;
pub mod text_file;

mod done_list;
mod folder_handles;
mod history_line;
mod kept_aside;
mod leftovers;
mod no_replace;
mod outgoing_format;
mod path_map;
mod places;
mod probe;
mod sent_log;
mod source;
pub(crate) mod stored_path;
mod volume;
mod walk;
mod write_at;

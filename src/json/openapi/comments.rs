//! What the protos say about each of their parts.

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, FileDescriptor};

/// The comments of every file, by the path of what they stand before or behind.
pub struct Comments(HashMap<(String, Vec<i32>), String>);

impl Comments {
    /// Those that the descriptors hold.
    pub fn of(pool: &DescriptorPool) -> Self {
        let mut comments = HashMap::new();
        for file in pool.files() {
            let places = file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location);
            for place in places {
                let said = [place.leading_comments(), place.trailing_comments()].map(one_line);
                if let Some(said) = said.into_iter().find(|said| !said.is_empty()) {
                    comments.insert((file.name().to_owned(), place.path.clone()), said);
                }
            }
        }
        Self(comments)
    }

    /// What is said at `path` in `file`; empty: nothing.
    pub fn at(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        self.0.get(&(file.name().to_owned(), path.to_vec())).map_or("", String::as_str)
    }
}

fn one_line(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}

//! The protos keep the names that buf's STANDARD category asks for, every part has its comment, and what is stored
//! keeps its numbers.

use std::collections::HashSet;
use std::path::Path;

use prost_types::source_code_info::Location;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, ServiceDescriptorProto};
use protox::file::File;

/// Numbers of fields in `google/protobuf/descriptor.proto`: the steps of a comment's path.
mod place {
    pub const FILE_MESSAGE: i32 = 4;
    pub const FILE_ENUM: i32 = 5;
    pub const FILE_SERVICE: i32 = 6;
    pub const MESSAGE_FIELD: i32 = 2;
    pub const MESSAGE_NESTED: i32 = 3;
    pub const MESSAGE_ENUM: i32 = 4;
    pub const MESSAGE_ONEOF: i32 = 8;
    pub const ENUM_VALUE: i32 = 2;
    pub const SERVICE_METHOD: i32 = 2;
}

/// What is wrong with one proto file at `path` below the root of all protos.
fn faults(path: &str, source: &str) -> Vec<String> {
    let file = match File::from_source(path, source) {
        Ok(file) => file.file_descriptor_proto().clone(),
        Err(error) => return vec![format!("{path}: {error}")],
    };
    let mut lint = Lint { path, commented: commented(&file), faults: Vec::new() };
    lint.file(&file);
    lint.faults
}

/// The paths that have a comment before or after them.
fn commented(file: &FileDescriptorProto) -> HashSet<Vec<i32>> {
    let says = |comment: &Option<String>| comment.as_ref().is_some_and(|text| !text.trim().is_empty());
    let has_comment = |place: &&Location| says(&place.leading_comments) || says(&place.trailing_comments);
    let places = file.source_code_info.iter().flat_map(|info| &info.location);
    places.filter(has_comment).map(|place| place.path.clone()).collect()
}

struct Lint<'a> {
    path: &'a str,
    commented: HashSet<Vec<i32>>,
    faults: Vec<String>,
}

impl Lint<'_> {
    fn file(&mut self, file: &FileDescriptorProto) {
        let (dir, name) = self.path.rsplit_once('/').unwrap_or(("", self.path));
        let package = file.package();
        self.want(dir == package.replace('.', "/"), &format!("package {package:?} belongs in its own directory"));
        let versioned = package.rsplit('.').next().is_some_and(|last| last.strip_prefix('v').is_some_and(|n| n.parse::<u32>().is_ok()));
        self.want(versioned, &format!("package {package:?} ends in no version"));
        self.want(name.strip_suffix(".proto").is_some_and(is_lower_snake), "the file's name is not lower_snake.proto");
        self.want(file.syntax() == "proto3", "syntax is not proto3");
        for (number, message) in (0..).zip(&file.message_type) {
            self.message(message, &[place::FILE_MESSAGE, number]);
        }
        for (number, found) in (0..).zip(&file.enum_type) {
            self.enumeration(found, &[place::FILE_ENUM, number]);
        }
        for (number, service) in (0..).zip(&file.service) {
            self.service(service, &[place::FILE_SERVICE, number]);
        }
    }

    fn message(&mut self, message: &DescriptorProto, at: &[i32]) {
        let name = message.name();
        self.commented(at, name);
        self.want(is_pascal(name), &format!("message {name} is not PascalCase"));
        for (number, field) in (0..).zip(&message.field) {
            self.commented(&below(at, place::MESSAGE_FIELD, number), &format!("{name}.{}", field.name()));
            self.want(is_lower_snake(field.name()), &format!("field {name}.{} is not lower_snake", field.name()));
        }
        // A field that may be absent stands in a oneof that the compiler makes.
        let made = |number: i32| message.field.iter().any(|field| field.proto3_optional() && field.oneof_index == Some(number));
        for (number, one) in (0..).zip(&message.oneof_decl).filter(|(number, _)| !made(*number)) {
            self.commented(&below(at, place::MESSAGE_ONEOF, number), &format!("{name}.{}", one.name()));
            self.want(is_lower_snake(one.name()), &format!("oneof {name}.{} is not lower_snake", one.name()));
        }
        for (number, nested) in (0..).zip(&message.nested_type) {
            if !nested.options.as_ref().is_some_and(prost_types::MessageOptions::map_entry) {
                self.message(nested, &below(at, place::MESSAGE_NESTED, number));
            }
        }
        for (number, nested) in (0..).zip(&message.enum_type) {
            self.enumeration(nested, &below(at, place::MESSAGE_ENUM, number));
        }
    }

    fn enumeration(&mut self, found: &EnumDescriptorProto, at: &[i32]) {
        let name = found.name();
        self.commented(at, name);
        self.want(is_pascal(name), &format!("enum {name} is not PascalCase"));
        let prefix = upper_snake(name);
        let zero = found.value.first().map(|value| (value.name(), value.number()));
        let unspecified = format!("{prefix}_UNSPECIFIED");
        self.want(zero == Some((&unspecified, 0)), &format!("enum {name} does not begin with {unspecified} = 0"));
        for (number, value) in (0..).zip(&found.value) {
            self.commented(&below(at, place::ENUM_VALUE, number), &format!("{name}.{}", value.name()));
            let rest = value.name().strip_prefix(&prefix).and_then(|rest| rest.strip_prefix('_'));
            self.want(rest.is_some_and(is_upper_snake), &format!("value {} is not {prefix}_UPPER_SNAKE", value.name()));
        }
    }

    fn service(&mut self, service: &ServiceDescriptorProto, at: &[i32]) {
        let name = service.name();
        self.commented(at, name);
        self.want(is_pascal(name) && name.ends_with("Service"), &format!("service {name} is not PascalCase ending in Service"));
        for (number, method) in (0..).zip(&service.method) {
            let rpc = method.name();
            self.commented(&below(at, place::SERVICE_METHOD, number), &format!("{name}.{rpc}"));
            self.want(is_pascal(rpc), &format!("rpc {rpc} is not PascalCase"));
            for (given, ending) in [(method.input_type(), "Request"), (method.output_type(), "Response")] {
                let wanted = format!("{rpc}{ending}");
                let last = given.rsplit('.').next().unwrap_or_default();
                self.want(last == wanted, &format!("rpc {rpc} has {last}, not {wanted}"));
            }
        }
    }

    fn want(&mut self, holds: bool, otherwise: &str) {
        if !holds {
            self.faults.push(format!("{}: {otherwise}", self.path));
        }
    }

    fn commented(&mut self, at: &[i32], what: &str) {
        self.want(self.commented.contains(at), &format!("{what} has no comment"));
    }
}

fn below(at: &[i32], list: i32, number: i32) -> Vec<i32> {
    [at, &[list, number]].concat()
}

fn is_lower_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('_').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

fn is_upper_snake(name: &str) -> bool {
    name.split('_').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()))
}

fn is_pascal(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn upper_snake(pascal: &str) -> String {
    let mut out = String::new();
    for c in pascal.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

/// Every proto file: its path below `proto`, and its text.
fn protos() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let mut found = Vec::new();
    let mut dirs = vec![root.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn every_proto_keeps_the_names_and_has_its_comments() {
    let protos = protos();
    assert!(protos.iter().any(|(path, _)| path == "consent/v1/entry.proto"));
    let found: Vec<String> = protos.iter().flat_map(|(path, source)| faults(path, source)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

const GOOD: &str = r#"syntax = "proto3";
package consent.v1;
// A service.
service AskService {
  // An rpc.
  rpc Ask(AskRequest) returns (AskResponse);
}
// A request.
message AskRequest {
  // A choice.
  oneof choice {
    // A field.
    string first_name = 1;
  }
}
// A response.
message AskResponse {
  AskColor color = 1; // A trailing comment.
}
// An enum.
enum AskColor {
  // Never valid.
  ASK_COLOR_UNSPECIFIED = 0;
  // A value.
  ASK_COLOR_RED = 1;
}
"#;

#[test]
fn each_fault_in_a_proto_is_found() {
    assert_eq!(faults("consent/v1/ask.proto", GOOD), Vec::<String>::new());
    for (from, to) in [
        ("package consent.v1", "package consent.v2"),
        ("// A service.\n", ""),
        ("  // An rpc.\n", ""),
        ("// A request.\n", ""),
        ("  // A choice.\n", ""),
        ("    // A field.\n", ""),
        (" // A trailing comment.", ""),
        ("// An enum.\n", ""),
        ("  // A value.\n", ""),
        ("first_name", "firstName"),
        ("oneof choice", "oneof Choice"),
        ("service AskService", "service Asks"),
        ("(AskRequest)", "(AskResponse)"),
        ("returns (AskResponse)", "returns (AskRequest)"),
        ("rpc Ask(", "rpc ask("),
        ("message AskRequest", "message ask_request"),
        ("ASK_COLOR_RED", "RED"),
        ("ASK_COLOR_RED", "ASK_COLOR_Red"),
        ("ASK_COLOR_UNSPECIFIED", "ASK_COLOR_NONE"),
        ("syntax = \"proto3\"", "syntax = \"proto2\""),
    ] {
        let bad = GOOD.replacen(from, to, 1);
        assert_ne!(bad, GOOD, "{from}");
        assert!(!faults("consent/v1/ask.proto", &bad).is_empty(), "{from} -> {to}");
    }
    assert_eq!(faults("consent/v1/Ask.proto", GOOD).len(), 1);
    assert_eq!(faults("consent/ask.proto", GOOD).len(), 1);
}

/// Everything in the stored messages that may never change: `Message.field = number type`, `Enum.VALUE = number`.
fn numbers(source: &str) -> Vec<String> {
    let file = File::from_source("entry.proto", source).unwrap().file_descriptor_proto().clone();
    let fields = file.message_type.iter().flat_map(|message| {
        assert!(message.nested_type.is_empty() && message.enum_type.is_empty(), "the list below does not look into {}", message.name());
        message.field.iter().map(|field| {
            let scalar = || format!("{:?}", field.r#type()).to_lowercase();
            let kind = field.type_name.clone().unwrap_or_else(scalar);
            let label = format!("{:?}", field.label()).to_lowercase();
            format!("{}.{} = {} {label} {kind}", message.name(), field.name(), field.number())
        })
    });
    let values = file
        .enum_type
        .iter()
        .flat_map(|found| found.value.iter().map(|value| format!("{}.{} = {}", found.name(), value.name(), value.number())));
    fields.chain(values).collect()
}

#[test]
fn what_is_stored_keeps_its_numbers_and_types() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let now = numbers(&std::fs::read_to_string(root.join("proto/consent/v1/entry.proto")).unwrap());
    let lock = std::fs::read_to_string(root.join("tests/data/entry-proto.lock")).unwrap_or_default();
    let locked: Vec<&str> = lock.lines().collect();
    let changed: Vec<&&str> = locked.iter().filter(|line| !now.iter().any(|found| found == *line)).collect();
    assert!(changed.is_empty(), "stored data would no longer be read; these were changed or removed: {changed:#?}");
    let added: Vec<&str> = now.iter().map(String::as_str).filter(|line| !locked.contains(line)).collect();
    assert!(added.is_empty(), "new; add these lines to tests/data/entry-proto.lock:\n{}\n", added.join("\n"));
}

#[test]
fn a_changed_number_or_type_changes_the_list() {
    let before = numbers(GOOD);
    for (from, to) in [
        ("first_name = 1", "first_name = 2"),
        ("string first_name", "bytes first_name"),
        ("ASK_COLOR_RED = 1", "ASK_COLOR_RED = 2"),
        ("AskColor color", "repeated AskColor color"),
    ] {
        assert_ne!(numbers(&GOOD.replacen(from, to, 1)), before, "{from}");
    }
}

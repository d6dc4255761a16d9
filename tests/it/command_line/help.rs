//! Help texts: they are read, so they are kept under review.

use crate::support::cli::cli;

fn help(args: &[&str]) -> String {
    let said = cli(args);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    said.out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_program_says_what_it_is_for_and_how_to_begin() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn commands_of_several_parts_say_what_each_part_does() {
    let parts = ["record", "identity", "sender", "template"];
    insta::assert_snapshot!(parts.map(|part| format!("$ {part} --help\n{}\n", help(&[part, "--help"]))).join("\n"));
}

#[test]
fn check_says_what_its_first_word_and_exit_codes_mean() {
    insta::assert_snapshot!(help(&["check", "--help"]));
}
